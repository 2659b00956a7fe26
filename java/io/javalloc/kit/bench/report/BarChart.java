package io.javalloc.kit.bench.report;

import io.javalloc.kit.bench.Contender;
import io.javalloc.kit.bench.Quantity;
import io.javalloc.kit.bench.Results;
import io.javalloc.kit.bench.Summary;
import java.util.List;
import java.util.Locale;

/// A picture of one task: a bar for each contender, a line over the range of its rounds, and how
/// many times as much as glibc. Colours come from the page's style.
final class BarChart {

    private static final int LEFT = 130;
    private static final int BARS = 260;
    private static final int RIGHT = 110;
    private static final int TOP = 30;
    private static final int ROW = 22;
    private static final int BAR = 14;
    private static final int NAME_LENGTH = 18;

    /// A bar that would be longer than this many times glibc's ends there, with a gap before its
    /// end: the others must stay visible.
    private static final double MOST_FACTOR = 4;

    private final Results results;
    private final String task;
    private final Quantity quantity;
    private final List<String> contenders;
    private final StringBuilder svg = new StringBuilder();
    private final double scale;
    private final double most;

    private BarChart(Results results, String task, Quantity quantity) {
        this.results = results;
        this.task = task;
        this.quantity = quantity;
        contenders = results.contenders();
        double base = results.summary(task, Contender.GLIBC, quantity).median();
        double longest = 0;
        for (String contender : contenders) {
            Summary summary = results.summary(task, contender, quantity);
            longest = summary.isKnown() ? Math.max(longest, summary.most()) : longest;
        }
        most = Double.isNaN(base) ? longest : Math.min(longest, MOST_FACTOR * base);
        scale = most > 0 ? BARS / most : 0;
    }

    /// The picture, to be put into a page.
    static String svg(Results results, String task, Quantity quantity) {
        return new BarChart(results, task, quantity).draw();
    }

    private String draw() {
        int width = LEFT + BARS + RIGHT;
        int height = TOP + ROW * contenders.size();
        String words = task + ", " + quantity.words() + " (" + quantity.unit() + ")";
        add(String.format(Locale.ROOT, "<svg viewBox=\"0 0 %d %d\" role=\"img\">", width, height));
        add(String.format(Locale.ROOT, "<title>%s</title>", Html.escaped(words)));
        add(
                String.format(
                        Locale.ROOT,
                        "<text class=\"name\" x=\"0\" y=\"16\">%s</text>",
                        Html.escaped(words)));
        for (int i = 0; i < contenders.size(); i++) {
            drawBar(i, contenders.get(i), TOP + ROW * i);
        }
        return svg.append("</svg>").toString();
    }

    private void drawBar(int index, String contender, int y) {
        String name =
                contender.length() <= NAME_LENGTH
                        ? contender
                        : contender.substring(0, NAME_LENGTH - 1) + "…";
        int middle = y + BAR / 2;
        add(
                String.format(
                        Locale.ROOT,
                        "<text class=\"who\" x=\"%d\" y=\"%d\">%s</text>",
                        LEFT - 8,
                        y + 12,
                        Html.escaped(name)));
        Summary summary = results.summary(task, contender, quantity);
        if (!summary.isKnown()) {
            String failure = "failed: " + results.failure(task, contender);
            add(
                    String.format(
                            Locale.ROOT,
                            "<text x=\"%d\" y=\"%d\">%s</text>",
                            LEFT,
                            y + 12,
                            Html.escaped(failure)));
            return;
        }
        double length = Math.min(summary.median(), most) * scale;
        add(
                String.format(
                        Locale.ROOT,
                        "<rect class=\"c%d\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>",
                        index,
                        LEFT,
                        y,
                        length,
                        BAR));
        if (summary.median() > most) {
            add(
                    String.format(
                            Locale.ROOT,
                            "<rect class=\"gap\" x=\"%d\" y=\"%d\" width=\"4\" height=\"%d\"/>",
                            LEFT + BARS - 24,
                            y,
                            BAR));
        } else {
            drawRange(summary, middle);
        }
        double end = LEFT + Math.max(length, Math.min(summary.most(), most) * scale) + 6;
        add(
                String.format(
                        Locale.ROOT,
                        "<text x=\"%.1f\" y=\"%d\">%s</text>",
                        end,
                        y + 12,
                        label(contender, summary)));
    }

    private void drawRange(Summary summary, int middle) {
        double from = LEFT + summary.least() * scale;
        double to = LEFT + Math.min(summary.most(), most) * scale;
        add(
                String.format(
                        Locale.ROOT,
                        "<path class=\"range\" d=\"M%.1f %dH%.1fM%.1f %dv8M%.1f %dv8\"/>",
                        from,
                        middle,
                        to,
                        from,
                        middle - 4,
                        to,
                        middle - 4));
    }

    private String label(String contender, Summary summary) {
        double factor = results.ratio(task, contender, Contender.GLIBC, quantity);
        String value = String.format(Locale.ROOT, "%.3g", summary.median());
        boolean isBase = contender.equals(Contender.GLIBC) || !Double.isFinite(factor);
        return isBase ? value : value + " " + Figures.factor(factor);
    }

    private void add(String line) {
        svg.append(line).append('\n');
    }
}
