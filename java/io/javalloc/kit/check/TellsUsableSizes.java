package io.javalloc.kit.check;

import io.javalloc.Heap;
import io.javalloc.kit.Block;
import io.javalloc.kit.HeapModel;
import io.javalloc.kit.RuleBroken;

/// The usable size is what was asked for at least, all of it may be written, and it stays the same.
final class TellsUsableSizes implements Rule {

    private static final long SMALL = 1200;
    private static final long LARGE = 400_000;

    @Override
    public String name() {
        return "usable-size";
    }

    @Override
    public String claim() {
        return "all of the usable size may be written, and it is no less than asked for";
    }

    @Override
    public Finding check(Trial trial) {
        try (Subject subject = trial.subject()) {
            HeapModel model = subject.model();
            for (long size = 1; size <= SMALL; size++) {
                model.allocate(size, Heap.MIN_ALIGNMENT, false);
            }
            for (long size = SMALL; size <= LARGE; size += size / 3) {
                model.allocate(size, Heap.MIN_ALIGNMENT, false);
            }
            model.checkAll();
            for (Block block : model.blocks()) {
                long usable = subject.heap().usableSize(block.address());
                if (usable != block.usable()) {
                    throw new RuleBroken(
                            "the usable size of a live block changes: it was "
                                    + block.usable()
                                    + ", now it is "
                                    + usable);
                }
            }
            while (model.liveBlocks() > 0) {
                model.free(model.liveBlocks() / 2);
            }
            model.checkAll();
        }
        return Finding.HOLDS;
    }
}
