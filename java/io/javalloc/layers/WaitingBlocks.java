package io.javalloc.layers;

import io.javalloc.BlockVisitor;
import io.javalloc.memory.JavaTable;
import io.javalloc.memory.Memory;

/// The freed blocks that wait in a [Quarantine]: a ring of their addresses, which grows, and a
/// table of their sizes.
final class WaitingBlocks {

    /// What they are filled with.
    static final byte FREED = (byte) 0xdd;

    /// How many can wait, to limit what this takes of Java's own memory.
    private static final int MAX_BLOCKS = 1 << 18;

    private static final int FIRST_RING = 1 << 8;

    private final long maxBytes;

    /// The addresses, in the order in which they came, from `oldest` on and around the end.
    private long[] ring = new long[FIRST_RING];

    private int oldest;

    /// The sizes, by address.
    private final JavaTable sizes = new JavaTable();

    private long bytes;

    /// @param maxBytes the most bytes that wait at a time
    WaitingBlocks(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    boolean isEmpty() {
        return sizes.count() == 0;
    }

    boolean contains(long address) {
        return sizes.contains(address);
    }

    /// Shows a visitor of a heap only what does not wait here.
    BlockVisitor others(BlockVisitor visitor) {
        return new Others(sizes, visitor);
    }

    /// Whether a block of that size may wait at all: it is not too large, and Java has memory to
    /// note it.
    boolean mayWait(long size) {
        return size <= maxBytes && (sizes.count() < ring.length || growRing()) && sizes.makeRoom();
    }

    private boolean growRing() {
        try {
            long[] more = new long[2 * ring.length];
            System.arraycopy(ring, oldest, more, 0, ring.length - oldest);
            System.arraycopy(ring, 0, more, ring.length - oldest, oldest);
            ring = more;
            oldest = 0;
            return true;
        } catch (OutOfMemoryError e) {
            return false;
        }
    }

    /// Whether there is room for a block without another one leaving.
    boolean hasRoomFor(long size) {
        return size <= maxBytes - bytes && sizes.count() < MAX_BLOCKS;
    }

    /// Fills a block that may wait and has room, and makes it the newest.
    void add(long address, long size) {
        Memory.fill(address, size, FREED);
        ring[at(sizes.count())] = address;
        sizes.put(address, size);
        bytes += size;
    }

    /// Checks the oldest block, and takes it out.
    ///
    /// @throws io.javalloc.HeapCorruption if somebody wrote to it
    long remove() {
        long address = ring[oldest];
        check(address);
        oldest = at(1);
        bytes -= sizes.remove(address);
        return address;
    }

    /// Checks all blocks.
    ///
    /// @throws io.javalloc.HeapCorruption if somebody wrote to one
    void check() {
        for (int index = 0; index < sizes.count(); index++) {
            check(ring[at(index)]);
        }
    }

    private void check(long address) {
        long size = sizes.get(address);
        long intact = Pattern.intact(address, size, FREED);
        if (intact != size) {
            throw Damage.writtenAfterFree(address, size, intact);
        }
    }

    private int at(long index) {
        return (int) (oldest + index & ring.length - 1);
    }
}
