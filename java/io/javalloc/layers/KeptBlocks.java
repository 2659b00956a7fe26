package io.javalloc.layers;

import io.javalloc.Heap;
import io.javalloc.memory.Region;

/// The freed blocks whose pages [Guarded] keeps inaccessible, first in first out, until the heap
/// inside gets them. Their memory has gone back to the system.
final class KeptBlocks {

    private static final long PAGE = Region.SYSTEM_PAGE;

    private final Heap heap;
    private final Region region;
    private final long max;
    private final FreedBlocks blocks = new FreedBlocks();

    /// @param heap   the heap inside
    /// @param region whose pages are protected
    /// @param max    how many are kept at a time
    KeptBlocks(Heap heap, Region region, long max) {
        this.heap = heap;
        this.region = region;
        this.max = max;
    }

    long count() {
        return blocks.count();
    }

    boolean contains(long address) {
        return blocks.contains(address);
    }

    /// Makes room for one more block, for which the oldest may have to leave.
    ///
    /// @return false if none may be kept, or none leaves
    boolean makeRoom() {
        return count() < max || releaseOldest();
    }

    /// Makes the pages of a block inaccessible, and the block the newest here.
    ///
    /// @param isGuarded whether its guard is inaccessible already
    /// @return false if the system refuses, or Java has no memory to note the block; its pages are
    ///         accessible as before then, but what was in them may be gone
    boolean add(long address, long size, boolean isGuarded) {
        long pages = GuardedBlocks.pages(address);
        long end = GuardedBlocks.guard(address, size) + (isGuarded ? 0 : PAGE);
        boolean isKept =
                blocks.makeRoom()
                        && region.discard(pages, end - pages)
                        && region.protect(pages, end - pages, false);
        if (isKept) {
            blocks.add(address, size);
        }
        return isKept;
    }

    /// Makes the pages of the oldest block accessible again, and gives them to the heap inside. If
    /// the system refuses (it may have no mapping left to divide one), the block stays, as the
    /// newest: another one may be luckier.
    ///
    /// @return false if the system refuses, or there is no block
    boolean releaseOldest() {
        if (count() == 0) {
            return false;
        }
        long address = blocks.address(0);
        long size = blocks.remove();
        long pages = GuardedBlocks.pages(address);
        long end = GuardedBlocks.guard(address, size) + PAGE;
        if (!region.protect(pages, end - pages, true)) {
            blocks.add(address, size);
            return false;
        }
        heap.free(pages);
        return true;
    }

    /// Lets all blocks go.
    ///
    /// @return false if none went
    boolean releaseAll() {
        boolean any = false;
        for (long left = count(); left > 0; left--) {
            any |= releaseOldest();
        }
        return any;
    }

    /// Says what happened at an address in the pages of a block; null if it is in none.
    String explain(long address) {
        for (long index = 0; index < count(); index++) {
            long block = blocks.address(index);
            long size = blocks.size(block);
            long end = GuardedBlocks.guard(block, size) + PAGE;
            if (address >= GuardedBlocks.pages(block) && address < end) {
                return "The program reads or writes "
                        + (address < block ? "before the start of " : "")
                        + (address >= block + size ? "behind the end of " : "")
                        + "a block of "
                        + size
                        + " bytes that has been freed, at byte "
                        + (address - block)
                        + ": 0x"
                        + Long.toHexString(block);
            }
        }
        return null;
    }
}
