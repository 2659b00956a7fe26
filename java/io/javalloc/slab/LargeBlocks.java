package io.javalloc.slab;

import io.javalloc.HeapCorruption;
import io.javalloc.memory.Memory;

/// The blocks that are runs of pages. Where there is no memory for one, it has the spares of all
/// size classes given back, and tries again.
final class LargeBlocks {

    private final SlabPages pages;
    private final SmallBlocks small;
    private final LiveBytes live;

    LargeBlocks(SlabPages pages, SmallBlocks small, LiveBytes live) {
        this.pages = pages;
        this.small = small;
        this.live = live;
    }

    /// Takes a block.
    ///
    /// @return 0 if there is no memory
    long allocate(long size, long alignment) {
        long wanted = SlabPages.pagesFor(size);
        long run = pages.takeRun(wanted, alignment);
        if (run == 0 && small.giveBackSpares()) {
            run = pages.takeRun(wanted, alignment);
        }
        if (run != 0) {
            count(wanted);
        }
        return run;
    }

    /// As [#allocate], and the first `size` bytes are zero.
    long allocateZeroed(long size, long alignment) {
        long run = allocate(size, alignment);
        if (run != 0) {
            pages.zero(run, size);
        }
        return run;
    }

    /// Takes a block back.
    ///
    /// @throws HeapCorruption if no live one starts there
    void free(long address) {
        int freed = pages.giveRun(address);
        if (freed == 0) {
            throw refused(address);
        }
        count(-freed);
    }

    /// The bytes of a live block.
    ///
    /// @throws HeapCorruption if none starts there
    long bytes(long address) {
        int had = pages.pagesAt(address);
        if (had == 0) {
            throw refused(address);
        }
        return bytesOf(had);
    }

    /// Makes a block of whole pages longer or shorter, which may move it.
    ///
    /// @param usable its bytes
    /// @return its address now, 0 if there is no memory: it is as it was then
    long resize(long address, long usable, long size) {
        long had = SlabPages.pagesFor(usable);
        long wanted = SlabPages.pagesFor(size);
        if (wanted == had) {
            return address;
        }
        if (!pages.resizeRun(address, wanted)) {
            return move(address, usable, wanted);
        }
        count(wanted - had);
        return address;
    }

    /// Moves a block to where there are more pages.
    private long move(long address, long kept, long wanted) {
        long run = pages.takeGrowingRun(address, wanted);
        if (run == 0 && small.giveBackSpares()) {
            run = pages.takeGrowingRun(address, wanted);
        }
        if (run == address) {
            count(wanted - SlabPages.pagesFor(kept));
        } else if (run != 0) {
            count(wanted);
            Memory.copy(address, run, kept);
            free(address);
        }
        return run;
    }

    private void count(long more) {
        if (more > 0) {
            live.more(bytesOf(more), live.isAlone());
        } else {
            live.less(bytesOf(-more), live.isAlone());
        }
    }

    /// The bytes of so many pages.
    static long bytesOf(long pages) {
        return pages << PageTable.LOG_PAGE;
    }

    private HeapCorruption refused(long address) {
        boolean isFree = pages.isFree(pages.table.pageOf(address));
        return new HeapCorruption(isFree ? Slab.FREED : Slab.NO_BLOCK, address);
    }
}
