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

    /// The median, and the spread if there are several rounds.
    static String value(Summary summary, Quantity quantity) {
        if (!summary.isKnown()) {
            return UNKNOWN;
        }
        if (!quantity.unit().equals("s")) {
            return String.format(Locale.ROOT, "%.1f", summary.median());
        }
        boolean isShort = summary.median() < SHORT;
        String median = seconds(summary.median(), isShort);
        boolean isOneRound = summary.spread() == 0;
        return isOneRound ? median : median + " +-" + seconds(summary.spread(), isShort);
    }

    private static String seconds(double value, boolean isShort) {
        return isShort
                ? String.format(Locale.ROOT, "%.4f", value)
                : String.format(Locale.ROOT, "%.2f", value);
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

    static String milliseconds(double value) {
        return String.format(Locale.ROOT, value < 1 ? "%.2f ms" : "%.1f ms", value);
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
