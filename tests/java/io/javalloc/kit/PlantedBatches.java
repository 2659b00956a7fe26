package io.javalloc.kit;

import io.javalloc.BatchHeap;
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
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/// Heaps that serve by the batch, with one fault each.
public final class PlantedBatches {

    /// Makes `planted-batches(N)`, the heap with the N-th fault.
    public static final class Provider implements HeapProvider {

        @Override
        public String name() {
            return "planted-batches";
        }

        @Override
        public String summary() {
            return "A heap that serves by the batch, with a fault";
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

    /// The faults.
    public enum Fault {
        FILLS_WITH_ONE_TWICE {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public int fill(int sizeClass, long slots, int count) {
                        int filled = super.fill(sizeClass, slots, count);
                        if (filled > 1) {
                            Memory.putLong(slots, Memory.getLong(slots + Long.BYTES));
                        }
                        return filled;
                    }
                };
            }
        },
        FILLS_WITH_ANOTHER_CLASS {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public int fill(int sizeClass, long slots, int count) {
                        return super.fill(Math.min(classes() - 1, sizeClass + 1), slots, count);
                    }
                };
            }
        },
        FILLS_ONE_SLOT_MORE {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public int fill(int sizeClass, long slots, int count) {
                        int filled = super.fill(sizeClass, slots, count);
                        Memory.putLong(slots + (long) filled * Long.BYTES, 0);
                        return filled;
                    }
                };
            }
        },
        PUBLISHES_NOTHING {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public void publish(long address) {}
                };
            }
        },
        PUBLISHES_FOR_EVER {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    private final long pages = (region.limit() - region.base()) / Region.PAGE;
                    private final long truth = Arena.global().allocate(pages).address();
                    private long published;

                    @Override
                    public void publish(long address) {
                        published = address;
                        super.publish(truth);
                    }

                    @Override
                    public int fill(int sizeClass, long slots, int count) {
                        int filled = super.fill(sizeClass, slots, count);
                        copy();
                        return filled;
                    }

                    @Override
                    public long allocate(long size, long alignment) {
                        long block = super.allocate(size, alignment);
                        copy();
                        return block;
                    }

                    private void copy() {
                        for (long page = 0; page < pages; page++) {
                            byte sizeClass = Memory.getByte(truth + page);
                            if (sizeClass != 0) {
                                Memory.putByte(published + page, sizeClass);
                            }
                        }
                    }
                };
            }
        },
        COUNTS_NO_BATCHES {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    private int filled;

                    @Override
                    public int fill(int sizeClass, long slots, int count) {
                        int some = super.fill(sizeClass, slots, count);
                        filled += some;
                        return some;
                    }

                    @Override
                    public long liveBlocks() {
                        return super.liveBlocks() - filled;
                    }
                };
            }
        },
        FLUSHES_ALL_BUT_ONE {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    private final AtomicLong lost = new AtomicLong(); // several threads count
                    private final AtomicLong lostBytes = new AtomicLong();

                    @Override
                    public void flush(int sizeClass, long slots, int count) {
                        boolean loses = count > Byte.SIZE;
                        super.flush(sizeClass, slots, loses ? count - 1 : count);
                        lost.addAndGet(loses ? 1 : 0);
                        lostBytes.addAndGet(loses ? classBytes(sizeClass) : 0);
                    }

                    @Override
                    public long liveBlocks() {
                        return super.liveBlocks() - lost.get();
                    }

                    @Override
                    public long liveBytes() {
                        return super.liveBytes() - lostBytes.get();
                    }
                };
            }
        },
        FLUSHES_BLOCKS_OF_BATCHES_ONLY {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    private long single;

                    @Override
                    public long allocate(long size, long alignment) {
                        single = super.allocate(size, alignment);
                        return single;
                    }

                    @Override
                    public void flush(int sizeClass, long slots, int count) {
                        for (int i = 0; i < count; i++) {
                            if (Memory.getLong(slots + (long) i * Long.BYTES) == single) {
                                throw new IllegalStateException("planted");
                            }
                        }
                        super.flush(sizeClass, slots, count);
                    }
                };
            }
        },
        FILLS_TWO_THREADS_WITH_ONE {
            @Override
            public Heap plant(Region region) {
                Thread maker = Thread.currentThread();
                return new Sound(region) {
                    private final AtomicLongArray last = new AtomicLongArray(MOST_CLASSES);

                    @Override
                    public int fill(int sizeClass, long slots, int count) {
                        int filled = super.fill(sizeClass, slots, count);
                        if (Thread.currentThread() != maker && filled > 0) {
                            long block = last.getAndSet(sizeClass, Memory.getLong(slots));
                            Memory.putLong(slots, block == 0 ? Memory.getLong(slots) : block);
                        }
                        return filled;
                    }
                };
            }
        },
        FLUSHES_WHAT_IS_WRONG {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public void flush(int sizeClass, long slots, int count) {
                        try {
                            super.flush(sizeClass, slots, count);
                        } catch (HeapCorruption ignored) {
                            // planted
                        }
                    }
                };
            }
        },
        FLUSHES_NOTHING_BEHIND_WHAT_IS_WRONG {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public void flush(int sizeClass, long slots, int count) {
                        for (int i = 0; i < count; i++) {
                            super.flush(sizeClass, slots + (long) i * Long.BYTES, 1);
                        }
                    }
                };
            }
        },
        FLUSHES_BLOCKS_OF_ANOTHER_CLASS {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public void flush(int sizeClass, long slots, int count) {
                        HeapCorruption refusal = null;
                        for (int i = 0; i < count; i++) {
                            try {
                                free(Memory.getLong(slots + (long) i * Long.BYTES));
                            } catch (HeapCorruption e) {
                                refusal = e;
                            }
                        }
                        if (refusal != null) {
                            throw refusal;
                        }
                    }
                };
            }
        },
        ALLOWS_NO_SMALLER_SIZE {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public boolean canBe(long size, long alignment, long usable) {
                        return size > usable - MIN_ALIGNMENT;
                    }
                };
            }
        },
        HAS_TOO_MANY_CLASSES {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public int classes() {
                        return MOST_CLASSES + 1;
                    }

                    @Override
                    public long classBytes(int sizeClass) {
                        return sizeClass * MIN_ALIGNMENT;
                    }
                };
            }
        },
        HAS_ODD_CLASSES {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public long classBytes(int sizeClass) {
                        return super.classBytes(sizeClass) + 8;
                    }
                };
            }
        },
        HAS_EQUAL_CLASSES {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public long classBytes(int sizeClass) {
                        return super.classBytes(Math.max(2, sizeClass));
                    }
                };
            }
        },
        HAS_LARGE_CLASSES {
            @Override
            public Heap plant(Region region) {
                return new Sound(region) {
                    @Override
                    public long classBytes(int sizeClass) {
                        return super.classBytes(sizeClass) * 2;
                    }
                };
            }
        };

        /// A new heap with the fault.
        public abstract Heap plant(Region region);

        /// As users write it.
        public String expression() {
            return "planted-batches(" + List.of(values()).indexOf(this) + ")";
        }
    }

    /// A heap without a fault, to plant one in.
    private static class Sound implements Layer, BatchHeap {
        private final BatchHeap heap;

        Sound(Region region) {
            heap = (BatchHeap) Catalog.create("slab", region, 0);
        }

        @Override
        public final Heap heap() {
            return heap;
        }

        @Override
        public final boolean isThreadSafe() {
            return true;
        }

        @Override
        public int classes() {
            return heap.classes();
        }

        @Override
        public long classBytes(int sizeClass) {
            return heap.classBytes(sizeClass);
        }

        @Override
        public int fill(int sizeClass, long slots, int count) {
            return heap.fill(sizeClass, slots, count);
        }

        @Override
        public void flush(int sizeClass, long slots, int count) {
            heap.flush(sizeClass, slots, count);
        }

        @Override
        public void publish(long address) {
            heap.publish(address);
        }

        @Override
        public long purge(long nanoTime, boolean isShared) {
            return heap.purge(nanoTime, isShared);
        }

        @Override
        public boolean isWaitingToPurge(boolean isShared) {
            return heap.isWaitingToPurge(isShared);
        }

        @Override
        public long liveBlocks() {
            return heap.liveBlocks();
        }

        @Override
        public long liveBytes() {
            return heap.liveBytes();
        }

        @Override
        public long peakBytes() {
            return heap.peakBytes();
        }
    }

    private PlantedBatches() {}
}
