package io.javalloc.kit.check;

import io.javalloc.kit.RuleBroken;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// A full heap answers 0; when everything is freed, as many blocks fit again. A heap that gets less
/// back each time leaks. One that never gets anything back may be made so: that is said.
final class RecoversMemory implements Rule {

    private static final long REGION = 4 << 20;

    /// Of small blocks there are so many in less: some heaps look at all of them for each.
    private static final long SMALL_REGION = 1 << 19;

    /// Multiples of a word. Each that is served is tried.
    private static final long[] SMALL_SIZES = {8, 16, 48, 64, 104, 256, 504};

    private static final long[] LARGE_SIZES = {1000, 30_000};
    private static final int ROUNDS = 4;

    @Override
    public String name() {
        return "recovery";
    }

    @Override
    public String claim() {
        return "a full heap answers 0, and what is freed can be allocated again";
    }

    @Override
    public Finding check(Trial trial) {
        Finding finding = Finding.HOLDS;
        for (int i = 0; i < LARGE_SIZES.length && !finding.isNote(); i++) {
            finding = checkSize(trial, REGION, LARGE_SIZES[i]);
        }
        for (int i = 0; i < SMALL_SIZES.length && !finding.isNote(); i++) {
            finding = checkSize(trial, SMALL_REGION, SMALL_SIZES[i]);
        }
        return finding;
    }

    private static Finding checkSize(Trial trial, long regionBytes, long size) {
        Random order = new Random(trial.settings().seed());
        List<Integer> counts = new ArrayList<>();
        try (Subject subject = trial.smallSubject(regionBytes)) {
            Filling filling = new Filling(subject.heap(), subject.memory().region(), size);
            for (int round = 0; round < ROUNDS; round++) {
                List<Long> blocks = filling.fill();
                counts.add(blocks.size());
                subject.heap().verify();
                filling.empty(blocks, order);
                subject.heap().verify();
            }
            return judge(filling, counts);
        }
    }

    private static Finding judge(Filling filling, List<Integer> counts) {
        if (Filling.isLess(counts)) {
            throw new RuleBroken(
                    "memory leaks, less comes back each time: " + filling.story(counts));
        }
        return Filling.isEnough(counts)
                ? Finding.HOLDS
                : Finding.note("memory does not come back: " + filling.story(counts));
    }
}
