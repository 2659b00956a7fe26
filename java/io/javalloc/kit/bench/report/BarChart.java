package io.javalloc.kit.bench.report;

import io.javalloc.kit.bench.Summary;
import java.util.List;
import java.util.Locale;

/// A picture of a bar for each contender, with a line over the range of its rounds. Colours come
/// from the page's style: the same contender has the same one in all charts.
final class BarChart {

    /// One contender.
    ///
    /// @param value without one there is no bar, but the words stand in its place
    /// @param words the value, or why there is none
    record Bar(String name, Summary value, String words) {}

    private static final int LEFT = 130;
    private static final int BARS = 260;
    private static final int RIGHT = 110;
    private static final int TOP = 30;
    private static final int ROW = 22;
    private static final int BAR = 14;
    private static final int BASELINE = 12;
    private static final int WHISKER = 4;
    private static final int GAP = 24;
    private static final int SPACE = 6;
    private static final int NAME_LENGTH = 18;

    /// A bar that would be longer than this many times the base ends there, with a gap before its
    /// end: the others must stay visible.
    private static final double MOST_FACTOR = 4;

    private final StringBuilder svg = new StringBuilder();
    private final double most;
    private final double scale;

    private BarChart(double base, List<Bar> bars) {
        double longest = 0;
        for (Bar bar : bars) {
            longest = bar.value.isKnown() ? Math.max(longest, bar.value.most()) : longest;
        }
        most = Double.isNaN(base) ? longest : Math.min(longest, MOST_FACTOR * base);
        scale = most > 0 ? BARS / most : 0;
    }

    /// The picture, to be put into a page.
    ///
    /// @param base what bars are compared with; NaN if there is nothing
    static String svg(String title, double base, List<Bar> bars) {
        return new BarChart(base, bars).draw(title, bars);
    }

    private String draw(String title, List<Bar> bars) {
        int width = LEFT + BARS + RIGHT;
        int height = TOP + ROW * bars.size();
        String words = Html.escaped(title);
        add(String.format(Locale.ROOT, "<svg viewBox=\"0 0 %d %d\" role=\"img\">", width, height));
        add("<title>" + words + "</title>");
        text("name", 0, BASELINE + WHISKER, words);
        for (int i = 0; i < bars.size(); i++) {
            draw(i, bars.get(i), TOP + ROW * i);
        }
        return svg.append("</svg>").toString();
    }

    private void draw(int index, Bar bar, int y) {
        boolean isLong = bar.name.length() > NAME_LENGTH;
        String name = isLong ? bar.name.substring(0, NAME_LENGTH - 1) + "…" : bar.name;
        text("who", LEFT - SPACE, y + BASELINE, Html.escaped(name));
        Summary value = bar.value;
        double end = 0;
        if (value.isKnown()) {
            double length = Math.min(value.median(), most) * scale;
            rectangle("c" + index, LEFT, y, length);
            if (value.median() > most) {
                rectangle("gap", LEFT + BARS - GAP, y, WHISKER);
            } else {
                range(value, y + BAR / 2);
            }
            end = Math.max(length, Math.min(value.most(), most) * scale) + SPACE;
        }
        text("value", LEFT + end, y + BASELINE, Html.escaped(bar.words));
    }

    private void range(Summary value, int middle) {
        double from = LEFT + value.least() * scale;
        double to = LEFT + Math.min(value.most(), most) * scale;
        int top = middle - WHISKER;
        add(
                String.format(
                        Locale.ROOT,
                        "<path class=\"range\" d=\"M%.1f %dH%.1fM%.1f %dv%dM%.1f %dv%d\"/>",
                        from,
                        middle,
                        to,
                        from,
                        top,
                        2 * WHISKER,
                        to,
                        top,
                        2 * WHISKER));
    }

    private void rectangle(String style, double x, int y, double width) {
        add(
                String.format(
                        Locale.ROOT,
                        "<rect class=\"%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>",
                        style,
                        x,
                        y,
                        width,
                        BAR));
    }

    private void text(String style, double x, int y, String words) {
        add(
                String.format(
                        Locale.ROOT,
                        "<text class=\"%s\" x=\"%.1f\" y=\"%d\">%s</text>",
                        style,
                        x,
                        y,
                        words));
    }

    private void add(String line) {
        svg.append(line).append('\n');
    }
}
