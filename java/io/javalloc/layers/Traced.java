package io.javalloc.layers;

import io.javalloc.Layer;
import io.javalloc.memory.RegionTable;

/// Remembers for each block how many bytes were asked for, and at which place of the program: a
/// number that the caller gives and that means nothing to the heap.
///
/// ```
///  region:  ├── the heap's part: blocks as they are without notes ──┼── notes ──┤
///
///  note:    block ──► │ place: 20 bits │ size: 43 bits │
/// ```
///
/// The notes are in a table of their own, apart from the blocks: what guards the ends of blocks, or
/// promises something of all their usable bytes, sees the very blocks that it sees without notes,
/// and an overflow does not reach a note. A block for which the table has no room goes without.
///
/// Notes and blocks change together, under the one lock of the heap.
///
/// @param heap  the heap inside, with its lock
/// @param notes by live block: its note
public record Traced(Locked heap, RegionTable notes) implements Layer {

    /// Is shown blocks, see [#walkPlaces].
    @FunctionalInterface
    public interface Visitor {

        /// Takes a look at one block.
        ///
        /// @param place where it was asked for; 0 if that is not known
        /// @param size  the bytes that were asked for; the usable ones if that is not known
        void block(long place, long size);
    }

    /// What is known of a block, in one word that is not negative.
    private static final class Note {

        private static final int SIZE_BITS = 43;
        private static final long MAX_SIZE = (1L << SIZE_BITS) - 1;
        private static final long MAX_PLACE = Long.MAX_VALUE >>> SIZE_BITS;

        static long of(long place, long size) {
            return (place > MAX_PLACE ? 0 : place) << SIZE_BITS | Math.min(size, MAX_SIZE);
        }

        static long place(long note) {
            return note >>> SIZE_BITS;
        }

        static long size(long note) {
            return note & MAX_SIZE;
        }
    }

    /// As [io.javalloc.Heap#allocate] or [io.javalloc.Heap#allocateZeroed], at a place.
    public long allocate(long size, long alignment, boolean zeroed, long place) {
        if (heap.isAlone()) {
            return allocateAlone(size, alignment, zeroed, place);
        }
        synchronized (heap.monitor()) {
            return allocateAlone(size, alignment, zeroed, place);
        }
    }

    private long allocateAlone(long size, long alignment, boolean zeroed, long place) {
        long address =
                zeroed
                        ? heap.heap().allocateZeroed(size, alignment)
                        : heap.heap().allocate(size, alignment);
        return noted(address, size, place);
    }

    /// As [io.javalloc.Heap#reallocate], at a place.
    public long reallocate(long address, long size, long place) {
        if (heap.isAlone()) {
            return reallocateAlone(address, size, place);
        }
        synchronized (heap.monitor()) {
            return reallocateAlone(address, size, place);
        }
    }

    private long reallocateAlone(long address, long size, long place) {
        long moved = heap.heap().reallocate(address, size);
        if (moved != 0 && moved != address) {
            notes.remove(address);
        }
        return noted(moved, size, place);
    }

    private long noted(long address, long size, long place) {
        if (address != 0) {
            notes.put(address, Note.of(place, size));
        }
        return address;
    }

    @Override
    public void free(long address) {
        if (heap.isAlone()) {
            freeAlone(address);
            return;
        }
        synchronized (heap.monitor()) {
            freeAlone(address);
        }
    }

    private void freeAlone(long address) {
        heap.heap().free(address);
        notes.remove(address);
    }

    @Override
    public long allocate(long size, long alignment) {
        return allocate(size, alignment, false, 0);
    }

    @Override
    public long allocateZeroed(long size, long alignment) {
        return allocate(size, alignment, true, 0);
    }

    @Override
    public long reallocate(long address, long size) {
        return reallocate(address, size, 0);
    }

    /// Shows every live block, with its place.
    public void walkPlaces(Visitor visitor) {
        heap.walk(
                (address, usable) -> {
                    long note = notes.get(address);
                    if (note == RegionTable.ABSENT) {
                        visitor.block(0, usable);
                    } else {
                        visitor.block(Note.place(note), Note.size(note));
                    }
                });
    }
}
