package io.javalloc.heaps;

import io.javalloc.Heap;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;

/// The memory that an allocator of the Vais document serves from: the region of a process, a block
/// of another heap, or what the caller has. Knows whose it is, and what of it is still zero.
final class Buffer {

    private final Region region;
    private final long base;
    private final long limit;

    /// Gets the buffer back, null if nobody does.
    private Heap owner;

    /// From here on nothing has been written since the system zeroed it.
    private long fresh;

    private Buffer(Region region, long max, Heap owner, boolean isFresh) {
        this.region = region;
        this.owner = owner;
        base = region.base();
        limit = base + Math.min(max, region.limit() - base);
        fresh = isFresh ? base : limit;
    }

    /// The first `max` bytes of a region; all of it if there are not so many.
    static Buffer of(Region region, long max) {
        return new Buffer(region, max, null, true);
    }

    /// A block of another heap, which gets it back from [#drop].
    ///
    /// @throws IllegalArgumentException if the capacity is not a size
    /// @throws IllegalStateException    if the heap has no memory for it
    static Buffer from(Heap parent, long capacity, long alignment) {
        if (capacity < 1 || capacity > Long.MAX_VALUE - alignment) {
            throw new IllegalArgumentException("a buffer cannot have " + capacity + " bytes");
        }
        long address = parent.allocate(capacity, alignment);
        if (address == 0) {
            throw new IllegalStateException(
                    "the heap has no memory for a buffer of " + capacity + " bytes");
        }
        return new Buffer(Region.ofUsable(address, capacity), capacity, parent, false);
    }

    /// Memory that stays the caller's.
    ///
    /// @throws IllegalArgumentException if there can be no such memory
    static Buffer borrowed(long address, long capacity) {
        if (address <= 0 || capacity < 1 || capacity > Long.MAX_VALUE - address) {
            throw new IllegalArgumentException(
                    "there is no buffer of " + capacity + " bytes at " + address);
        }
        return new Buffer(Region.ofUsable(address, capacity), capacity, null, false);
    }

    /// The first address.
    long base() {
        return base;
    }

    /// The first address behind it.
    long limit() {
        return limit;
    }

    /// Makes the memory before `end` usable, of which the caller is going to write.
    ///
    /// @return false if the system gives none; nothing has changed then
    boolean use(long end) {
        if (!region.commit(end)) {
            return false;
        }
        fresh = Math.max(fresh, end);
        return true;
    }

    /// Allocates from a heap in this buffer, and clears what is not zero already.
    long allocateZeroed(Heap heap, long size, long alignment) {
        long dirtyEnd = fresh;
        return Memory.cleared(heap.allocate(size, alignment), size, dirtyEnd);
    }

    /// Gives the buffer back to the heap that it came from, if it came from one.
    void drop() {
        Heap heap = owner;
        owner = null;
        if (heap != null) {
            heap.free(base);
        }
    }
}
