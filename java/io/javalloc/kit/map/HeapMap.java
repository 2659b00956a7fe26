package io.javalloc.kit.map;

import io.javalloc.kit.map.Snapshot.Block;
import io.javalloc.kit.map.Snapshot.Span;
import java.util.List;
import java.util.Locale;

/// Draws a snapshot as an SVG that needs nothing else: addresses run in rows, each live block has
/// the colour of its size, lighter where it has more than was asked for.
public final class HeapMap {

    /// A colour for blocks of up to so many bytes, from dark to light.
    private enum SizeClass {
        TINY(16, "16", "#440154"),
        SMALL(64, "64", "#443983"),
        MEDIUM(256, "256", "#31688e"),
        LARGE(1 << 10, "1 KiB", "#21918c"),
        LARGER(4 << 10, "4 KiB", "#35b779"),
        HUGE(16 << 10, "16 KiB", "#90d743"),
        HUGEST(Long.MAX_VALUE, "more", "#fde725");

        private final long most;
        private final String words;
        private final String colour;

        SizeClass(long most, String words, String colour) {
            this.most = most;
            this.words = words;
            this.colour = colour;
        }

        static SizeClass of(long size) {
            for (SizeClass sizeClass : values()) {
                if (size <= sizeClass.most) {
                    return sizeClass;
                }
            }
            return HUGEST;
        }
    }

    private static final int MOST_ROWS = 80;
    private static final long LEAST_ROW_BYTES = 16 << 10;
    private static final int LEFT = 110;
    private static final int TOP = 100;
    private static final int WIDTH = 1024;
    private static final int ROW = 12;
    private static final int BAR = 10;
    private static final int LEGEND_STEP = 82;
    private static final String FREE = "#dddddd";

    private final Snapshot snapshot;
    private final long rowBytes;
    private final StringBuilder svg = new StringBuilder();
    private int row;

    private HeapMap(Snapshot snapshot) {
        this.snapshot = snapshot;
        long most = Math.max(MOST_ROWS, 2L * snapshot.spans().size());
        long bytes = LEAST_ROW_BYTES;
        while (rows(bytes) > most) {
            bytes *= 2;
        }
        rowBytes = bytes;
    }

    /// The picture.
    ///
    /// @param title what it shows, in a line
    public static String svg(Snapshot snapshot, String title) {
        return new HeapMap(snapshot).draw(title);
    }

    private long rows(long bytes) {
        long rows = 0;
        for (Span span : snapshot.spans()) {
            rows += (span.bytes() + bytes - 1) / bytes;
        }
        return rows;
    }

    private String draw(String title) {
        long height = TOP + rows(rowBytes) * ROW + ROW;
        add(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 "
                        + (LEFT + WIDTH + ROW)
                        + " "
                        + height
                        + "\" font-family=\"sans-serif\" font-size=\"12\">");
        add("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>");
        text(ROW, 24, "font-size=\"18\"", title);
        text(ROW, 46, "", figures());
        legend();
        for (Span span : snapshot.spans()) {
            draw(span);
        }
        return svg.append("</svg>\n").toString();
    }

    private String figures() {
        String refused =
                snapshot.refused() == 0
                        ? ""
                        : String.format(
                                Locale.ROOT,
                                "; %d of %d requests were answered with 0",
                                snapshot.refused(),
                                snapshot.requests());
        return String.format(
                Locale.ROOT,
                "%,d live blocks, %,d bytes asked for; %,d bytes taken, %s; a row is" + " %d KiB%s",
                snapshot.blocks().size(),
                snapshot.liveBytes(),
                snapshot.takenBytes(),
                snapshot.perByte(),
                rowBytes >> 10,
                refused);
    }

    private void legend() {
        int x = LEFT;
        text(ROW, 77, "", "block up to");
        for (SizeClass sizeClass : SizeClass.values()) {
            swatch(x, sizeClass.colour, 1, sizeClass.words);
            x += LEGEND_STEP;
        }
        swatch(x, FREE, 1, "taken, in no block");
        swatch(x + 2 * LEGEND_STEP, SizeClass.MEDIUM.colour, 0.4, "more than was asked for");
    }

    private void swatch(int x, String colour, double opacity, String words) {
        add(
                "<rect x=\""
                        + x
                        + "\" y=\"66\" width=\"14\" height=\"14\" fill=\""
                        + colour
                        + "\" fill-opacity=\""
                        + opacity
                        + "\"/>");
        text(x + 20, 77, "", words);
    }

    /// Draws one span, from a new row on.
    private void draw(Span span) {
        int first = row;
        StringBuilder taken = new StringBuilder();
        bar(taken, span, first, span.start(), span.end());
        path(taken, FREE, 1);
        for (SizeClass sizeClass : SizeClass.values()) {
            draw(span, first, sizeClass);
        }
        row = first + (int) ((span.bytes() + rowBytes - 1) / rowBytes);
        for (int i = first; i < row; i++) {
            long offset = span.start() - snapshot.base() + (i - first) * rowBytes;
            text(LEFT - 8, y(i) + BAR - 1, "text-anchor=\"end\" font-size=\"9\"", label(offset));
        }
    }

    private static String label(long offset) {
        return "+0x" + Long.toHexString(offset);
    }

    private void draw(Span span, int first, SizeClass sizeClass) {
        StringBuilder asked = new StringBuilder();
        StringBuilder rest = new StringBuilder();
        for (Block block : within(span)) {
            if (SizeClass.of(block.asked()) == sizeClass) {
                long end = block.address() + block.asked();
                bar(asked, span, first, block.address(), end);
                bar(rest, span, first, end, block.address() + block.usable());
            }
        }
        path(asked, sizeClass.colour, 1);
        path(rest, sizeClass.colour, 0.4);
    }

    private List<Block> within(Span span) {
        return snapshot.blocks().stream()
                .filter(block -> block.address() >= span.start() && block.address() < span.end())
                .toList();
    }

    /// Adds a range of addresses to a path, row by row.
    private void bar(StringBuilder path, Span span, int first, long start, long end) {
        long from = start - span.start();
        long to = end - span.start();
        while (from < to) {
            long rowEnd = (from / rowBytes + 1) * rowBytes;
            double x = LEFT + (double) (from % rowBytes) * WIDTH / rowBytes;
            double width = (double) (Math.min(to, rowEnd) - from) * WIDTH / rowBytes;
            path.append('M')
                    .append(number(x))
                    .append(' ')
                    .append(y(first + (int) (from / rowBytes)));
            path.append('h').append(number(width)).append('v').append(BAR);
            path.append('h').append(number(-width)).append('z');
            from = rowEnd;
        }
    }

    private static int y(int row) {
        return TOP + row * ROW;
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.2f", value);
    }

    private void path(StringBuilder path, String colour, double opacity) {
        if (!path.isEmpty()) {
            add(
                    "<path fill=\""
                            + colour
                            + "\" fill-opacity=\""
                            + opacity
                            + "\" d=\""
                            + path
                            + "\"/>");
        }
    }

    private void text(int x, int y, String attributes, String words) {
        String escaped = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
        add("<text x=\"" + x + "\" y=\"" + y + "\" " + attributes + ">" + escaped + "</text>");
    }

    private void add(String element) {
        svg.append(element).append('\n');
    }
}
