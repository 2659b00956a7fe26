package io.javalloc.layers;

import io.javalloc.BlockVisitor;
import io.javalloc.memory.JavaTable;
import io.javalloc.memory.SplitMix64;

/// The blocks that [Randomized] holds back: for each power of two a row of places, each with a
/// block of at least so many bytes, or free.
final class HeldBlocks {

    private static final int MIN_LOG = 4;
    private static final int MAX_LOG = 15;

    /// The largest size that is served from a row, in bytes.
    static final long MAX_SIZE = 1L << MAX_LOG;

    /// Places of a row, a power of two. The row of a log2 begins at place log2 * ROW.
    static final int ROW = 1 << 5;

    /// All places.
    static final int PLACES = (MAX_LOG + 1) * ROW;

    private final SplitMix64 random;

    /// By place: the address, 0 if it is free.
    private final long[] blocks = new long[PLACES];

    /// By log2: whether the row has been used.
    private final boolean[] isUsed = new boolean[MAX_LOG + 1];

    /// By address: the place.
    private final JavaTable places = new JavaTable(2 * PLACES);

    HeldBlocks(long seed) {
        random = new SplitMix64(seed);
    }

    /// The row that serves a size.
    static int logFor(long size) {
        return Math.max(MIN_LOG, Long.SIZE - Long.numberOfLeadingZeros(size - 1));
    }

    /// The row in which a block of so many usable bytes can be, 0 for none.
    static int logWithin(long usable) {
        int log = Long.SIZE - 1 - Long.numberOfLeadingZeros(usable);
        return log < MIN_LOG || log > MAX_LOG ? 0 : log;
    }

    /// Notes that a row is used.
    ///
    /// @return whether it is for the first time
    boolean use(int log) {
        boolean isFirst = !isUsed[log];
        isUsed[log] = true;
        return isFirst;
    }

    boolean isEmpty() {
        return places.count() == 0;
    }

    boolean contains(long address) {
        return places.contains(address);
    }

    /// Shows a visitor of a heap only what is not held here.
    BlockVisitor others(BlockVisitor visitor) {
        return new Others(places, visitor);
    }

    int randomPlace(int log) {
        return log * ROW + random.below(ROW);
    }

    /// The block at a place, 0 if it is free.
    long at(int place) {
        return blocks[place];
    }

    /// Puts a block in a place that is free.
    void put(int place, long address) {
        blocks[place] = address;
        places.put(address, place);
    }

    /// Frees a place.
    ///
    /// @return the block that was there, or 0
    long take(int place) {
        long address = blocks[place];
        if (address != 0) {
            blocks[place] = 0;
            places.remove(address);
        }
        return address;
    }
}
