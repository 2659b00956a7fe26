package io.javalloc.kit.check;

import io.javalloc.Heap;
import io.javalloc.kit.HeapModel;
import io.javalloc.kit.RuleBroken;

/// The heap is made, and serves blocks. Some heaps serve some sizes only: that is said.
final class ServesBlocks implements Rule {

    private static final int LOG_LARGEST = 26;

    @Override
    public String name() {
        return "serves";
    }

    @Override
    public String claim() {
        return "blocks are served";
    }

    @Override
    public Finding check(Trial trial) {
        int served = 0;
        long largest = 0;
        try (Subject subject = trial.subject()) {
            HeapModel model = subject.model();
            for (int log = 0; log <= LOG_LARGEST; log++) {
                long size = 1L << log;
                if (model.allocate(size, Heap.MIN_ALIGNMENT, false) != null) {
                    served++;
                    largest = size;
                }
            }
            model.checkAll();
        }
        if (served == 0) {
            throw new RuleBroken("every allocation answers 0");
        }
        return served > LOG_LARGEST
                ? Finding.HOLDS
                : Finding.note("some sizes only: the largest that was served is " + largest);
    }
}
