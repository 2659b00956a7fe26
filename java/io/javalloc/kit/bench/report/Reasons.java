package io.javalloc.kit.bench.report;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Why a task goes as it does, written by hand: a Markdown file with a heading `## TASK` for each,
/// and a paragraph below it.
public final class Reasons {

    private static final String HEADING = "## ";
    private static final String UNKNOWN = "(nobody has looked into it)";

    private final Map<String, String> paragraphs = new LinkedHashMap<>();

    /// @param lines of the file; none if there is no file
    public Reasons(List<String> lines) {
        String task = "";
        for (String line : lines) {
            if (line.startsWith(HEADING)) {
                task = line.substring(HEADING.length()).strip();
            } else if (!task.isEmpty() && !line.isBlank()) {
                paragraphs.merge(task, line.strip(), (before, more) -> before + " " + more);
            }
        }
    }

    /// The reason for that task.
    String of(String task) {
        return paragraphs.getOrDefault(task, UNKNOWN);
    }
}
