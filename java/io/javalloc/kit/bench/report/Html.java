package io.javalloc.kit.bench.report;

import java.util.List;

/// Writes sections as a page that needs nothing else: no script, no file, no network. Colours
/// follow the reader's choice of light or dark.
final class Html {

    private static final String[] LIGHT = {
        "#8a8f98", "#4477aa", "#66a61e", "#b8860b", "#d1495b", "#7b5ea7", "#1b998b", "#a0522d"
    };
    private static final String[] DARK = {
        "#9aa0aa", "#6fa8dc", "#93c54b", "#e0b341", "#ef7f8e", "#b39ddb", "#4fd1c5", "#d2936b"
    };

    private static final String STYLE =
            """
            :root { color-scheme: light dark; --paper: #ffffff; --ink: #1c1e21; --soft: #60656d; --line: #dcdfe4; }
            @media (prefers-color-scheme: dark) {
            :root { --paper: #15171a; --ink: #e8eaed; --soft: #a0a6ae; --line: #33373d; }
            }
            body { margin: 2rem auto; padding: 0 1rem; max-width: 75rem; background: var(--paper);
              color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
            h2 { margin-top: 2.5rem; }
            .charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(28rem, 1fr)); gap: 1rem 2rem; }
            .wide { overflow-x: auto; }
            table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
            th, td { padding: .25rem .75rem; border-bottom: 1px solid var(--line); text-align: left; }
            th { color: var(--soft); font-weight: 600; }
            svg { width: 100%; height: auto; font: 12px system-ui, sans-serif; fill: var(--ink); }
            svg .name { font-weight: 600; font-size: 13px; }
            svg .who { text-anchor: end; fill: var(--soft); }
            svg .range { stroke: var(--ink); fill: none; }
            svg .gap { fill: var(--paper); }
            """;

    private Html() {}

    /// @param colours how many are wanted
    static String page(String title, String command, int colours, List<Section> sections) {
        StringBuilder page = new StringBuilder("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n");
        page.append("<meta charset=\"utf-8\"/>\n");
        page.append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n");
        page.append("<title>").append(escaped(title)).append("</title>\n<style>\n").append(STYLE);
        page.append(colours(LIGHT, colours));
        page.append("@media (prefers-color-scheme: dark) {\n").append(colours(DARK, colours));
        page.append("}\n</style>\n</head>\n<body>\n<h1>").append(escaped(title)).append("</h1>\n");
        paragraph(page, "Made by " + command + ".");
        sections.forEach(section -> section(page, section));
        return page.append("</body>\n</html>\n").toString();
    }

    private static String colours(String[] palette, int count) {
        StringBuilder style = new StringBuilder();
        for (int i = 0; i < count; i++) {
            style.append("svg .c").append(i).append(" { fill: ");
            style.append(palette[i % palette.length]).append("; }\n");
        }
        return style.toString();
    }

    private static void section(StringBuilder page, Section section) {
        page.append("<h2>").append(escaped(section.title())).append("</h2>\n");
        section.words().stream().filter(w -> !w.isEmpty()).forEach(w -> paragraph(page, w));
        if (!section.charts().isEmpty()) {
            page.append("<div class=\"charts\">\n");
            section.charts().forEach(c -> page.append("<div>").append(c).append("</div>\n"));
            page.append("</div>\n");
        }
        if (section.table() != null) {
            table(page, section.table());
        }
    }

    private static void paragraph(StringBuilder page, String words) {
        String code = escaped(words).replaceAll("`([^`]*)`", "<code>$1</code>");
        page.append("<p>").append(code).append("</p>\n");
    }

    private static void table(StringBuilder page, Table table) {
        page.append("<div class=\"wide\"><table>\n");
        row(page, "th", table.head());
        table.rows().forEach(row -> row(page, "td", row));
        page.append("</table></div>\n");
    }

    private static void row(StringBuilder page, String tag, List<String> cells) {
        page.append("<tr>");
        for (String cell : cells) {
            page.append('<').append(tag).append('>').append(escaped(cell));
            page.append("</").append(tag).append('>');
        }
        page.append("</tr>\n");
    }

    static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
