package io.javalloc.kit.check;

import io.javalloc.Heap;
import io.javalloc.kit.HeapModel;
import java.util.SplittableRandom;

/// A zeroed block is zero, in fresh memory and where others have written before.
final class ZeroesBlocks implements Rule {

    private static final int ROUNDS = 4;
    private static final int BLOCKS = 120;
    private static final int LOG_LARGEST = 17;

    @Override
    public String name() {
        return "zeroed";
    }

    @Override
    public String claim() {
        return "zeroed blocks are zero, also in memory that was used before";
    }

    @Override
    public Finding check(Trial trial) {
        SplittableRandom random = trial.random();
        try (Subject subject = trial.subject()) {
            HeapModel model = subject.model();
            for (int round = 0; round < ROUNDS; round++) {
                for (int i = 0; i < BLOCKS; i++) {
                    long size = random.nextLong(1, 1L << random.nextInt(1, LOG_LARGEST + 1));
                    long alignment = i % 8 == 7 ? 4096 : Heap.MIN_ALIGNMENT;
                    model.allocate(size, alignment, i % 2 == round % 2);
                }
                while (model.liveBlocks() > BLOCKS / 4) {
                    model.free(random.nextInt());
                }
            }
            model.checkAll();
            zeroLarge(model);
        }
        return Finding.HOLDS;
    }

    /// Each twice: in fresh memory, and where one that was written to has been.
    private static void zeroLarge(HeapModel model) {
        for (long size : Trial.LARGE_SIZES) {
            for (long less = 0; less <= Heap.MIN_ALIGNMENT; less += Heap.MIN_ALIGNMENT) {
                model.allocate(size - less, Heap.MIN_ALIGNMENT, true);
                model.free(model.liveBlocks() - 1);
                model.allocate(size - less, Heap.MIN_ALIGNMENT, true);
                model.allocate(1, Heap.MIN_ALIGNMENT, true);
                model.free(model.liveBlocks() - 2);
            }
        }
        model.checkAll();
    }
}
