package io.javalloc.kit.bench;

import java.util.ArrayList;
import java.util.List;

/// A line of comma-separated values. Values hold no line ends.
final class CsvLine {

    private CsvLine() {}

    /// The line of these values, without its end.
    static String of(Object... values) {
        StringBuilder line = new StringBuilder();
        for (Object value : values) {
            String text = value.toString();
            boolean isPlain = text.indexOf(',') < 0 && text.indexOf('"') < 0;
            line.append(line.length() == 0 ? "" : ",");
            line.append(isPlain ? text : '"' + text.replace("\"", "\"\"") + '"');
        }
        return line.toString();
    }

    /// The values of a line.
    static List<String> values(String line) {
        List<String> values = new ArrayList<>();
        StringBuilder value = new StringBuilder();
        boolean isQuoted = false;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c == '"' && isQuoted && i + 1 < line.length() && line.charAt(i + 1) == '"') {
                value.append(c);
                i++;
            } else if (c == '"') {
                isQuoted = !isQuoted;
            } else if (c == ',' && !isQuoted) {
                values.add(value.toString());
                value.setLength(0);
            } else {
                value.append(c);
            }
        }
        values.add(value.toString());
        return values;
    }
}
