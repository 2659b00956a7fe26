package io.javalloc.layers;

import io.javalloc.Heap;
import io.javalloc.HeapArguments;
import io.javalloc.HeapProvider;
import io.javalloc.Layer;

/// Counts what is live in a heap: blocks, their usable bytes, and the most that these have been.
/// The bridge puts it around every heap, for the statistics of a program.
///
/// What fails does not count, and what the heap inside refuses to free stays counted. Not
/// thread-safe: the counts are plain numbers, which a lock around this layer keeps exact.
///
/// @param heap    the heap to count
/// @param figures where the counts are kept
public record Counted(Heap heap, Figures figures) implements Layer {

    /// The counts. Bytes are usable sizes: what the blocks' owners may use, not what they asked
    /// for.
    public static final class Figures {
        private long liveBlocks;
        private long liveBytes;
        private long peakBytes;

        /// Blocks that have been allocated and not freed.
        public long liveBlocks() {
            return liveBlocks;
        }

        /// The usable bytes of the live blocks.
        public long liveBytes() {
            return liveBytes;
        }

        /// The most that [#liveBytes] has been.
        public long peakBytes() {
            return peakBytes;
        }

        private void add(long bytes) {
            liveBlocks++;
            grow(bytes);
        }

        private void remove(long bytes) {
            liveBlocks--;
            liveBytes -= bytes;
        }

        private void grow(long bytes) {
            long live = liveBytes + bytes;
            liveBytes = live;
            if (live > peakBytes) {
                peakBytes = live;
            }
        }
    }

    /// Makes `counted(heap)`.
    public static final class Provider implements HeapProvider {

        @Override
        public String name() {
            return "counted";
        }

        @Override
        public String summary() {
            return "Counts the live blocks and bytes, and their peak";
        }

        @Override
        public String inner() {
            return "HEAP";
        }

        @Override
        public Heap create(HeapArguments arguments) {
            return new Counted(arguments.inner());
        }
    }

    /// Counts from zero.
    public Counted(Heap heap) {
        this(heap, new Figures());
    }

    @Override
    public long allocate(long size, long alignment) {
        return counted(heap.allocate(size, alignment));
    }

    @Override
    public long allocateZeroed(long size, long alignment) {
        return counted(heap.allocateZeroed(size, alignment));
    }

    private long counted(long address) {
        if (address != 0) {
            figures.add(heap.usableSize(address));
        }
        return address;
    }

    @Override
    public void free(long address) {
        long bytes = heap.usableSize(address);
        heap.free(address);
        figures.remove(bytes);
    }

    @Override
    public long reallocate(long address, long size) {
        long before = heap.usableSize(address);
        long moved = heap.reallocate(address, size);
        if (moved != 0) {
            figures.grow(heap.usableSize(moved) - before);
        }
        return moved;
    }

    @Override
    public boolean isThreadSafe() {
        return false;
    }
}
