package io.javalloc.kit.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;

/// What `workloads-timed` writes: how often calls took how long; see `latency.c`.
final class LatencyFile {

    private static final String MAGIC = "javalloc-latency 1";
    private static final String OVERHEAD = "overhead";
    private static final int DIGITS = 3;
    private static final double P50 = 50;
    private static final double P99 = 99;
    private static final double P999 = 99.9;
    private static final long MILLISECOND = 1_000_000;

    private final Map<String, Histogram> histograms = new LinkedHashMap<>();
    private double overhead;

    /// @throws IllegalArgumentException if these are not the lines of such a file
    LatencyFile(List<String> lines) {
        if (lines.isEmpty() || !lines.get(0).equals(MAGIC)) {
            throw new IllegalArgumentException("no file of latencies: it begins with no " + MAGIC);
        }
        for (String line : lines.subList(1, lines.size())) {
            read(line.split(" ", -1), line);
        }
    }

    private void read(String[] words, String line) {
        if (words.length == 2 && words[0].equals(OVERHEAD)) {
            overhead = Double.parseDouble(words[1]);
        } else if (words.length == 3) {
            histograms
                    .computeIfAbsent(words[0], name -> new Histogram(DIGITS))
                    .recordValueWithCount(
                            Math.round(Double.parseDouble(words[1])), Long.parseLong(words[2]));
        } else {
            throw new IllegalArgumentException("a line of no meaning among latencies: " + line);
        }
    }

    /// A row for each operation.
    List<Latency> rows(String task, String contender, int round) {
        List<Latency> rows = new ArrayList<>();
        histograms.forEach(
                (operation, histogram) ->
                        rows.add(
                                new Latency(
                                        task,
                                        contender,
                                        round,
                                        operation,
                                        histogram.getTotalCount(),
                                        histogram.getMean(),
                                        histogram.getValueAtPercentile(P50),
                                        histogram.getValueAtPercentile(P99),
                                        histogram.getValueAtPercentile(P999),
                                        histogram.getMaxValue(),
                                        slow(histogram),
                                        overhead)));
        return rows;
    }

    private static long slow(Histogram histogram) {
        return histogram.getCountBetweenValues(MILLISECOND + 1, Long.MAX_VALUE);
    }
}
