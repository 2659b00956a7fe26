package io.javalloc.kit.bench.calls;

import io.javalloc.kit.Scratch;
import io.javalloc.kit.bench.Contender;
import io.javalloc.kit.bench.calls.Samples.Sample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// Runs the program of workloads on glibc and on heaps, in turns, so that what else the machine
/// does hits all of them alike.
public final class Benchmark {

    /// The contender without javalloc.
    public static final String LIBC = Contender.GLIBC;

    private static final int WRONG_HEAP = 64;
    private static final int PATIENCE_MINUTES = 5;

    private final Path program;
    private final Path library;
    private final String classPath;
    private final double milliseconds;

    /// @param build        the native build's folder
    /// @param classPath    where heaps of the user's own are; empty if there are none
    /// @param milliseconds how long each workload is measured
    /// @throws IllegalStateException if the build lacks something
    public Benchmark(Path build, String classPath, double milliseconds) {
        program = existing(build.resolve("tests/bench/operations"));
        library = existing(build.resolve("lib/libjavalloc.so"));
        this.classPath = classPath;
        this.milliseconds = milliseconds;
    }

    private static Path existing(Path file) {
        if (!Files.exists(file)) {
            throw new IllegalStateException(file + " is missing; javalloc build makes it");
        }
        return file.toAbsolutePath();
    }

    /// Measures.
    ///
    /// @param heaps    expressions
    /// @param rounds   how often each contender has its turn
    /// @param progress is told what is being done
    /// @param trouble  is told what goes wrong
    /// @throws IllegalArgumentException if an expression is wrong
    public Samples run(
            List<String> heaps, int rounds, Consumer<String> progress, Consumer<String> trouble)
            throws IOException, InterruptedException {
        List<String> contenders = new ArrayList<>();
        contenders.add(LIBC);
        contenders.addAll(heaps);
        Samples samples = new Samples();
        try (Scratch scratch = new Scratch("javalloc-bench")) {
            for (int round = 1; round <= rounds; round++) {
                for (String contender : contenders) {
                    progress.accept("round " + round + " of " + rounds + ": " + contender);
                    String failure = runOnce(scratch, contender, round, samples);
                    if (!failure.isEmpty()) {
                        trouble.accept(contender + ": " + failure);
                    }
                }
            }
        }
        return samples;
    }

    /// @return why the program did not come to its end; empty if it did
    private String runOnce(Scratch scratch, String contender, int round, Samples samples)
            throws IOException, InterruptedException {
        Path output = scratch.file("output");
        Path errors = scratch.file("errors");
        ProcessBuilder builder =
                new ProcessBuilder(program.toString(), Double.toString(milliseconds))
                        .redirectOutput(output.toFile())
                        .redirectError(errors.toFile());
        prepare(builder.environment(), contender);
        Process process = builder.start();
        boolean ended = process.waitFor(PATIENCE_MINUTES, TimeUnit.MINUTES);
        process.destroyForcibly().waitFor();
        read(Files.readAllLines(output), contender, round, samples);
        String words = lastWords(Files.readAllLines(errors));
        if (ended && process.exitValue() == WRONG_HEAP) {
            throw new IllegalArgumentException(words);
        }
        if (!ended) {
            return "no end after " + PATIENCE_MINUTES + " minutes";
        }
        if (process.exitValue() == 0) {
            return "";
        }
        return "exit status " + process.exitValue() + (words.isEmpty() ? "" : ", " + words);
    }

    /// The last line that the program wrote to its standard error, without javalloc's mark.
    private static String lastWords(List<String> lines) {
        String last = lines.isEmpty() ? "" : lines.get(lines.size() - 1);
        return last.replaceFirst("^javalloc(\\[\\d+])?: ", "");
    }

    private void prepare(Map<String, String> environment, String contender) {
        Contender.clear(environment);
        if (!contender.equals(LIBC)) {
            environment.putAll(Contender.heap(contender, library, classPath).environment());
        }
    }

    private static void read(List<String> lines, String contender, int round, Samples samples) {
        for (String line : lines) {
            String[] cells = line.split(",", -1);
            if (cells.length == 3) {
                Figure figure = new Figure(cells[0], Integer.parseInt(cells[1]));
                double value = cells[2].equals("-") ? Double.NaN : Double.parseDouble(cells[2]);
                samples.add(new Sample(contender, figure, round, value));
            }
        }
    }
}
