package io.javalloc.heaps;

import io.javalloc.Heap;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;

/// Where the words at the head of every chunk of a [ChunkRow] are, and what is in the first.
///
/// ```
///   63          48 47                                   4 3     0
///  ├──────────────┼──────────────────────────────────────┼───────┤
///  │ seal         │ length of the chunk in bytes         │ state │
///  ├──────────────┴──────────────────────────────────────┴───────┤
/// ```
///
/// The seal is made of the header's address and of the *era* of the row, so a word is a header only
/// where it was written, and only until the row begins anew: what else is taken for one, is so with
/// a chance of 1 to 65,536, if its length is sane as well.
final class ChunkHeader {

    /// Offset of the word with the length and the state.
    static final long LENGTH = 0;

    /// Offset of the link to another chunk, for rows that have links.
    static final long LINK = 8;

    /// Bytes of a header without a link, and the offset of the block behind it.
    static final long BYTES = 8;

    /// Bytes of a header with a link, and the offset of the block behind it.
    static final long BYTES_WITH_LINK = 16;

    /// What the addresses of blocks and the lengths of chunks are multiples of.
    static final long GRAIN = Heap.MIN_ALIGNMENT;

    /// The state of a chunk whose block is in use.
    static final long LIVE = 1;

    /// The state of a chunk whose block was freed, or that an alignment left over.
    static final long FREE = 2;

    private static final long STATE = GRAIN - 1;
    private static final long SEAL = 0xffff_0000_0000_0000L;
    private static final long MULTIPLIER = 0x9e37_79b9_7f4a_7c15L;

    private ChunkHeader() {}

    /// The length of a chunk for a block of at least that size.
    static long chunkLength(long size, long headerBytes) {
        return Region.roundUp(size + headerBytes, GRAIN);
    }

    /// What is written at the head of the chunk, without the seal; with bits of the seal if there
    /// is no header.
    static long word(long chunk, long era) {
        return Memory.getLong(chunk + LENGTH) ^ seal(chunk, era);
    }

    static void write(long chunk, long era, long length, long state) {
        Memory.putLong(chunk + LENGTH, (length | state) ^ seal(chunk, era));
    }

    /// Makes sure that nobody takes what is here for a header. A word of zeros is none, because no
    /// length is 0.
    static void erase(long chunk) {
        Memory.putLong(chunk + LENGTH, 0);
    }

    private static long seal(long chunk, long era) {
        return (chunk ^ era) * MULTIPLIER & SEAL;
    }

    /// Whether a word is that of a header, as far as it tells.
    static boolean isSealed(long word) {
        long state = state(word);
        return (word & SEAL) == 0 && length(word) != 0 && (state == LIVE || state == FREE);
    }

    static long length(long word) {
        return word & ~(SEAL | STATE);
    }

    static long state(long word) {
        return word & STATE;
    }

    static long link(long chunk) {
        return Memory.getLong(chunk + LINK);
    }

    static void setLink(long chunk, long link) {
        Memory.putLong(chunk + LINK, link);
    }
}
