package io.javalloc.kit.check;

import io.javalloc.Heap;
import io.javalloc.kit.HeapModel;
import io.javalloc.kit.RuleBroken;
import java.util.SplittableRandom;

/// When the system gives no more memory, the heap answers 0 and stays as it was; when it gives
/// memory again, the heap serves again.
final class SurvivesRefusedMemory implements Rule {

    private static final long[] SIZES = {40, 1000, 30_000, 200_000};

    /// Bytes that are asked for while memory is refused.
    private static final long ASKED = 8 << 20;

    private static final int MOST_BLOCKS = 3000;

    @Override
    public String name() {
        return "out-of-memory";
    }

    @Override
    public String claim() {
        return "when memory is refused the answer is 0, and nothing is lost";
    }

    @Override
    public Finding check(Trial trial) {
        for (long size : SIZES) {
            starve(trial, size);
        }
        return Finding.HOLDS;
    }

    private static void starve(Trial trial, long size) {
        SplittableRandom random = trial.random();
        try (Subject subject = trial.subject()) {
            HeapModel model = subject.model();
            boolean serves = model.allocate(size, Heap.MIN_ALIGNMENT, false) != null;
            model.refuseCommits();
            long blocks = Math.min(MOST_BLOCKS, ASKED / size);
            for (long i = 0; i < blocks; i++) {
                model.allocate(size, Heap.MIN_ALIGNMENT, i % 2 == 1);
            }
            model.checkAll();
            for (int i = 0; i < 10; i++) {
                model.reallocate(random.nextInt(), size * 20);
                model.reallocate(random.nextInt(), 1 + size / 2);
                model.free(random.nextInt());
                model.checkAll();
            }
            model.grantCommits();
            if (serves && model.allocate(size, Heap.MIN_ALIGNMENT, false) == null) {
                throw new RuleBroken(
                        "a block of "
                                + size
                                + " bytes is answered with 0 after memory was refused once,"
                                + " although it is granted again");
            }
            model.checkAll();
        }
    }
}
