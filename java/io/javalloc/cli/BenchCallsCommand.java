package io.javalloc.cli;

import io.javalloc.kit.bench.calls.Benchmark;
import io.javalloc.kit.bench.calls.Figure;
import io.javalloc.kit.bench.calls.Samples;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// Measures heaps in a C program, beside glibc.
@Command(
        name = "calls",
        description = {
            "Measures what malloc and its family cost in a C program: on glibc and on heaps, in"
                    + " turns.",
            "",
            "Figures are nanoseconds for one operation of a thread: the median of the rounds, half of"
                    + " the distance between the least and the most, and how many times as long as"
                    + " on glibc. A heap that cannot serve a workload shows - for it."
        },
        footer = {
            "",
            "Exit status: 0, all were measured; 2, the program did not come to its end on one of them;"
                    + " 64, the command line or an expression is wrong; 69, the build lacks something;"
                    + " 74, output cannot be written."
        })
final class BenchCallsCommand implements Callable<Integer> {

    private static final int LABEL = 30;
    private static final int VALUE = 15;
    private static final int RATIO = 7;

    /// Nobody wants to know the digits behind the point of more than this.
    private static final double EXACT = 1000;

    /// More contenders than this are shown in a table of their own, so that lines stay short.
    private static final int MOST_BESIDE = 3;

    @Spec private CommandSpec spec;
    @Mixin private HeapClassPath classPath;

    @Option(
            names = "--heap",
            required = true,
            paramLabel = "EXPR",
            description = "A heap to measure; may be given several times.")
    private List<String> heaps;

    @Option(names = "--csv", paramLabel = "FILE", description = "Also write all figures there.")
    private Path csv;

    @Mixin private CallsOptions options;

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (csv != null) {
            Output.prepare(csv);
        }
        ContenderOptions.requireDistinct(heaps);
        Benchmark benchmark = options.benchmark(classPath.get());
        classPath.requireHeaps(heaps);
        Progress progress = new Progress(spec.commandLine().getErr());
        List<String> failures = new ArrayList<>();
        Samples samples =
                benchmark.run(
                        heaps,
                        options.rounds(),
                        progress::say,
                        failure -> {
                            failures.add(failure);
                            progress.say(failure);
                        });
        progress.clear();
        PrintWriter out = spec.commandLine().getOut();
        for (int from = 0; from < heaps.size(); from += MOST_BESIDE) {
            int to = Math.min(heaps.size(), from + MOST_BESIDE);
            out.print(table(samples, heaps.subList(from, to)));
        }
        out.flush();
        if (csv != null) {
            Output.write(csv, samples.csv());
        }
        return failures.isEmpty() ? Status.OK : Status.FAILED;
    }

    private static String table(Samples samples, List<String> heaps) {
        List<Integer> widths = new ArrayList<>(List.of(LABEL, -VALUE));
        heaps.forEach(heap -> Collections.addAll(widths, -VALUE, -RATIO));
        TextTable table = new TextTable(widths.stream().mapToInt(Integer::intValue).toArray());
        List<String> head = new ArrayList<>(List.of("", Benchmark.LIBC));
        heaps.forEach(heap -> Collections.addAll(head, shortened(heap), ""));
        table.row(head.toArray(String[]::new));
        int threads = -1;
        for (Figure figure : samples.figures()) {
            if (figure.threads() != threads) {
                threads = figure.threads();
                table.line(headline(threads));
            }
            table.row(row(samples, heaps, figure));
        }
        return table.line("").toString();
    }

    private static String shortened(String heap) {
        return heap.length() <= VALUE ? heap : heap.substring(0, VALUE - 3) + "...";
    }

    private static String headline(int threads) {
        return switch (threads) {
            case 0 -> "all of it";
            case 1 -> "one thread (ns)";
            default -> threads + " threads at once (ns)";
        };
    }

    private static String[] row(Samples samples, List<String> heaps, Figure figure) {
        double libc = samples.median(Benchmark.LIBC, figure);
        List<String> cells = new ArrayList<>();
        cells.add("  " + figure.describe());
        cells.add(value(samples, Benchmark.LIBC, figure));
        for (String heap : heaps) {
            double ratio = samples.median(heap, figure) / libc;
            cells.add(value(samples, heap, figure));
            cells.add(Double.isNaN(ratio) ? "" : String.format(Locale.ROOT, "x%.1f", ratio));
        }
        return cells.toArray(String[]::new);
    }

    private static String value(Samples samples, String contender, Figure figure) {
        double unit = figure.equals(Figure.PEAK) ? 1 << 20 : 1;
        double median = samples.median(contender, figure) / unit;
        double spread = samples.spread(contender, figure) / unit;
        if (Double.isNaN(median)) {
            return "-";
        }
        return median < EXACT
                ? String.format(Locale.ROOT, "%.1f +-%.1f", median, spread)
                : String.format(Locale.ROOT, "%.0f +-%.0f", median, spread);
    }
}
