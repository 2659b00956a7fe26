package io.javalloc.kit.check;

import io.javalloc.Heap;
import io.javalloc.kit.HeapModel;
import java.util.SplittableRandom;

/// No block shares a byte with another one, and the smallest are distinct, too.
final class KeepsBlocksApart implements Rule {

    private static final int BLOCKS = 3000;

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
        }
        return Finding.HOLDS;
    }
}
