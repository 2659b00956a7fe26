package io.javalloc.heaps;

import io.javalloc.Heap;
import io.javalloc.HeapCorruption;
import io.javalloc.memory.FreeLists;
import io.javalloc.memory.PageBlocks;
import io.javalloc.memory.Region;

/// What [Hare] checks before it believes a meta, and what it says of one that it does not believe:
/// the document's words, and the address of the block. Everything that is read lies in memory that
/// may be read.
final class HareChecks implements FreeLists.Links {

    private static final String ALIGNMENT =
            "invalid alignment for metadata pointer (heap corruption?)";
    private static final String DOUBLE_FREE =
            "tried to get metadata for already-freed pointer (double free?)";
    private static final String SMALL_META =
            "invalid metadata for small allocation (non-heap pointer?)";
    private static final String SMALL_SECOND =
            "invalid secondary metadata for small allocation (out-of-bounds write?)";
    private static final String LARGE_ADDRESS =
            "invalid large allocation address (non-heap pointer?)";
    private static final String LARGE_META =
            "invalid metadata for large allocation (non-heap pointer?)";
    private static final String LARGE_SECOND =
            "invalid secondary metadata for large allocation (out-of-bounds write?)";
    private static final String NOT_MARKED =
            "expected metadata on freelist to be marked as free (heap corruption?)";
    private static final String LINK =
            "invalid metadata for small allocation on freelist (heap corruption?)";
    private static final String POISON = "invalid poison data on freelist (use after free?)";

    private final Region region;
    private final PageBlocks large;

    HareChecks(Region region, PageBlocks large) {
        this.region = region;
        this.large = large;
    }

    /// The meta of a block in use.
    ///
    /// @param block what the program says is one
    long inUse(long block) {
        if (block % Heap.MIN_ALIGNMENT != 0) {
            throw new HeapCorruption(ALIGNMENT, block);
        }
        long meta = block - HareMeta.BYTES;
        if (!isReadable(meta)) {
            throw new HeapCorruption(SMALL_META, block);
        }
        if (HareMeta.isFree(meta)) {
            throw freed(meta);
        }
        if (HareMeta.isSmall(HareMeta.size(meta))) {
            checkSmall(meta, HareMeta.size(meta));
        } else {
            checkLarge(block, HareMeta.size(meta));
        }
        return meta;
    }

    /// The meta of the next block in the list of a bin. All bytes of this one must be poison, and
    /// no more than these.
    @Override
    public long next(long meta, int bin) {
        long next = link(meta);
        if (next != 0) {
            checkListed(next);
        }
        long size = HareMeta.binSize(bin);
        if (!isReadable(HareMeta.second(meta, size))) {
            throw damaged(meta);
        }
        if (!HareMeta.isPoisoned(meta, size)) {
            throw new HeapCorruption(POISON, meta + HareMeta.BYTES);
        }
        if (HareMeta.size(HareMeta.second(meta, size)) == HareMeta.POISON) {
            throw damaged(meta); // a larger block, so it is in the list of another bin
        }
        return next;
    }

    @Override
    public void setNext(long meta, long next) {
        HareMeta.setFree(meta, next);
    }

    @Override
    public HeapCorruption damaged(long meta) {
        return new HeapCorruption(LINK, meta + HareMeta.BYTES);
    }

    @Override
    public HeapCorruption endsEarly(int bin) {
        return new HeapCorruption(
                "the freelist of "
                        + HareMeta.binSize(bin)
                        + "-byte allocations ends too early (heap corruption?)");
    }

    HeapCorruption badMeta(long meta) {
        return new HeapCorruption(SMALL_META, meta + HareMeta.BYTES);
    }

    HeapCorruption badSecond(long meta) {
        return new HeapCorruption(SMALL_SECOND, meta + HareMeta.BYTES);
    }

    HeapCorruption badRun(long run) {
        return new HeapCorruption(LARGE_ADDRESS, run);
    }

    /// Poison where the meta should be is inside of a block that is free.
    private HeapCorruption freed(long meta) {
        if (HareMeta.size(meta) != HareMeta.POISON) {
            checkListed(meta);
        }
        return new HeapCorruption(DOUBLE_FREE, meta + HareMeta.BYTES);
    }

    private void checkSmall(long meta, long size) {
        long second = HareMeta.second(meta, size);
        if (!HareMeta.isBinSize(size) || !isReadable(second)) {
            throw badMeta(meta);
        }
        if (HareMeta.isFree(second)) {
            if (!isLink(HareMeta.next(second))) {
                throw badSecond(meta);
            }
            checkListed(second);
        } else if (!HareMeta.isBinSize(HareMeta.size(second))) {
            throw badSecond(meta);
        }
    }

    private void checkLarge(long block, long size) {
        if (!large.contains(block)) {
            throw new HeapCorruption(LARGE_ADDRESS, block);
        }
        if (size + HareMeta.BYTES != large.room(block)) {
            throw new HeapCorruption(LARGE_META, block);
        }
        if (HareMeta.size(block + size) != size) {
            throw new HeapCorruption(LARGE_SECOND, block);
        }
    }

    /// Checks the meta of a free block, and that of the next one in the list.
    private void checkListed(long meta) {
        long next = link(meta);
        if (next != 0) {
            link(next);
        }
    }

    /// Where the meta of a free block leads to; 0 for nowhere.
    private long link(long meta) {
        if (!HareMeta.isFree(meta)) {
            throw new HeapCorruption(NOT_MARKED, meta + HareMeta.BYTES);
        }
        if (!isLink(HareMeta.next(meta))) {
            throw damaged(meta);
        }
        return HareMeta.next(meta);
    }

    /// Whether there can be a free block's meta at the address, or it is the end of a list.
    private boolean isLink(long meta) {
        boolean isAligned = (meta + HareMeta.BYTES) % Heap.MIN_ALIGNMENT == 0;
        return meta == 0 || isAligned && isReadable(meta);
    }

    private boolean isReadable(long meta) {
        return meta >= region.base() && meta < region.committed();
    }
}
