package io.javalloc.kit.check;

import io.javalloc.kit.HeapModel.Action;
import io.javalloc.kit.RuleBroken;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// Streams of random operations on a small heap that is soon full, while the system now and then
/// refuses memory. Each stream comes from a seed of its own, which is the one to try again with.
final class SurvivesRandomOperations implements Rule {

    private static final long REGION = 1 << 20;
    private static final int CHECK_EVERY = 10;

    /// Steps that are shown of the shortest stream that breaks the rule.
    private static final int MOST_SHOWN = 30;

    @Override
    public String name() {
        return "streams";
    }

    @Override
    public String claim() {
        return "random operations go well on a heap that is soon full";
    }

    @Override
    public Finding check(Trial trial) {
        long end = System.nanoTime() + (long) (trial.settings().seconds() * 1e9);
        long seed = trial.settings().seed();
        int streams = 0;
        do {
            trial.replayWith(seed);
            List<Action> actions = Stream.of(seed);
            RuleBroken broken = play(trial, actions, CHECK_EVERY, new ArrayList<>());
            if (broken != null) {
                throw shortened(trial, actions, broken);
            }
            streams++;
            seed++;
        } while (System.nanoTime() < end);
        return Finding.holds(streams + " streams");
    }

    /// @param steps gets what was done
    /// @return what is broken, or null
    private static RuleBroken play(
            Trial trial, List<Action> actions, int checkEvery, List<String> steps) {
        trial.startOver();
        Consumer<String> story =
                step -> {
                    trial.tell(step);
                    steps.add(step);
                };
        try (Subject subject = trial.smallSubject(REGION)) {
            Stream.play(actions, subject.model().tellTo(story), checkEvery);
            return null;
        } catch (RuleBroken e) {
            return e;
        }
    }

    private static RuleBroken shortened(Trial trial, List<Action> actions, RuleBroken broken) {
        trial.leave(broken.getMessage());
        List<Action> shortest =
                Shortener.shorten(actions, list -> play(trial, list, 1, new ArrayList<>()) != null);
        List<String> steps = new ArrayList<>();
        RuleBroken again = play(trial, shortest, 1, steps);
        if (again == null) {
            return broken;
        }
        StringBuilder text = new StringBuilder(again.getMessage());
        text.append("\nafter the last of these steps, the shortest that were found:");
        int first = Math.max(0, steps.size() - MOST_SHOWN);
        if (first > 0) {
            text.append("\n  ... ").append(first).append(" steps");
        }
        for (String step : steps.subList(first, steps.size())) {
            text.append("\n  ").append(step);
        }
        return new RuleBroken(text.toString());
    }
}
