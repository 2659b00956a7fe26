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

/// Lets contenders do tasks, in turns, so that what else the machine does hits all of them alike.
/// Who begins changes from task to task and from round to round.
public final class Rounds {

    private static final String WRONG_HEAP = "exit 64";
    private static final String NOT_LOADED = "cannot be preloaded";
    private static final Pattern LINE = Pattern.compile("operations (\\d+) resident (\\d+)\\s*");
    private static final double NANOS_PER_MINUTE = 60e9;

    private final Suite suite;
    private final List<Contender> contenders;
    private final int rounds;
    private final int seconds;
    private final boolean isTimed;
    private final Set<String> hopeless = new HashSet<>();
    private final Map<String, String> outputs = new HashMap<>();

    /// @param rounds  how often each contender does each task
    /// @param seconds after which a run is ended
    /// @param isTimed whether single calls are measured, too, in runs of their own
    public Rounds(
            Suite suite, List<Contender> contenders, int rounds, int seconds, boolean isTimed) {
        this.suite = suite;
        this.contenders = List.copyOf(contenders);
        this.rounds = rounds;
        this.seconds = seconds;
        this.isTimed = isTimed;
    }

    /// Measures.
    ///
    /// @param sink     takes what is measured
    /// @param progress is told what is being done
    /// @param trouble  is told what goes wrong
    /// @throws IllegalArgumentException if a heap's expression is wrong, or a library cannot be
    ///                                  loaded
    public void run(Sink sink, Consumer<String> progress, Consumer<String> trouble)
            throws IOException, InterruptedException {
        try (Measure measure = new Measure(suite.programs().resolve("measure"), seconds)) {
            for (Contender contender : contenders) {
                progress.accept("trying " + contender.name());
                tryOut(measure, contender);
            }
            int turns = rounds * suite.tasks().size() * contenders.size();
            int turn = 0;
            long began = System.nanoTime();
            for (int round = 1; round <= rounds; round++) {
                for (int i = 0; i < suite.tasks().size() * contenders.size(); i++) {
                    int task = i / contenders.size();
                    Contender contender =
                            contenders.get((i + task + round - 1) % contenders.size());
                    String rest = rest(System.nanoTime() - began, turn++, turns);
                    String name = suite.tasks().get(task).name();
                    progress.accept(
                            "round "
                                    + round
                                    + " of "
                                    + rounds
                                    + ": "
                                    + name
                                    + " on "
                                    + contender.name()
                                    + rest);
                    run(measure, suite.tasks().get(task), contender, round, sink, trouble);
                }
            }
        }
    }

    private static String rest(long spent, int turn, int turns) {
        if (turn < turns / 20 || turn == 0) {
            return "";
        }
        long minutes = Math.round((double) spent / turn * (turns - turn) / NANOS_PER_MINUTE);
        return minutes < 1 ? ", less than a minute left" : ", about " + minutes + " min left";
    }

    /// Words for mistakes come before a benchmark of an hour, not after it.
    private void tryOut(Measure measure, Contender contender)
            throws IOException, InterruptedException {
        Path program = suite.programs().resolve("workloads");
        List<String> variables =
                contender.environment().entrySet().stream()
                        .map(entry -> entry.getKey() + "=" + entry.getValue())
                        .toList();
        Outcome outcome = measure.run(variables, List.of(program.toString(), Workloads.START_UP));
        boolean isWrong = outcome.status().equals(WRONG_HEAP);
        if (isWrong || outcome.errors().contains(NOT_LOADED)) {
            throw new IllegalArgumentException(outcome.lastWords());
        }
    }

    private void run(
            Measure measure,
            Task task,
            Contender contender,
            int round,
            Sink sink,
            Consumer<String> trouble)
            throws IOException, InterruptedException {
        String pair = task.name() + " on " + contender.name();
        if (hopeless.contains(pair)) {
            return; // it is known to take too long: nobody waits for that twice
        }
        Outcome outcome = measure.run(task.variables(contender), task.command());
        Sample sample = sample(task, contender, round, outcome);
        sink.add(sample);
        if (!sample.isOk()) {
            trouble.accept(pair + ": " + sample.status() + ", " + outcome.lastWords());
            if (sample.status().equals(Sample.TIMEOUT)) {
                hopeless.add(pair);
            }
            return;
        }
        if (isTimed && !task.timed().isEmpty()) {
            timeCalls(measure, task, contender, round, sink, trouble);
        }
    }

    private void timeCalls(
            Measure measure,
            Task task,
            Contender contender,
            int round,
            Sink sink,
            Consumer<String> trouble)
            throws IOException, InterruptedException {
        Path file = measure.file("latencies");
        List<String> command = new ArrayList<>(task.timed());
        command.add(file.toString());
        Outcome outcome = measure.run(task.variables(contender), command);
        if (!outcome.status().equals(Sample.OK)) {
            trouble.accept(
                    task.name()
                            + ", calls timed, on "
                            + contender.name()
                            + ": "
                            + outcome.status()
                            + ", "
                            + outcome.lastWords());
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
