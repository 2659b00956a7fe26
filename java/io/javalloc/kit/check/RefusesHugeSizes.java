package io.javalloc.kit.check;

import io.javalloc.Heap;
import io.javalloc.kit.Block;
import io.javalloc.kit.HeapModel;
import io.javalloc.kit.RuleBroken;

/// What can never fit is answered with 0 and changes nothing, also where adding an address to the
/// size overflows.
final class RefusesHugeSizes implements Rule {

    @Override
    public String name() {
        return "huge";
    }

    @Override
    public String claim() {
        return "sizes that can never fit are answered with 0";
    }

    @Override
    public Finding check(Trial trial) {
        try (Subject subject = trial.subject()) {
            Heap heap = subject.heap();
            HeapModel model = subject.model();
            model.allocate(50, Heap.MIN_ALIGNMENT, false);
            for (long size = Trial.IMPOSSIBLE; size > 0; size *= 2) {
                refuse(heap, model, size - 1, Heap.MIN_ALIGNMENT);
                refuse(heap, model, size, Heap.MIN_ALIGNMENT);
                refuse(heap, model, 1, size);
                refuse(heap, model, Long.MAX_VALUE - size, size);
            }
            for (long less = 0; less < 100; less++) {
                refuse(heap, model, Long.MAX_VALUE - Heap.MIN_ALIGNMENT - less, 16);
            }
            if (subject.heap().outside() == null) {
                refuse(heap, model, Trial.LARGE + 1, Heap.MIN_ALIGNMENT);
                refuse(heap, model, 1L << 32, Heap.MIN_ALIGNMENT);
            }
            model.checkAll();
            model.allocate(50, Heap.MIN_ALIGNMENT, true);
            model.checkAll();
        }
        return Finding.HOLDS;
    }

    private static void refuse(Heap heap, HeapModel model, long size, long alignment) {
        if (heap.allocate(size, alignment) != 0 || heap.allocateZeroed(size, alignment) != 0) {
            throw served("a block of " + size + " bytes, aligned to " + alignment);
        }
        for (Block block : model.blocks()) {
            if (heap.reallocate(block.address(), Math.max(size, alignment)) != 0) {
                throw served("a reallocation to " + Math.max(size, alignment) + " bytes");
            }
        }
    }

    private static RuleBroken served(String what) {
        return new RuleBroken(what + " is served, in a region of " + Trial.LARGE + " bytes");
    }
}
