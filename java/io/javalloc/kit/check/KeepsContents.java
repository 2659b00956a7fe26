package io.javalloc.kit.check;

import io.javalloc.Heap;
import io.javalloc.kit.HeapModel;
import java.util.SplittableRandom;

/// What a program has written into a block stays there, whatever is done to other blocks. All
/// contents are looked at after every step, so that the step that did the damage is named.
final class KeepsContents implements Rule {

    private static final int BLOCKS = 60;
    private static final int STEPS = 3000;
    private static final int MOST = 700;

    @Override
    public String name() {
        return "contents";
    }

    @Override
    public String claim() {
        return "contents survive other calls";
    }

    @Override
    public Finding check(Trial trial) {
        SplittableRandom random = trial.random();
        try (Subject subject = trial.subject()) {
            HeapModel model = subject.model();
            for (int i = 0; i < STEPS; i++) {
                step(model, random);
                model.checkContents();
            }
            model.checkAll();
        }
        return Finding.HOLDS;
    }

    private static void step(HeapModel model, SplittableRandom random) {
        int choice = random.nextInt(10);
        long size = random.nextInt(1, MOST);
        if (choice < 3) {
            model.reallocate(random.nextInt(), size);
        } else if (choice < 6 || model.liveBlocks() > BLOCKS) {
            model.free(random.nextInt());
        } else {
            model.allocate(size, Heap.MIN_ALIGNMENT, choice == 9);
        }
    }
}
