package io.javalloc.layers;

import io.javalloc.Heap;
import io.javalloc.Layer;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;

/// Remembers for each block how many bytes were asked for, and at which place of the program: a
/// number that the caller gives and that means nothing to the heap.
///
/// ```
///  block                                            end of what the inner heap gave
///  ├───────────────────────────────────┬────────┬────────┤
///  │ usable                            │  size  │ place  │
///  ├───────────────────────────────────┴────────┴────────┤
///  │                                   │◄─── note: 16 ──►│
/// ```
///
/// The note lies behind the block, where an overflow may write over it: a place is checked before
/// it is believed. As thread-safe as the heap inside, because a block is its caller's alone while
/// the note is written.
///
/// @param heap the heap inside, whose blocks carry the notes
public record Traced(Heap heap) implements Layer {

    /// Is shown blocks, see [#walkPlaces].
    @FunctionalInterface
    public interface Visitor {

        /// Takes a look at one block.
        ///
        /// @param place where it was asked for
        /// @param size  the bytes that were asked for
        void block(long place, long size);
    }

    /// The note behind a block.
    private static final class Note {

        static final long SIZE = 0;
        static final long PLACE = 8;
        static final long BYTES = 16;
        private static final long ALIGNMENT = 8;

        /// Where the note of a block is that has so many usable bytes with it.
        static long of(long address, long usable) {
            return (address + usable - BYTES) & -ALIGNMENT;
        }

        /// What to ask for so that there is room for a note; `Long.MAX_VALUE` if that is too much.
        static long withRoom(long size) {
            return size > Long.MAX_VALUE - 2 * BYTES
                    ? Long.MAX_VALUE
                    : Region.roundUp(size, ALIGNMENT) + BYTES;
        }
    }

    /// As [Heap#allocate] or [Heap#allocateZeroed], at a place.
    public long allocate(long size, long alignment, boolean zeroed, long place) {
        long asked = Note.withRoom(size);
        if (asked > Long.MAX_VALUE - alignment) {
            return 0;
        }
        long address =
                zeroed ? heap.allocateZeroed(asked, alignment) : heap.allocate(asked, alignment);
        return noted(address, size, place);
    }

    /// As [Heap#reallocate], at a place.
    public long reallocate(long address, long size, long place) {
        long asked = Note.withRoom(size);
        return asked == Long.MAX_VALUE ? 0 : noted(heap.reallocate(address, asked), size, place);
    }

    private long noted(long address, long size, long place) {
        if (address != 0) {
            long note = Note.of(address, heap.usableSize(address));
            Memory.putLong(note + Note.SIZE, size);
            Memory.putLong(note + Note.PLACE, place);
        }
        return address;
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

    @Override
    public long usableSize(long address) {
        return Note.of(address, heap.usableSize(address)) - address;
    }

    /// Shows every live block, with its place.
    public void walkPlaces(Visitor visitor) {
        heap.walk(
                (address, usable) -> {
                    long note = Note.of(address, usable);
                    long place = Memory.getLong(note + Note.PLACE);
                    long size = Memory.getLong(note + Note.SIZE);
                    visitor.block(place, Math.min(size, note - address));
                });
    }
}
