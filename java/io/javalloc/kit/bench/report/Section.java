package io.javalloc.kit.bench.report;

import java.util.List;

/// A part of a page.
///
/// @param words  paragraphs
/// @param charts pictures, as SVG, for pages that can show them
/// @param table  null if there is none
record Section(String title, List<String> words, List<String> charts, Table table) {

    static Section of(String title, String words, Table table) {
        return new Section(title, List.of(words), List.of(), table);
    }
}
