package io.javalloc.kit;

import io.javalloc.BlockVisitor;
import io.javalloc.Heap;
import io.javalloc.HeapArguments;
import io.javalloc.HeapCorruption;
import io.javalloc.HeapOption;
import io.javalloc.HeapProvider;
import io.javalloc.Layer;
import io.javalloc.catalog.Catalog;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/// Heaps with one fault each, to see that the kit finds it and calls it by its name.
public final class PlantedHeaps {

    /// Makes `planted(N)`, the heap with the N-th fault.
    public static final class Provider implements HeapProvider {

        @Override
        public String name() {
            return "planted";
        }

        @Override
        public String summary() {
            return "A heap with a fault";
        }

        @Override
        public List<HeapOption> options() {
            return List.of(new HeapOption("fault", "NUMBER", "which of the faults"));
        }

        @Override
        public Heap create(HeapArguments arguments) {
            Fault fault = List.of(Fault.values()).get((int) arguments.number("fault", 0));
            return fault.plant(arguments.region());
        }
    }

    /// The faults. Most come with every 40th call that they could come with.
    public enum Fault {
        THROWS {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public void free(long address) {
                        if (isDue()) {
                            throw new ArithmeticException("planted");
                        }
                        super.free(address);
                    }
                };
            }
        },
        LOOPS {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    private volatile boolean isOver;

                    @Override
                    public void free(long address) {
                        while (isDue() && !isOver) {
                            turnRound();
                        }
                        super.free(address);
                    }

                    private void turnRound() {
                        while (!isOver) {
                            Thread.onSpinWait();
                        }
                    }
                };
            }
        },
        EXITS {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public void free(long address) {
                        if (isDue()) {
                            System.exit(5);
                        }
                        super.free(address);
                    }
                };
            }
        },
        HALTS {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public void free(long address) {
                        if (isDue()) {
                            Runtime.getRuntime().halt(6);
                        }
                        super.free(address);
                    }
                };
            }
        },
        OVERFLOWS_THE_STACK {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public void free(long address) {
                        if (isDue()) {
                            deeper(address);
                        }
                        super.free(address);
                    }

                    private long deeper(long depth) {
                        return depth == -1 ? 0 : deeper(depth + 1) + 1;
                    }
                };
            }
        },
        EATS_THE_JAVA_HEAP {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    private final List<long[]> eaten = new ArrayList<>();

                    @Override
                    public void free(long address) {
                        while (isDue() || !eaten.isEmpty()) {
                            eaten.add(new long[1 << 20]);
                        }
                        super.free(address);
                    }
                };
            }
        },
        CRASHES_OUTSIDE {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public void free(long address) {
                        if (isDue()) {
                            Memory.putLong(64, 1);
                        }
                        super.free(address);
                    }
                };
            }
        },
        WRITES_WHERE_NOTHING_IS_COMMITTED {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public long allocate(long size, long alignment) {
                        if (isDue()) {
                            Memory.putLong(region.limit() - 8, 1);
                        }
                        return super.allocate(size, alignment);
                    }
                };
            }
        },
        OVERLAPS {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    private long last;

                    @Override
                    public long allocate(long size, long alignment) {
                        boolean overlaps = last != 0 && size <= 32 && alignment == 16;
                        if (overlaps && isDue()) {
                            return last + 16;
                        }
                        long block = super.allocate(size, alignment);
                        last = size > 32 ? block : last;
                        return block;
                    }

                    @Override
                    public long usableSize(long address) {
                        return address == last + 16 ? 32 : super.usableSize(address);
                    }
                };
            }
        },
        TWICE_THE_SAME {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    private long last;

                    @Override
                    public long allocate(long size, long alignment) {
                        if (isDue() && last != 0) {
                            return last;
                        }
                        last = super.allocate(size, alignment);
                        return last;
                    }
                };
            }
        },
        MISALIGNED {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public long allocate(long size, long alignment) {
                        return super.allocate(size, Math.min(alignment, 4096));
                    }

                    @Override
                    public long allocateZeroed(long size, long alignment) {
                        return super.allocateZeroed(size, Math.min(alignment, 4096));
                    }
                };
            }
        },
        FOREIGN {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public long allocate(long size, long alignment) {
                        return isDue()
                                ? Arena.global().allocate(size, alignment).address()
                                : super.allocate(size, alignment);
                    }
                };
            }
        },
        NOT_COMMITTED {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public long allocate(long size, long alignment) {
                        return isDue() && alignment <= Region.PAGE
                                ? region.limit() - 16 * Region.PAGE
                                : super.allocate(size, alignment);
                    }
                };
            }
        },
        LOSES_CONTENTS_IN_REALLOC {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public long reallocate(long address, long size) {
                        long block = allocate(size, MIN_ALIGNMENT);
                        if (block == 0) {
                            return 0;
                        }
                        long kept = Math.min(size, usableSize(address));
                        Memory.copy(address, block, kept - kept / 4);
                        free(address);
                        return block;
                    }
                };
            }
        },
        FREES_BEFORE_IT_FAILS_TO_REALLOC {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public long reallocate(long address, long size) {
                        long moved = super.reallocate(address, size);
                        if (moved == 0) {
                            free(address);
                        }
                        return moved;
                    }
                };
            }
        },
        WRITES_OVER_A_NEIGHBOUR_IN_FREE {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public void free(long address) {
                        long behind = address + usableSize(address);
                        if (behind + 8 <= region.committed()) {
                            Memory.putLong(behind, 0);
                        }
                        super.free(address);
                    }
                };
            }
        },
        DOES_NOT_ZERO {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public long allocateZeroed(long size, long alignment) {
                        return super.allocate(size, alignment);
                    }
                };
            }
        },
        LEAKS_SOME {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public void free(long address) {
                        if (!isDue()) {
                            super.free(address);
                        }
                    }
                };
            }
        },
        LEAKS_ONE_SIZE {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public void free(long address) {
                        if (usableSize(address) != 64) {
                            super.free(address);
                        }
                    }
                };
            }
        },
        REFUSES_A_RIGHT_SIZE {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public boolean canBe(long size, long alignment, long usable) {
                        return size == usable;
                    }

                    @Override
                    public long reallocate(long address, long size) {
                        return size <= usableSize(address)
                                ? address
                                : super.reallocate(address, size);
                    }
                };
            }
        },
        NEVER_FREES {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public void free(long address) {
                        usableSize(address);
                    }
                };
            }
        },
        CLAIMS_TOO_MUCH {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public long usableSize(long address) {
                        return super.usableSize(address) + 8;
                    }
                };
            }
        },
        CLAIMS_TOO_LITTLE {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public long usableSize(long address) {
                        return super.usableSize(address) * 3 / 4;
                    }
                };
            }
        },
        SHOWS_TOO_LITTLE {
            @Override
            public Heap plant(Region region) {
                return new Showing(region, address -> address % 4096 != 0);
            }
        },
        SHOWS_NOTHING {
            @Override
            public Heap plant(Region region) {
                return new Showing(region, address -> false);
            }
        },
        SERVES_HUGE_SIZES {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public long allocate(long size, long alignment) {
                        return super.allocate((int) size & 0xfff, alignment);
                    }
                };
            }
        },
        CLAIMS_TO_BE_THREAD_SAFE {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public boolean isThreadSafe() {
                        return true;
                    }
                };
            }
        },
        THROWS_WHEN_MISUSED {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public void free(long address) {
                        if (address % 16 != 0) {
                            throw new ArrayIndexOutOfBoundsException(7);
                        }
                        super.free(address);
                    }
                };
            }
        },
        DOES_NOT_SURVIVE_REFUSED_MEMORY {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    private boolean isSulking;

                    @Override
                    public long allocate(long size, long alignment) {
                        long block = isSulking ? 0 : super.allocate(size, alignment);
                        isSulking = isSulking || block == 0;
                        return block;
                    }
                };
            }
        },
        SEES_DAMAGE {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public void verify() {
                        super.verify();
                        if (calls() > 200) {
                            throw new HeapCorruption("planted damage");
                        }
                    }

                    @Override
                    public void free(long address) {
                        isDue();
                        super.free(address);
                    }
                };
            }
        },
        SERVES_NOTHING {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public long allocate(long size, long alignment) {
                        return 0;
                    }

                    @Override
                    public long allocateZeroed(long size, long alignment) {
                        return 0;
                    }
                };
            }
        },
        MAKES_GARBAGE {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    private long[] garbage;

                    @Override
                    public void free(long address) {
                        garbage = new long[] {address};
                        super.free(garbage[0]);
                    }
                };
            }
        },
        FOLLOWS_WHAT_PROGRAMS_WRITE {
            @Override
            public Heap plant(Region region) {
                return new TrustsItsHeaders(region);
            }
        },
        FOLLOWS_A_CIRCLE {
            @Override
            public Heap plant(Region region) {
                return new SearchesItsList(region);
            }
        },
        DOES_NOT_ZERO_LARGE_BLOCKS {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public long allocateZeroed(long size, long alignment) {
                        return size > MIB
                                ? super.allocate(size, alignment)
                                : super.allocateZeroed(size, alignment);
                    }
                };
            }
        },
        LOSES_THE_END_OF_LARGE_BLOCKS_IN_REALLOC {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public long reallocate(long address, long size) {
                        long kept = Math.min(size, usableSize(address));
                        if (kept <= MIB) {
                            return super.reallocate(address, size);
                        }
                        long block = allocate(size, MIN_ALIGNMENT);
                        if (block != 0) {
                            Memory.copy(address, block, kept - Region.PAGE);
                            free(address);
                        }
                        return block;
                    }
                };
            }
        },
        OVERLAPS_BEHIND_LARGE_BLOCKS {
            @Override
            public Heap plant(Region region) {
                return new ServesHalf(region, Sound.MIB);
            }
        },
        OVERLAPS_BEHIND_GIANTS {
            @Override
            public Heap plant(Region region) {
                return new ServesHalf(region, 1L << 30);
            }
        },
        TELLS_USABLE_SIZES_AS_INTS {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public long usableSize(long address) {
                        return (int) super.usableSize(address);
                    }
                };
            }
        },
        MISALIGNED_ABOVE_A_MIB {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public long allocate(long size, long alignment) {
                        return super.allocate(size, Math.min(alignment, MIB));
                    }
                };
            }
        },
        LEAKS_WHAT_ANOTHER_THREAD_FREES {
            @Override
            public Heap plant(Region region) {
                return new KnowsOwners(region) {
                    @Override
                    public void free(long address) {
                        if (isOwn(address) || !isDue()) {
                            super.free(address);
                        }
                    }
                };
            }
        },
        LOSES_CONTENTS_IN_REALLOC_BY_ANOTHER_THREAD {
            @Override
            public Heap plant(Region region) {
                return new KnowsOwners(region) {
                    @Override
                    public long reallocate(long address, long size) {
                        if (!isOwn(address)) {
                            Memory.putLong(address, 0);
                        }
                        return super.reallocate(address, size);
                    }
                };
            }
        },
        TWICE_THE_SAME_LARGE_BLOCK {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    private long last;

                    @Override
                    public long allocate(long size, long alignment) {
                        if (size <= 100_000) {
                            return super.allocate(size, alignment);
                        }
                        last = last == 0 ? super.allocate(MIB, alignment) : last;
                        return last;
                    }

                    @Override
                    public void free(long address) {
                        if (address != last) {
                            super.free(address);
                        }
                    }
                };
            }
        },
        PRINTS_WITH_EACH_CALL {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public long allocate(long size, long alignment) {
                        System.out.println("allocates " + size);
                        return super.allocate(size, alignment);
                    }
                };
            }
        },
        PRINTS {
            @Override
            public Heap plant(Region region) {
                System.out.println("made by hand");
                return new Sound(region);
            }
        },
        CANNOT_BE_MADE {
            @Override
            public Heap plant(Region region) {
                throw new IllegalStateException("planted");
            }
        };

        /// A new heap with the fault.
        public abstract Heap plant(Region region);

        /// As users write it.
        public String expression() {
            return "planted(" + List.of(values()).indexOf(this) + ")";
        }
    }

    /// A heap without a fault, to plant one in.
    private static class Sound implements Layer {
        static final long MIB = 1 << 20;

        private static final int OFTEN = 40;

        private final Heap heap;
        private int calls;

        Sound(Region region) {
            heap = Catalog.create("zig-wasm", region, 0);
        }

        @Override
        public final Heap heap() {
            return heap;
        }

        final boolean isDue() {
            calls++;
            return calls % OFTEN == 0;
        }

        final int calls() {
            return calls;
        }
    }

    /// Has half as much as it says for blocks that are larger than some.
    private static final class ServesHalf extends Sound {
        private final Region region;
        private final long most;

        ServesHalf(Region region, long most) {
            super(region);
            this.region = region;
            this.most = most;
        }

        @Override
        public long allocate(long size, long alignment) {
            if (size <= 2 * most) {
                return super.allocate(size, alignment);
            }
            long block = super.allocate(size / 2, alignment);
            return block != 0 && region.commit(block + usableSize(block)) ? block : 0;
        }

        @Override
        public long usableSize(long address) {
            long usable = super.usableSize(address);
            return usable > most ? 2 * usable : usable;
        }
    }

    /// Knows which thread has allocated which block.
    private static class KnowsOwners extends Sound {
        private final Map<Long, Thread> owners = new HashMap<>();

        KnowsOwners(Region region) {
            super(region);
        }

        final boolean isOwn(long address) {
            return owners.get(address) == Thread.currentThread();
        }

        @Override
        public long allocate(long size, long alignment) {
            long block = super.allocate(size, alignment);
            owners.put(block, Thread.currentThread());
            return block;
        }

        @Override
        public long allocateZeroed(long size, long alignment) {
            long block = super.allocateZeroed(size, alignment);
            owners.put(block, Thread.currentThread());
            return block;
        }
    }

    /// Shows some of its blocks only.
    private static final class Showing extends Sound {
        private final Predicate<Long> isShown;

        Showing(Region region, Predicate<Long> isShown) {
            super(region);
            this.isShown = isShown;
        }

        @Override
        public void walk(BlockVisitor visitor) {
            heap().walk(
                            (address, usable) -> {
                                if (isShown.test(address)) {
                                    visitor.block(address, usable);
                                }
                            });
        }
    }

    /// A list of free blocks of 64 bytes, with the link in the block. What a program writes into a
    /// freed block is where the next one lies.
    private static class TrustsItsHeaders implements Heap {
        static final long SIZE = 64;

        final Region region;
        long free;
        long top;

        TrustsItsHeaders(Region region) {
            this.region = region;
            top = region.base();
        }

        @Override
        public long allocate(long size, long alignment) {
            if (size > SIZE || alignment > SIZE) {
                return 0;
            }
            if (free != 0) {
                long block = free;
                free = Memory.getLong(block);
                return block;
            }
            return cut();
        }

        final long cut() {
            if (!region.commit(top + SIZE)) {
                return 0;
            }
            top += SIZE;
            return top - SIZE;
        }

        @Override
        public void free(long address) {
            if (address % SIZE == 0 && address < top) {
                Memory.putLong(address, free);
                free = address;
            }
        }

        @Override
        public long usableSize(long address) {
            return SIZE;
        }

        @Override
        public void verify() {}

        @Override
        public void walk(BlockVisitor visitor) {}
    }

    /// As [TrustsItsHeaders], but each link is looked at; how many there are is not. It searches
    /// its list for an aligned block.
    private static final class SearchesItsList extends TrustsItsHeaders {

        SearchesItsList(Region region) {
            super(region);
        }

        @Override
        public long allocate(long size, long alignment) {
            if (size > SIZE) {
                return 0;
            }
            long previous = 0;
            for (long block = free; block != 0; block = next(block)) {
                if (block % alignment == 0) {
                    take(previous, block);
                    return block;
                }
                previous = block;
            }
            return alignment > SIZE ? 0 : cut();
        }

        private void take(long previous, long block) {
            if (previous == 0) {
                free = next(block);
            } else {
                Memory.putLong(previous, next(block));
            }
        }

        private long next(long block) {
            long next = Memory.getLong(block);
            boolean isBlock = next >= region.base() && next < top && next % SIZE == 0;
            if (next != 0 && !isBlock) {
                throw new HeapCorruption("planted", block);
            }
            return next;
        }
    }

    private PlantedHeaps() {}
}
