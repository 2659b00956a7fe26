package io.javalloc.kit.bench;

import io.javalloc.kit.bench.Measure.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Lets one contender do one task, and judges what came of it.
final class Trials {

    private static final String WRONG_HEAP = "exit 64";
    private static final String NOT_LOADED = "cannot be preloaded";
    private static final Pattern LINE = Pattern.compile("operations (\\d+) resident (\\d+)\\s*");

    private final Measure measure;
    private final Sink sink;
    private final Consumer<String> trouble;
    private final Set<String> hopeless = new HashSet<>();
    private final Map<String, String> outputs = new HashMap<>();

    /// @param trouble is told what goes wrong
    Trials(Measure measure, Sink sink, Consumer<String> trouble) {
        this.measure = measure;
        this.sink = sink;
        this.trouble = trouble;
    }

    /// Looks whether the contender can be had at all, as words for mistakes come before a benchmark
    /// of an hour, not after it.
    ///
    /// @throws IllegalArgumentException if it cannot
    void tryOut(Path workloads, Contender contender) throws IOException, InterruptedException {
        List<String> variables =
                contender.environment().entrySet().stream()
                        .map(entry -> entry.getKey() + "=" + entry.getValue())
                        .toList();
        List<String> command = List.of(workloads.toString(), Workloads.START_UP);
        Outcome outcome = measure.run(variables, command);
        boolean isWrong = outcome.status().equals(WRONG_HEAP);
        if (isWrong || outcome.errors().contains(NOT_LOADED)) {
            throw new IllegalArgumentException(outcome.lastWords());
        }
    }

    /// The task as it is, then its timed runs if there are.
    void run(Task task, Contender contender, int round, boolean isTimed)
            throws IOException, InterruptedException {
        String pair = task.name() + " on " + contender.name();
        if (hopeless.contains(pair)) {
            return; // it is known to take too long: nobody waits for that twice
        }
        Outcome outcome = measure.run(task.variables(contender), task.command());
        Sample sample = sample(task, contender, round, outcome);
        sink.add(sample);
        if (sample.status().equals(Sample.TIMEOUT)) {
            hopeless.add(pair);
        }
        if (!sample.isOk()) {
            trouble.accept(pair + ": " + outcome.failure(sample.status()));
        } else if (isTimed && !task.timed().isEmpty()) {
            timeCalls(task, contender, round);
        }
    }

    private void timeCalls(Task task, Contender contender, int round)
            throws IOException, InterruptedException {
        Path file = measure.file("latencies");
        List<String> command = new ArrayList<>(task.timed());
        command.add(file.toString());
        Outcome outcome = measure.run(task.variables(contender), command);
        if (!outcome.status().equals(Sample.OK)) {
            String pair = task.name() + ", calls timed, on " + contender.name();
            trouble.accept(pair + ": " + outcome.failure(outcome.status()));
            return;
        }
        LatencyFile latencies = new LatencyFile(Files.readAllLines(file));
        for (Latency latency : latencies.rows(task.name(), contender.name(), round)) {
            sink.add(latency);
        }
    }

    private Sample sample(Task task, Contender contender, int round, Outcome outcome) {
        Matcher line = LINE.matcher(outcome.output());
        boolean isOurs = line.matches();
        List<Long> usage = outcome.usage();
        return new Sample(
                task.name(),
                task.kind(),
                contender.name(),
                round,
                isOurs ? outcome.status() : compared(task, outcome),
                usage.get(0),
                usage.get(1),
                usage.get(2),
                usage.get(3),
                isOurs ? Long.parseLong(line.group(2)) : 0,
                isOurs ? Long.parseLong(line.group(1)) : 0);
    }

    /// Who prints something else than whoever came first has not done the same work.
    private String compared(Task task, Outcome outcome) {
        if (!outcome.status().equals(Sample.OK)) {
            return outcome.status();
        }
        String first = outputs.putIfAbsent(task.name(), outcome.output());
        return first == null || first.equals(outcome.output()) ? Sample.OK : "other output";
    }
}
