package io.javalloc.heaps;

import io.javalloc.Heap;
import io.javalloc.memory.Memory;

/// Where the two words of a block of [AppelNaumann] are, and the sizes of its bins.
final class AppelNaumannBlock {

    /// Offset of the block's size in bytes.
    static final long SIZE = -8;

    /// Offset of the address of the next free block of the bin, 0 for none; only in a free block.
    static final long LINK = 0;

    /// Offset in a chunk of its first block, which is behind a word that is not used and a size.
    static final long FIRST = 16;

    /// Bytes before a block that belong to it.
    static final long HEADER = 8;

    /// The number of bins.
    static final int BINS = 50;

    /// The size of the blocks of the last bin.
    static final long LARGEST_SMALL = binSize(BINS - 1);

    private static final long ALIGN = Heap.MIN_ALIGNMENT;

    private AppelNaumannBlock() {}

    /// The size of the blocks of a bin: with the header, a multiple of the alignment.
    static long binSize(int bin) {
        return (bin + 1) * ALIGN - HEADER;
    }

    /// The bin for a request of so many bytes, which [#isSmall] is true for.
    static int bin(long size) {
        return (int) ((size + HEADER - 1) / ALIGN);
    }

    static boolean isSmall(long size) {
        return Long.compareUnsigned(size, LARGEST_SMALL) <= 0;
    }

    /// Whether blocks of a bin have exactly this size.
    static boolean isBinSize(long size) {
        return isSmall(size) && binSize(bin(size)) == size;
    }

    /// How many blocks of a bin fill a chunk of so many bytes.
    static long blocksIn(long chunkBytes, int bin) {
        return (chunkBytes - (FIRST - HEADER)) / stride(bin);
    }

    /// Bytes from a block of a chunk to the one behind it.
    static long stride(int bin) {
        return HEADER + binSize(bin);
    }

    static long size(long block) {
        return Memory.getLong(block + SIZE);
    }

    static void setSize(long block, long size) {
        Memory.putLong(block + SIZE, size);
    }

    static long link(long block) {
        return Memory.getLong(block + LINK);
    }

    static void setLink(long block, long link) {
        Memory.putLong(block + LINK, link);
    }
}
