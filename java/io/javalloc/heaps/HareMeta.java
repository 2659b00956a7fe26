package io.javalloc.heaps;

import io.javalloc.Heap;
import io.javalloc.memory.Memory;

/// The meta word that stands before and after every block of [Hare], and the sizes of its bins.
///
/// The meta of a block that is in use is its size. The meta of a free small block is the meta of
/// the next free block of its bin, or 0, with the lowest bit set.
final class HareMeta {

    /// Bytes of a meta, and the offset of the block from it.
    static final long BYTES = 8;

    /// Offset in a chunk of its first meta, so that the first block is aligned.
    static final long FIRST = 8;

    /// Bits that are set in the meta of a free block.
    static final long FREE = 1;

    /// What is in every word of a free small block: 0x69 in every byte.
    static final long POISON = 0x6969696969696969L;

    /// The number of bins.
    static final int BINS = 9;

    /// The size of the blocks of the last bin.
    static final long LARGEST_SMALL = binSize(BINS - 1);

    private static final long ALIGN = Heap.MIN_ALIGNMENT;

    private HareMeta() {}

    /// The size of the blocks of a bin: with its meta, a multiple of the alignment; without, a
    /// little more than a power of two.
    static long binSize(int bin) {
        long part = bin == 0 ? 0 : 1L << bin - 1;
        return part * ALIGN + ALIGN - BYTES;
    }

    /// The bin for a request of so many bytes, which [#isSmall] is true for.
    static int bin(long size) {
        long parts = (size + BYTES - 1) / ALIGN;
        return parts == 0 ? 0 : 1 + ceilLog(parts);
    }

    static boolean isSmall(long size) {
        return Long.compareUnsigned(size, LARGEST_SMALL) <= 0;
    }

    /// Whether blocks of a bin have exactly this size.
    static boolean isBinSize(long size) {
        return isSmall(size) && binSize(bin(size)) == size;
    }

    static long size(long meta) {
        return Memory.getLong(meta);
    }

    static void setSize(long meta, long size) {
        Memory.putLong(meta, size);
    }

    static boolean isFree(long meta) {
        return (Memory.getLong(meta) & FREE) != 0;
    }

    /// The meta of the next free block, of one that is marked as free; it may have been
    /// overwritten.
    static long next(long meta) {
        return Memory.getLong(meta) & ~FREE;
    }

    static void setFree(long meta, long next) {
        Memory.putLong(meta, next | FREE);
    }

    /// The meta behind a block of that size.
    static long second(long meta, long size) {
        return meta + BYTES + size;
    }

    /// Fills a free block. (By words, because [Memory#fill] makes objects until it is compiled.)
    static void poison(long meta, long size) {
        long second = second(meta, size);
        for (long at = meta + BYTES; at < second; at += Long.BYTES) {
            Memory.putLong(at, POISON);
        }
    }

    /// Whether nobody has written to a free block since.
    static boolean isPoisoned(long meta, long size) {
        return poisoned(meta, second(meta, size)) == size;
    }

    /// How many bytes of poison there are behind a meta, up to the next word that is none: the size
    /// of a free block that nobody has written to.
    ///
    /// @param end where to stop at the latest
    static long poisoned(long meta, long end) {
        long at = meta + BYTES;
        while (at < end && Memory.getLong(at) == POISON) {
            at += Long.BYTES;
        }
        return at - meta - BYTES;
    }

    /// The least n for which 2^n is `value` or more.
    private static int ceilLog(long value) {
        return Long.SIZE - Long.numberOfLeadingZeros(value - 1);
    }
}
