package io.javalloc.layers;

import io.javalloc.Heap;
import io.javalloc.HeapArguments;
import io.javalloc.HeapOption;
import io.javalloc.HeapProvider;
import io.javalloc.Layer;
import io.javalloc.memory.Memory;
import java.util.List;

/// Gives out no more than so many bytes at a time: what would exceed that is answered as if there
/// were no more memory.
///
/// The limit is one of usable sizes: what the blocks' owners may use, however much they asked for.
/// What the heap inside needs for itself, and what lies idle in it, does not count; its own option
/// `max` limits that. A block that grows, or shrinks to half of its size or less, moves, because
/// only so the limit is kept exactly: a heap tells how large a block has become when it is too late
/// to refuse. Of the two blocks that there are while the contents are copied, one counts.
///
/// @param heap the heap inside
/// @param max  the most usable bytes that may be live
/// @param live how many are
public record Limited(Heap heap, long max, Live live) implements Layer {

    /// The sum of the usable sizes of all live blocks.
    static final class Live {
        private long bytes;
    }

    /// Makes `limited(heap, max=BYTES)`.
    public static final class Provider implements HeapProvider {

        private static final HeapOption MAX =
                new HeapOption("max", "BYTES", "the most usable bytes that are live; must be said");

        @Override
        public String name() {
            return "limited";
        }

        @Override
        public String summary() {
            return "Never more than so many bytes live: a quota for what is inside";
        }

        @Override
        public List<HeapOption> options() {
            return List.of(MAX);
        }

        @Override
        public String inner() {
            return "HEAP";
        }

        @Override
        public Heap create(HeapArguments arguments) {
            long max = arguments.bytes(MAX.name(), 0);
            if (max == 0) {
                throw new IllegalArgumentException(
                        "limited needs to know the limit: limited(HEAP, max=64m)");
            }
            return new Limited(arguments.inner(), max);
        }
    }

    /// Nothing is live yet.
    Limited(Heap heap, long max) {
        this(heap, max, new Live());
    }

    @Override
    public long allocate(long size, long alignment) {
        return hasRoomFor(size) ? admitted(heap.allocate(size, alignment)) : 0;
    }

    @Override
    public long allocateZeroed(long size, long alignment) {
        return hasRoomFor(size) ? admitted(heap.allocateZeroed(size, alignment)) : 0;
    }

    private boolean hasRoomFor(long bytes) {
        return bytes <= max - live.bytes;
    }

    /// Lets a new block through, or gives it back if the heap inside has made it too large.
    private long admitted(long address) {
        if (address == 0) {
            return 0;
        }
        long usable = heap.usableSize(address);
        if (!hasRoomFor(usable)) {
            heap.free(address);
            return 0;
        }
        live.bytes += usable;
        return address;
    }

    @Override
    public void free(long address) {
        long usable = heap.usableSize(address);
        heap.free(address);
        live.bytes -= usable;
    }

    @Override
    public long reallocate(long address, long size) {
        long usable = heap.usableSize(address);
        boolean canBe = heap.canBe(size, MIN_ALIGNMENT, usable);
        if (canBe && size > usable / 2) {
            return address;
        }
        live.bytes -= usable; // what it leaves is room for what it becomes
        long moved = allocate(size, MIN_ALIGNMENT);
        if (moved == 0) {
            live.bytes += usable;
            return size > usable ? 0 : canBe ? address : shrunk(address, size, usable);
        }
        Memory.copy(address, moved, Math.min(size, usable));
        heap.free(address);
        return moved;
    }

    /// Where it is, or in the heap inside.
    private long shrunk(long address, long size, long usable) {
        long shrunk = heap.reallocate(address, size);
        live.bytes += heap.usableSize(shrunk) - usable;
        return shrunk;
    }

    @Override
    public boolean isThreadSafe() {
        return false;
    }
}
