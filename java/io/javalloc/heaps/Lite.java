package io.javalloc.heaps;

import io.javalloc.BlockVisitor;
import io.javalloc.Heap;
import io.javalloc.HeapArguments;
import io.javalloc.HeapCorruption;
import io.javalloc.HeapOption;
import io.javalloc.HeapProvider;
import io.javalloc.memory.Frontier;
import io.javalloc.memory.LiveBlocks;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import java.util.List;

/// Four bins and a bump pointer, after lite-alloc's `SegregatedBumpAllocator` (Rust, made for
/// WebAssembly). It neither splits nor merges, and no block has a header.
///
/// ```
///  ├──┬────┬──┬────────┬─────────────────┬────┬────────────────┬─ ─ ─ ─ ─ ─
///  │16│ 32 │16│n  64   │      1008       │n 32│      128       │
///  └──┴────┴──┴────────┴─────────────────┴────┴────────────────┴─ ─ ─ ─ ─ ─
///              ▲                          ▲                     ▲
///       bins:  64 ─► 0                    32 ─► 0               heap top
/// ```
///
/// What it promises, and what it refuses:
/// - Up to 128 bytes, a block has the size of its bin: 16, 32, 64 or 128. A bin hands out first
///   what was freed last; allocating and freeing take the same few steps, however many blocks there
///   are.
/// - What no bin has is cut at the heap top, which moves up. The document's memory grows by 64 KiB
///   at a time; here it grows as [Region#commit] sees fit.
/// - More than 128 bytes are cut at the heap top, and lost when they are freed: it is meant for
///   programs that end soon, or that have more memory than they need.
/// - An alignment of more than 16 bypasses the bins. The gap before the block is lost.
/// - A block stays where it is while the new size fits into it, and also if it ends at the heap
///   top, which then moves up with it. Otherwise it moves.
///
/// Different from the document, on purpose:
/// - The document is told the size when a block is freed; C's `free` is not. A table in Java,
///   [LiveBlocks], knows where blocks end. It takes 1 KiB of Java's memory for every 64 KiB of the
///   heap where blocks start or end, and has 32 MiB. So live blocks shorter than 64 KiB are served
///   until they take 2 GiB, and of longer ones there are 16,384 at least; then the answer is 0.
/// - So an address where no live block starts is refused, a double free too, and a free block that
///   was written to, mostly.
/// - Sizes above 128 are rounded up to 16, so that the gap behind them need not be remembered.
/// - A block of 128 bytes or less with a larger alignment goes to the bin of its size when it is
///   freed; the document does not know the size, and loses it.
/// - A small block that grows at the heap top gets the size of a bin; in the document it gets what
///   was asked for, and a bin later hands it out as if it were longer.
public final class Lite implements Heap {

    /// Makes [Lite] heaps. Option `max`: the bytes it may use, all of the region if absent.
    public static final class Provider implements HeapProvider {

        @Override
        public String name() {
            return "lite";
        }

        @Override
        public String summary() {
            return "Four bins and a bump pointer: small blocks are reused, large ones never";
        }

        @Override
        public Heap create(HeapArguments arguments) {
            return new Lite(arguments.region(), arguments.max());
        }

        @Override
        public List<HeapOption> options() {
            return List.of(HeapOption.MAX);
        }

        @Override
        public String document() {
            return "lite-alloc, SegregatedBumpAllocator (Rust)";
        }

        @Override
        public String checks() {
            return "double free, pointers that are not a block";
        }
    }

    private static final int LOG_SMALLEST = 4;
    private static final long SMALLEST = 1 << LOG_SMALLEST;
    private static final long LARGEST_BIN = 128;

    /// The first free block of 16, 32, 64 and 128 bytes, 0 for none.
    private final long[] bins = new long[4];

    /// Its end is the heap top.
    private final Frontier frontier;

    private final LiveBlocks live;

    /// @param max the bytes it may use, from the region's base; no more than the region has
    /// @throws IllegalArgumentException if not even one block would fit
    Lite(Region region, long max) {
        frontier = new Frontier(region, max, SMALLEST);
        live = new LiveBlocks(frontier.base(), LOG_SMALLEST);
        if (frontier.room() < SMALLEST) {
            throw new IllegalArgumentException("lite needs a max of at least 16 bytes, not " + max);
        }
    }

    @Override
    public long allocate(long size, long alignment) {
        if (size > frontier.room()) {
            return 0;
        }
        long capacity = capacityFor(size);
        boolean hasBin = capacity <= LARGEST_BIN && alignment <= MIN_ALIGNMENT;
        if (hasBin && bins[binOf(capacity)] != 0) {
            return reuse(capacity);
        }
        return bump(capacity, alignment);
    }

    @Override
    public long allocateZeroed(long size, long alignment) {
        long dirtyEnd = frontier.fresh();
        return Memory.cleared(allocate(size, alignment), size, dirtyEnd);
    }

    @Override
    public void free(long address) {
        long capacity = usableSize(address);
        live.remove(address, capacity);
        if (capacity <= LARGEST_BIN) {
            int bin = binOf(capacity);
            FreeNode.setNext(address, bins[bin]);
            bins[bin] = address;
        }
    }

    @Override
    public long usableSize(long address) {
        long capacity = live.bytesAt(address);
        if (capacity == 0) {
            throw new HeapCorruption(
                    "No block starts at this address, or it has already been freed", address);
        }
        return capacity;
    }

    @Override
    public long reallocate(long address, long size) {
        long capacity = usableSize(address);
        if (size <= capacity) {
            return address;
        }
        boolean stays = address + capacity == frontier.end() && growAtTop(address, capacity, size);
        return stays ? address : Heap.super.reallocate(address, size);
    }

    /// The bytes of the block that serves so many: a bin's, or a multiple of 16.
    private static long capacityFor(long size) {
        if (size > LARGEST_BIN) {
            return Region.roundUp(size, MIN_ALIGNMENT);
        }
        return size <= SMALLEST ? SMALLEST : Long.highestOneBit(size - 1) << 1;
    }

    private static int binOf(long capacity) {
        return Long.numberOfTrailingZeros(capacity) - LOG_SMALLEST;
    }

    /// Takes the first block of a bin that has one.
    private long reuse(long capacity) {
        int bin = binOf(capacity);
        long block = bins[bin];
        long next = FreeNode.next(block);
        if (next != 0 && !canBeFree(next, capacity)) {
            throw new HeapCorruption("A free block has been overwritten", block);
        }
        if (!live.add(block, capacity)) {
            return 0;
        }
        bins[bin] = next;
        return block;
    }

    private long bump(long capacity, long alignment) {
        long start = Region.roundUp(frontier.end(), alignment);
        if (start + capacity > frontier.limit() || !live.add(start, capacity)) {
            return 0;
        }
        if (!frontier.advance(start + capacity)) {
            live.remove(start, capacity);
            return 0;
        }
        return start;
    }

    private boolean growAtTop(long address, long before, long size) {
        if (size > frontier.limit() - address) {
            return false;
        }
        long after = capacityFor(size);
        if (!live.resize(address, before, after)) {
            return false;
        }
        if (!frontier.advance(address + after)) {
            live.resize(address, after, before);
            return false;
        }
        return true;
    }

    /// Whether there can be a free block at an address that was found in memory which the program
    /// can write to.
    private boolean canBeFree(long block, long capacity) {
        return block >= frontier.base()
                && block <= frontier.end() - capacity
                && block % MIN_ALIGNMENT == 0
                && !live.hasEdge(block, capacity);
    }

    /// Counts the free blocks as live for a moment: none may overlap a live one, or be there twice.
    @Override
    public void verify() {
        long counted = 0;
        long wrong = 0;
        for (long capacity = SMALLEST; capacity <= LARGEST_BIN && wrong == 0; capacity *= 2) {
            long block = bins[binOf(capacity)];
            while (block != 0 && wrong == 0) {
                if (!canBeFree(block, capacity)) {
                    wrong = block;
                } else if (live.add(block, capacity)) {
                    counted++;
                    block = FreeNode.next(block);
                } else {
                    block = 0; // no memory for more: the rest of the bin goes unchecked
                }
            }
        }
        long overlapped = live.overlapped();
        uncount(counted);
        if (wrong != 0) {
            throw new HeapCorruption("A bin leads to what is not a free block, or twice", wrong);
        }
        if (overlapped != 0) {
            throw new HeapCorruption("Another block lies inside of this one", overlapped);
        }
    }

    private void uncount(long counted) {
        long left = counted;
        for (long capacity = SMALLEST; left > 0; capacity *= 2) {
            long block = bins[binOf(capacity)];
            while (block != 0 && left > 0) {
                live.remove(block, capacity);
                block = FreeNode.next(block);
                left--;
            }
        }
    }

    @Override
    public void walk(BlockVisitor visitor) {
        live.walk(visitor::block);
    }
}
