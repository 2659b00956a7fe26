package io.javalloc.slab;

/// What becomes of a block whose size changes: it stays if it is more than half full, or as small
/// as a block for the size can be; else it moves, if there is memory.
final class Resizing {

    private final Slab heap;
    private final LargeBlocks blocks;

    /// Whether a block has become smaller that could not move.
    private boolean hasKeptLarger;

    Resizing(Slab heap, LargeBlocks blocks) {
        this.heap = heap;
        this.blocks = blocks;
    }

    /// A block of a size class; see [Slab#reallocate].
    long small(long address, long size) {
        long usable = heap.usableSize(address);
        boolean stays =
                size <= usable
                        && (size > usable / 2 || SizeClasses.bytes(SizeClasses.of(size)) == usable);
        return stays ? address : movedOrKept(address, usable, size);
    }

    /// A run of pages; see [Slab#reallocate].
    long large(long address, long size) {
        long usable = heap.usableSize(address);
        long resized = blocks.resize(address, usable, size);
        if (resized == 0 || size > SizeClasses.LARGEST) {
            return resized;
        }
        return movedOrKept(resized, LargeBlocks.bytesOf(SlabPages.pagesFor(size)), size);
    }

    /// A block that becomes smaller and cannot move stays.
    private long movedOrKept(long address, long usable, long size) {
        long moved = heap.move(address, Math.min(size, usable), size);
        if (moved == 0 && size <= usable) {
            hasKeptLarger = true;
            return address;
        }
        return moved;
    }

    /// Whether a block can have so many usable bytes; see [Slab#canBe]. One that is more than half
    /// full may have become smaller where it is; one that is less, when there was no memory for
    /// another.
    boolean canBe(long size, long alignment, long usable) {
        int sizeClass = SizeClasses.of(size, alignment);
        return size <= usable
                && (sizeClass == 0
                        || size > usable / 2
                        || SizeClasses.bytes(sizeClass) == usable
                        || hasKeptLarger);
    }
}
