package io.javalloc.bridge;

import io.javalloc.BatchHeap;
import io.javalloc.Heap;
import io.javalloc.layers.Counted;
import io.javalloc.layers.Traced;
import java.util.function.LongPredicate;

/// The operations of bridge.h, each the target of an upcall stub. All have the one signature, and
/// none lets an exception out: an uncaught one would make the virtual machine exit.
///
/// The heap is a `static final` and its layers are records, whose fields the compiler trusts as
/// constants: it inlines through the whole composition.
///
/// Called with nothing but zeros they do nothing: so [Stubs] tries them.
final class Operations {

    private static final Heap HEAP = Entry.root();
    private static final Traced TRACED = Entry.traced();
    private static final LongPredicate OUTSIDE = HEAP.outside();
    private static final BatchHeap BATCHES = Entry.batches();
    private static final Counted.Figures FIGURES = Entry.figures();

    private Operations() {}

    /// @param how the place in the program, shifted by one, and in the lowest bit whether the block
    ///            is to be zeroed
    static long allocate(long size, long alignment, long how) {
        boolean zeroed = (how & 1) != 0;
        try {
            if (size == 0) {
                return 0;
            }
            if (TRACED != null) {
                return TRACED.allocate(size, alignment, zeroed, how >>> 1);
            }
            return zeroed ? HEAP.allocateZeroed(size, alignment) : HEAP.allocate(size, alignment);
        } catch (OutOfMemoryError | StackOverflowError e) {
            return 0;
        } catch (Throwable e) {
            return corrupt(e);
        }
    }

    /// @param size      what the caller says the block was asked for with; 0 if he does not
    /// @param alignment the same; 0 if he does not
    static long release(long address, long size, long alignment) {
        try {
            if (address == 0) {
                return 0;
            }
            if (isForeign(address)) {
                return Table.NOT_MINE;
            }
            if (size == 0) {
                HEAP.free(address);
            } else {
                HEAP.freeSized(address, size, Math.max(alignment, Heap.MIN_ALIGNMENT));
            }
            return 0;
        } catch (Throwable e) {
            return corrupt(e);
        }
    }

    static long resize(long address, long size, long place) {
        try {
            if (address == 0) {
                return 0;
            }
            if (isForeign(address)) {
                return Table.NOT_MINE;
            }
            return TRACED != null
                    ? TRACED.reallocate(address, size, place)
                    : HEAP.reallocate(address, size);
        } catch (OutOfMemoryError | StackOverflowError e) {
            return 0;
        } catch (Throwable e) {
            return corrupt(e);
        }
    }

    static long usableSize(long address, long unused, long unusedToo) {
        try {
            if (address == 0) {
                return 0;
            }
            return isForeign(address) ? Table.NOT_MINE : HEAP.usableSize(address);
        } catch (Throwable e) {
            return corrupt(e);
        }
    }

    /// Whether libc should be asked about the address, and not the heap.
    private static boolean isForeign(long address) {
        return OUTSIDE != null && !Entry.isInRegion(address) && !OUTSIDE.test(address);
    }

    static long fill(long sizeClass, long slots, long count) {
        try {
            return count == 0 ? 0 : BATCHES.fill((int) sizeClass, slots, (int) count);
        } catch (OutOfMemoryError | StackOverflowError e) {
            return 0;
        } catch (Throwable e) {
            return corrupt(e);
        }
    }

    static long flush(long sizeClass, long slots, long count) {
        try {
            if (count != 0) {
                BATCHES.flush((int) sizeClass, slots, (int) count);
            }
            return 0;
        } catch (Throwable e) {
            return corrupt(e);
        }
    }

    static long inspect(long what, long argument, long another) {
        try {
            return answer((int) what, argument, another);
        } catch (OutOfMemoryError | StackOverflowError e) {
            return Table.UNSEEN;
        } catch (Throwable e) {
            return corrupt(e);
        }
    }

    private static long answer(int what, long argument, long another) {
        return switch (what) {
            case Table.LIVE_BLOCKS -> BATCHES == null ? FIGURES.liveBlocks() : BATCHES.liveBlocks();
            case Table.LIVE_BYTES -> BATCHES == null ? FIGURES.liveBytes() : BATCHES.liveBytes();
            case Table.PEAK_BYTES -> BATCHES == null ? FIGURES.peakBytes() : BATCHES.peakBytes();
            case Table.TRIM -> HEAP.trim(argument);
            case Table.VERIFY -> verified();
            case Table.AT_EXIT -> ended();
            case Table.EXPLAIN -> explained(HEAP.explain(argument));
            case Table.LEAKS -> Leaks.tally(TRACED, argument, another);
            case Table.PURGE -> purged(argument != 0);
            default -> 0;
        };
    }

    private static long verified() {
        HEAP.verify();
        return 0;
    }

    private static long ended() {
        HEAP.atExit();
        return 0;
    }

    private static long purged(boolean isShared) {
        if (BATCHES == null) {
            return 0;
        }
        BATCHES.purge(System.nanoTime(), isShared);
        return BATCHES.isWaitingToPurge(isShared) ? 1 : 0;
    }

    private static long explained(String words) {
        if (words == null) {
            return 0;
        }
        Text.leave(words);
        return 1;
    }

    static long nothing(long a, long unused, long unusedToo) {
        return a;
    }

    /// Leaves a diagnosis for the shim, which aborts the program.
    private static long corrupt(Throwable thrown) {
        try {
            Text.leave(Text.describe(thrown));
        } catch (Throwable again) {
            return Table.CORRUPT; // no room even for a message: the one before it, or none, stands
        }
        return Table.CORRUPT;
    }
}
