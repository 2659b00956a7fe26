package io.javalloc.kit.check;

import io.javalloc.Heap;
import io.javalloc.kit.HeapModel;
import java.util.SplittableRandom;

/// [Heap#walk] shows the live blocks, all of them and nothing else. A new heap may show nothing at
/// first: that is said.
final class ShowsBlocks implements Rule {

    private static final int STEPS = 400;
    private static final int BLOCKS = 100;

    @Override
    public String name() {
        return "walk";
    }

    @Override
    public String claim() {
        return "walk() shows exactly the live blocks";
    }

    @Override
    public Finding check(Trial trial) {
        SplittableRandom random = trial.random();
        try (Subject subject = trial.subject()) {
            HeapModel model = subject.model();
            model.checkWalk();
            boolean isEmpty = true;
            for (int i = 0; i < STEPS; i++) {
                long size = random.nextInt(1, i % 8 == 0 ? 100_000 : 900);
                if (model.liveBlocks() > random.nextInt(BLOCKS)) {
                    model.free(random.nextInt());
                } else if (i % 5 == 0) {
                    model.reallocate(random.nextInt(), size);
                } else {
                    model.allocate(size, Heap.MIN_ALIGNMENT, false);
                }
                isEmpty = isEmpty && showsNothing(subject.heap());
                if (!isEmpty) {
                    model.checkWalk();
                }
            }
            return isEmpty
                    ? Finding.note("walk() shows nothing: tools cannot look inside this heap")
                    : Finding.HOLDS;
        }
    }

    private static boolean showsNothing(Heap heap) {
        int[] shown = {0};
        heap.walk((address, usable) -> shown[0]++);
        return shown[0] == 0;
    }
}
