package io.javalloc.layers;

import io.javalloc.Heap;
import io.javalloc.HeapArguments;
import io.javalloc.HeapOption;
import io.javalloc.HeapProvider;
import io.javalloc.Layer;
import io.javalloc.memory.SplitMix64;
import java.util.List;

/// Refuses some allocations as if there were no more memory, to find out what a program does then.
///
/// What may be refused is each new block, and each reallocation beyond the usable size of a block;
/// the block stays as it was. Making a block smaller and freeing it never fail. Which are refused
/// depends on their number and on nothing else: a program that asks for the same in the same order
/// is refused the same. Several threads have one count.
///
/// @param heap     the heap inside
/// @param schedule says which allocation is refused
public record Failing(Heap heap, Schedule schedule) implements Layer {

    /// Is asked once for each allocation that may be refused.
    interface Schedule {

        /// Whether this one is.
        boolean refusesNext();
    }

    /// Refuses each n-th.
    private static final class EveryNth implements Schedule {
        private final long n;
        private long count;

        EveryNth(long n) {
            this.n = n;
        }

        @Override
        public boolean refusesNext() {
            count = count + 1 == n ? 0 : count + 1;
            return count == 0;
        }
    }

    /// Refuses each with the same probability.
    private static final class AtRandom implements Schedule {
        private final double rate;
        private final SplitMix64 random;

        AtRandom(double rate, long seed) {
            this.rate = rate;
            random = new SplitMix64(seed);
        }

        @Override
        public boolean refusesNext() {
            return random.fraction() < rate;
        }
    }

    /// Makes `failing(heap, every=NUMBER)` and `failing(heap, rate=RATE, seed=NUMBER)`.
    public static final class Provider implements HeapProvider {

        private static final String CHOICE = "failing(HEAP, every=100) or failing(HEAP, rate=0.01)";

        private static final HeapOption EVERY =
                new HeapOption("every", "NUMBER", "each n-th allocation fails; or say the rate");

        private static final HeapOption RATE =
                new HeapOption("rate", "RATE", "each allocation fails with this probability");

        private static final HeapOption SEED =
                new HeapOption("seed", "NUMBER", "of the random numbers for the rate; 0 without");

        @Override
        public String name() {
            return "failing";
        }

        @Override
        public String summary() {
            return "Refuses some allocations, the same ones in each run, to see who minds";
        }

        @Override
        public List<HeapOption> options() {
            return List.of(EVERY, RATE, SEED);
        }

        @Override
        public String inner() {
            return "HEAP";
        }

        @Override
        public Heap create(HeapArguments arguments) {
            long every = arguments.number(EVERY.name(), -1);
            double rate = arguments.rate(RATE.name(), -1);
            long seed = arguments.number(SEED.name(), -1);
            if (every >= 0 == rate >= 0) {
                throw new IllegalArgumentException("failing needs either: " + CHOICE);
            }
            if (every == 0) {
                throw new IllegalArgumentException("every=0 is no allocation: " + CHOICE);
            }
            if (every > 0 && seed >= 0) {
                throw new IllegalArgumentException("a seed belongs to a rate: " + CHOICE);
            }
            Schedule schedule =
                    every > 0 ? new EveryNth(every) : new AtRandom(rate, Math.max(0, seed));
            return new Failing(arguments.inner(), schedule);
        }
    }

    @Override
    public long allocate(long size, long alignment) {
        return schedule.refusesNext() ? 0 : heap.allocate(size, alignment);
    }

    @Override
    public long allocateZeroed(long size, long alignment) {
        return schedule.refusesNext() ? 0 : heap.allocateZeroed(size, alignment);
    }

    @Override
    public long reallocate(long address, long size) {
        boolean grows = size > heap.usableSize(address);
        return grows && schedule.refusesNext() ? 0 : heap.reallocate(address, size);
    }

    @Override
    public boolean isThreadSafe() {
        return false;
    }
}
