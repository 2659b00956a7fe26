package io.javalloc.kit.bench;

import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;

/// Lets contenders do tasks, in turns, so that what else the machine does hits all of them alike.
/// Who begins changes from task to task and from round to round.
public final class Rounds {

    private static final double NANOS_PER_MINUTE = 60e9;

    /// Before this share of the work is done, nobody can tell how long the rest takes.
    private static final double FORESEEABLE = 0.05;

    private final Suite suite;
    private final List<Contender> contenders;
    private final int rounds;
    private final int seconds;
    private final boolean isTimed;

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
            Trials trials = new Trials(measure, sink, trouble);
            for (Contender contender : contenders) {
                progress.accept("trying " + contender.name());
                trials.tryOut(suite.programs().resolve("workloads"), contender);
            }
            run(trials, progress);
        }
    }

    private void run(Trials trials, Consumer<String> progress)
            throws IOException, InterruptedException {
        int count = contenders.size();
        int perRound = suite.tasks().size() * count;
        long began = System.nanoTime();
        for (int turn = 0; turn < rounds * perRound; turn++) {
            int round = turn / perRound + 1;
            int place = turn % perRound / count;
            Task task = suite.tasks().get(place);
            Contender contender = contenders.get((turn % count + place + round - 1) % count);
            String what = "round " + round + " of " + rounds + ": " + task.name() + " on ";
            double done = (double) turn / (rounds * perRound);
            progress.accept(what + contender.name() + rest(System.nanoTime() - began, done));
            trials.run(task, contender, round, isTimed);
        }
    }

    private static String rest(long spent, double done) {
        if (done < FORESEEABLE) {
            return "";
        }
        long minutes = Math.round(spent / done * (1 - done) / NANOS_PER_MINUTE);
        return minutes < 1 ? ", less than a minute left" : ", about " + minutes + " min left";
    }
}
