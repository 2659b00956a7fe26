package io.javalloc.kit.bench.report;

import io.javalloc.kit.bench.Quantity;
import io.javalloc.kit.bench.Score;
import io.javalloc.kit.bench.Summary;
import java.util.Locale;

/// Numbers as they are written in tables.
final class Figures {

    static final String UNKNOWN = "-";

    private static final double LARGE_FACTOR = 100;

    /// Times below this many seconds are told with more digits.
    private static final double SHORT = 0.1;

    private Figures() {}

    /// The median and the spread.
    static String value(Summary summary, Quantity quantity) {
        if (!summary.isKnown()) {
            return UNKNOWN;
        }
        String seconds = summary.median() < SHORT ? "%.4f +-%.4f" : "%.2f +-%.2f";
        String format = quantity.unit().equals("s") ? seconds : "%.1f";
        return String.format(Locale.ROOT, format, summary.median(), summary.spread());
    }

    /// How many times as much.
    static String factor(double factor) {
        if (!Double.isFinite(factor)) {
            return UNKNOWN;
        }
        return String.format(Locale.ROOT, factor < LARGE_FACTOR ? "x%.2f" : "x%.0f", factor);
    }

    /// A mean of factors; says if it is not of all tasks.
    static String score(Score score) {
        String missing =
                score.tasks() < score.of() ? " (" + score.tasks() + "/" + score.of() + ")" : "";
        return factor(score.factor()) + missing;
    }

    /// Nanoseconds; short, as there are many of them.
    static String nanoseconds(double value) {
        if (Double.isNaN(value)) {
            return UNKNOWN;
        }
        if (value < 1e4) {
            return String.format(Locale.ROOT, "%.0f", value);
        }
        return value < 1e7
                ? String.format(Locale.ROOT, "%.0fk", value / 1e3)
                : String.format(Locale.ROOT, "%.0fM", value / 1e6);
    }
}
