package io.javalloc.layers;

import io.javalloc.BlockVisitor;
import io.javalloc.Heap;
import io.javalloc.HeapArguments;
import io.javalloc.HeapCorruption;
import io.javalloc.HeapOption;
import io.javalloc.HeapProvider;
import io.javalloc.memory.Memory;
import java.util.List;

/// Hands out the blocks of the heap inside in random order, after the shuffling layer of Heap
/// Layers: it holds some blocks of each size back. A new block from inside takes the place of a
/// random one of them, which is handed out; a freed block does the same, and the one that was there
/// goes back inside.
///
/// ```
///    heap.allocate ───►│   │   │   │▓▓▓│   │   │   │   │───► to the program     a row for
///  program's free ────►│   │▓▓▓│   │   │   │   │   │   │───► heap.free          each size
/// ```
///
/// Against what it helps: who overflows a block, or uses a freed one, cannot count on which block
/// lies behind it or who gets it next; and a bug that hides because the same block always comes
/// back shows itself sooner or later. It is no protection against who can read the program's
/// memory, or try as often as it takes.
///
/// Sizes are rounded up to powers of two. Blocks of more than [HeldBlocks#MAX_SIZE] bytes, and
/// aligned ones, are handed out as they come. When there is no memory, and on a trim, all that is
/// held goes back inside. A block that is held is free: who frees it again is stopped.
///
/// @param heap the heap inside
/// @param held the blocks that are held back
public record Randomized(Heap heap, HeldBlocks held) implements Moving {

    /// Makes `randomized(heap, seed=NUMBER)`.
    public static final class Provider implements HeapProvider {

        private static final HeapOption SEED =
                new HeapOption("seed", "NUMBER", "of the random numbers; each run its own without");

        @Override
        public String name() {
            return "randomized";
        }

        @Override
        public String summary() {
            return "Hands blocks out in random order: nobody knows who lies beside whom";
        }

        @Override
        public List<HeapOption> options() {
            return List.of(SEED);
        }

        @Override
        public String inner() {
            return "HEAP";
        }

        @Override
        public String checks() {
            return "double free of blocks that are held back";
        }

        @Override
        public Heap create(HeapArguments arguments) {
            long seed = arguments.number(SEED.name(), -1);
            long start = seed >= 0 ? seed : System.nanoTime() ^ arguments.region().base();
            return new Randomized(arguments.inner(), new HeldBlocks(start));
        }
    }

    @Override
    public long allocate(long size, long alignment) {
        if (isShuffled(size, alignment)) {
            return shuffled(size);
        }
        long address = heap.allocate(size, alignment);
        return address == 0 && releaseAll() ? heap.allocate(size, alignment) : address;
    }

    @Override
    public long allocateZeroed(long size, long alignment) {
        if (!isShuffled(size, alignment)) {
            long address = heap.allocateZeroed(size, alignment);
            return address == 0 && releaseAll() ? heap.allocateZeroed(size, alignment) : address;
        }
        long address = shuffled(size);
        if (address != 0) {
            Memory.fill(address, size, (byte) 0);
        }
        return address;
    }

    private static boolean isShuffled(long size, long alignment) {
        return size <= HeldBlocks.MAX_SIZE && alignment == MIN_ALIGNMENT;
    }

    private long shuffled(long size) {
        int log = HeldBlocks.logFor(size);
        if (held.use(log)) {
            fillRow(log);
        }
        long fresh = heap.allocate(1L << log, MIN_ALIGNMENT);
        if (fresh == 0) {
            return releaseAll() ? heap.allocate(size, MIN_ALIGNMENT) : 0;
        }
        int place = held.randomPlace(log);
        long other = held.take(place);
        if (other == 0) {
            return fresh;
        }
        held.put(place, fresh);
        return other;
    }

    private void fillRow(int log) {
        for (int place = log * HeldBlocks.ROW; place < (log + 1) * HeldBlocks.ROW; place++) {
            long address = held.at(place) == 0 ? heap.allocate(1L << log, MIN_ALIGNMENT) : 0;
            if (address != 0) {
                held.put(place, address);
            }
        }
    }

    @Override
    public void free(long address) {
        int log = HeldBlocks.logWithin(usableSize(address));
        if (log == 0) {
            heap.free(address);
            return;
        }
        int place = held.randomPlace(log);
        long other = held.take(place);
        held.put(place, address);
        if (other != 0) {
            heap.free(other);
        }
    }

    @Override
    public long usableSize(long address) {
        if (held.contains(address)) {
            throw Damage.freedBefore(address);
        }
        return heap.usableSize(address);
    }

    /// Sizes are rounded up, so the heap inside has another idea of them.
    @Override
    public boolean canBe(long size, long alignment, long usable) {
        return size <= usable;
    }

    /// @return false if none was held
    private boolean releaseAll() {
        if (held.isEmpty()) {
            return false;
        }
        for (int place = 0; place < HeldBlocks.PLACES; place++) {
            long address = held.take(place);
            if (address != 0) {
                heap.free(address);
            }
        }
        return true;
    }

    @Override
    public long trim(long keep) {
        releaseAll();
        return heap.trim(keep);
    }

    @Override
    public void verify() {
        for (int place = 0; place < HeldBlocks.PLACES; place++) {
            long address = held.at(place);
            if (address != 0 && heap.usableSize(address) < 1L << place / HeldBlocks.ROW) {
                throw new HeapCorruption("A block that is held has become smaller", address);
            }
        }
        heap.verify();
    }

    @Override
    public void walk(BlockVisitor visitor) {
        heap.walk(held.others(visitor));
    }

    @Override
    public boolean isThreadSafe() {
        return false;
    }
}
