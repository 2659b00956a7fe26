package io.javalloc.kit.check;

import io.javalloc.Heap;
import io.javalloc.kit.HeapModel;

/// A block that changes its size keeps its contents up to the smaller size, beside live neighbours
/// and beside free ones; one that cannot grow stays as it was.
final class Reallocates implements Rule {

    private static final long[] SIZES = {1, 16, 24, 100, 500, 2000, 10_000, 100_000, 1_000_000};

    @Override
    public String name() {
        return "realloc";
    }

    @Override
    public String claim() {
        return "reallocation keeps the contents, and the block when it answers 0";
    }

    @Override
    public Finding check(Trial trial) {
        for (long large : Trial.LARGE_SIZES) {
            for (long other : new long[] {100, 1_000_000, large + 5000, 2 * large}) {
                change(trial, large, other, true);
                change(trial, other, large, false);
            }
        }
        for (long from : SIZES) {
            for (long to : SIZES) {
                change(trial, from, to, false);
                change(trial, from, to, true);
            }
        }
        return Finding.HOLDS;
    }

    private static void change(Trial trial, long from, long to, boolean besideFree) {
        try (Subject subject = trial.subject()) {
            HeapModel model = subject.model();
            for (int i = 0; i < 3; i++) {
                model.allocate(from, Heap.MIN_ALIGNMENT, false);
            }
            if (besideFree) {
                model.free(2);
            }
            model.reallocate(1, to);
            model.reallocate(1, Trial.IMPOSSIBLE);
            model.reallocate(1, from);
            model.reallocate(0, to);
            model.checkAll();
        }
    }
}
