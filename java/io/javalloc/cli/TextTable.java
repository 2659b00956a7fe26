package io.javalloc.cli;

import java.util.ArrayList;
import java.util.List;

/// Lines of text in columns. A cell that is wider than its column goes on in the next line.
final class TextTable {

    private static final String GAP = "  ";

    private final int[] widths;
    private final StringBuilder text = new StringBuilder();

    /// @param widths the widths of the columns; of one that is negative, the cells stand at the
    /// right
    TextTable(int... widths) {
        this.widths = widths.clone();
    }

    /// Adds a row.
    TextTable row(String... cells) {
        List<List<String>> wrapped = new ArrayList<>();
        int height = 1;
        for (int i = 0; i < cells.length; i++) {
            List<String> lines = wrap(cells[i], Math.abs(widths[i]));
            wrapped.add(lines);
            height = Math.max(height, lines.size());
        }
        for (int line = 0; line < height; line++) {
            StringBuilder row = new StringBuilder();
            for (int i = 0; i < cells.length; i++) {
                String cell = line < wrapped.get(i).size() ? wrapped.get(i).get(line) : "";
                String padding = " ".repeat(Math.max(0, Math.abs(widths[i]) - cell.length()));
                row.append(widths[i] < 0 ? padding + cell : cell + padding).append(GAP);
            }
            text.append(row.toString().stripTrailing()).append('\n');
        }
        return this;
    }

    /// Adds a line as it is.
    TextTable line(String line) {
        text.append(line).append('\n');
        return this;
    }

    /// Breaks a text at blanks, into lines of at most so many characters if words allow.
    static List<String> wrap(String text, int width) {
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder();
        for (String word : text.split(" ", -1)) {
            if (line.length() > 0 && line.length() + 1 + word.length() > width) {
                lines.add(line.toString());
                line.setLength(0);
            }
            line.append(line.length() == 0 ? "" : " ").append(word);
        }
        lines.add(line.toString());
        return lines;
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
