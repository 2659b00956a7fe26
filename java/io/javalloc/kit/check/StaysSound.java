package io.javalloc.kit.check;

import io.javalloc.Heap;
import io.javalloc.kit.HeapModel;
import java.util.SplittableRandom;

/// A heap that is used as it should be finds no damage in itself: after any call, after memory was
/// given back to the system, and when the program ends.
final class StaysSound implements Rule {

    private static final int STEPS = 600;
    private static final int BLOCKS = 80;
    private static final int TRIM_EVERY = 50;

    @Override
    public String name() {
        return "verify";
    }

    @Override
    public String claim() {
        return "verify() and atExit() find no damage where there is none";
    }

    @Override
    public Finding check(Trial trial) {
        SplittableRandom random = trial.random();
        try (Subject subject = trial.subject()) {
            HeapModel model = subject.model();
            model.checkAll();
            for (int i = 1; i <= STEPS; i++) {
                long size = random.nextInt(1, i % 8 == 0 ? 100_000 : 900);
                if (i % 3 == 0) {
                    model.reallocate(random.nextInt(), size);
                } else if (model.liveBlocks() > random.nextInt(BLOCKS)) {
                    model.free(random.nextInt());
                } else {
                    model.allocate(size, Heap.MIN_ALIGNMENT, false);
                }
                if (i % TRIM_EVERY == 0) {
                    subject.heap().trim(i % (2 * TRIM_EVERY) == 0 ? 0 : 1 << 20);
                }
                model.checkAll();
            }
            while (model.liveBlocks() > 0) {
                model.free(random.nextInt());
                subject.heap().verify();
            }
            subject.heap().trim(0);
            subject.heap().atExit();
            model.allocate(100, Heap.MIN_ALIGNMENT, true);
            model.checkAll();
        }
        return Finding.HOLDS;
    }
}
