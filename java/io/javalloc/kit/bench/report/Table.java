package io.javalloc.kit.bench.report;

import java.util.List;

/// Rows of text under a head. The first column names the row; the others hold figures.
public record Table(List<String> head, List<List<String>> rows) {}
