package io.javalloc.kit.bench.report;

import java.util.List;

/// Writes sections as Markdown.
final class Markdown {

    private Markdown() {}

    static String page(String title, String command, List<Section> sections) {
        StringBuilder page = new StringBuilder();
        page.append("# ").append(title).append("\nMade by `").append(command);
        page.append("` from the raw results, all of it.\n");
        for (Section section : sections) {
            page.append("\n## ").append(section.title()).append('\n');
            for (String words : section.words()) {
                page.append(words.isEmpty() ? "" : words + "\n\n");
            }
            if (section.table() != null) {
                table(page, section.table());
            }
        }
        return page.toString().replaceAll("\n{3,}", "\n\n").strip() + "\n";
    }

    private static void table(StringBuilder page, Table table) {
        row(page, table.head());
        page.append("| --- |").append(" --- |".repeat(table.head().size() - 1)).append('\n');
        table.rows().forEach(row -> row(page, row));
    }

    private static void row(StringBuilder page, List<String> cells) {
        for (String cell : cells) {
            page.append("| ").append(cell.replace("|", "\\|")).append(' ');
        }
        page.append("|\n");
    }
}
