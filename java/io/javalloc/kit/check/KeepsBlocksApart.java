package io.javalloc.kit.check;

import io.javalloc.Heap;
import io.javalloc.kit.HeapModel;
import java.util.SplittableRandom;

/// No block shares a byte with another one, and the smallest are distinct, too.
final class KeepsBlocksApart implements Rule {

    private static final int BLOCKS = 3000;
    private static final int LARGE_STEPS = 200;
    private static final int LARGE_BLOCKS = 12;

    @Override
    public String name() {
        return "overlap";
    }

    @Override
    public String claim() {
        return "live blocks are distinct and do not overlap";
    }

    @Override
    public Finding check(Trial trial) {
        SplittableRandom random = trial.random();
        try (Subject subject = trial.subject()) {
            HeapModel model = subject.model();
            for (int i = 0; i < BLOCKS; i++) {
                model.allocate(1, Heap.MIN_ALIGNMENT, false);
            }
            for (int i = 0; i < BLOCKS; i++) {
                model.free(random.nextInt());
                model.allocate(random.nextInt(1, 64), Heap.MIN_ALIGNMENT, false);
            }
            model.checkAll();
            keepLargeApart(model, random);
        }
        return Finding.HOLDS;
    }

    /// Beside each other, and beside small ones.
    private static void keepLargeApart(HeapModel model, SplittableRandom random) {
        for (int i = 0; i < LARGE_STEPS; i++) {
            long large = Trial.LARGE_SIZES[i % Trial.LARGE_SIZES.length];
            long size = i % 4 == 3 ? random.nextInt(1, 100_000) : large + random.nextInt(5000);
            if (model.liveBlocks() > BLOCKS + random.nextInt(LARGE_BLOCKS)) {
                model.free(model.liveBlocks() - 1 - random.nextInt(LARGE_BLOCKS));
            }
            model.allocate(size, Heap.MIN_ALIGNMENT, false);
        }
        model.checkAll();
    }
}
