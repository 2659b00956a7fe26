package io.javalloc.layers;

import io.javalloc.BlockVisitor;
import io.javalloc.memory.JavaTable;

/// Freed blocks that a layer holds back from the heap inside, first in first out: a ring of their
/// addresses, which grows, and a table of their sizes.
final class FreedBlocks {

    private static final int FIRST_RING = 1 << 8;

    /// The addresses, in the order in which they came, from `oldest` on and around the end.
    private long[] ring = new long[FIRST_RING];

    private int oldest;

    /// The sizes, by address.
    private final JavaTable sizes = new JavaTable();

    long count() {
        return sizes.count();
    }

    boolean contains(long address) {
        return sizes.contains(address);
    }

    /// The address of one of them.
    ///
    /// @param index 0 for the oldest
    long address(long index) {
        return ring[at(index)];
    }

    /// The size of a block that is here.
    long size(long address) {
        return sizes.get(address);
    }

    /// Shows a visitor of a heap only what is not here.
    BlockVisitor others(BlockVisitor visitor) {
        return new Others(sizes, visitor);
    }

    /// Makes room for one more block; false if Java has no memory for that.
    boolean makeRoom() {
        return (count() < ring.length || growRing()) && sizes.makeRoom();
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

    /// Makes a block, for which there is room, the newest.
    void add(long address, long size) {
        ring[at(count())] = address;
        sizes.put(address, size);
    }

    /// Takes the oldest block out.
    ///
    /// @return its size
    long remove() {
        long address = ring[oldest];
        oldest = at(1);
        return sizes.remove(address);
    }

    private int at(long index) {
        return (int) (oldest + index & ring.length - 1);
    }
}
