package io.javalloc.kit.check;

import io.javalloc.Heap;
import io.javalloc.kit.HeapModel;
import io.javalloc.kit.RuleBroken;
import java.util.SplittableRandom;

/// When the system gives no more memory, the heap answers 0 and stays as it was; when it gives
/// memory again, the heap serves again. A heap that does not may be full, or made to answer 0 now
/// and then: so the same is done without the refusal, and only what differs is held against it.
final class SurvivesRefusedMemory implements Rule {

    private static final long[] SIZES = {40, 1000, 30_000, 200_000};

    /// Bytes that are asked for while memory is refused.
    private static final long ASKED = 8 << 20;

    private static final int MOST_BLOCKS = 3000;

    /// Blocks that are asked for when memory is granted again.
    private static final int TRIES = 8;

    /// How a heap did.
    ///
    /// @param atFirst 1 if the very first block was answered with 0, otherwise 0
    /// @param before  how many of the next were, while memory was refused or could have been
    /// @param after   how many of the last [#TRIES] were
    private record Refusals(int atFirst, int before, int after) {}

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
            Refusals starved = serve(trial, size, true);
            if (starved.atFirst() == 0 && starved.after() > 0) {
                judge(starved, serve(trial, size, false), size);
            }
        }
        return Finding.HOLDS;
    }

    private static void judge(Refusals starved, Refusals granted, long size) {
        boolean refusesNow = starved.after() == TRIES;
        boolean refusesSometimes = granted.before() > 0;
        if (granted.after() == 0 && (refusesNow || !refusesSometimes)) {
            throw new RuleBroken(
                    "a block of "
                            + size
                            + " bytes is answered with 0 after memory was refused once,"
                            + " although it is granted again; without that, it is served");
        }
    }

    private static Refusals serve(Trial trial, long size, boolean isStarved) {
        SplittableRandom random = trial.random();
        try (Subject subject = trial.subject()) {
            HeapModel model = subject.model();
            int atFirst = allocate(model, size, 1);
            if (isStarved) {
                model.refuseCommits();
            }
            int before = allocate(model, size, (int) Math.min(MOST_BLOCKS, ASKED / size));
            model.checkAll();
            for (int i = 0; i < 10; i++) {
                model.reallocate(random.nextInt(), size * 20);
                model.reallocate(random.nextInt(), 1 + size / 2);
                model.free(random.nextInt());
                model.checkAll();
            }
            model.grantCommits();
            int after = allocate(model, size, TRIES);
            model.checkAll();
            return new Refusals(atFirst, before, after);
        }
    }

    /// @return how many are answered with 0
    private static int allocate(HeapModel model, long size, int blocks) {
        int refused = 0;
        for (int i = 0; i < blocks; i++) {
            boolean isZeroed = i % 2 == 1;
            refused += model.allocate(size, Heap.MIN_ALIGNMENT, isZeroed) == null ? 1 : 0;
        }
        return refused;
    }
}
