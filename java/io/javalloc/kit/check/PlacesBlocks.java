package io.javalloc.kit.check;

import io.javalloc.Heap;
import io.javalloc.kit.HeapModel;
import java.util.SplittableRandom;

/// Blocks lie in the region, or where the heap says that it has them, and in memory that has been
/// committed.
final class PlacesBlocks implements Rule {

    private static final int BLOCKS = 300;
    private static final int LOG_LARGEST = 20;

    @Override
    public String name() {
        return "placement";
    }

    @Override
    public String claim() {
        return "blocks lie in the region, in memory that is committed";
    }

    @Override
    public Finding check(Trial trial) {
        SplittableRandom random = trial.random();
        try (Subject subject = trial.subject()) {
            HeapModel model = subject.model();
            for (int i = 0; i < BLOCKS; i++) {
                long size = random.nextLong(1, 1L << random.nextInt(1, LOG_LARGEST + 1));
                model.allocate(size, Heap.MIN_ALIGNMENT, false);
            }
            model.checkAll();
        }
        return Finding.HOLDS;
    }
}
