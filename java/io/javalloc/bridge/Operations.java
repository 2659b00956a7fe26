package io.javalloc.bridge;

import io.javalloc.Heap;
import io.javalloc.layers.Counted;

/// The operations of bridge.h, each the target of an upcall stub. All have the one signature, and
/// none lets an exception out: an uncaught one would make the virtual machine exit.
///
/// The heap is a `static final` and its layers are records, whose fields the compiler trusts as
/// constants: a whole composition folds into one compiled method.
final class Operations {

    private static final Heap HEAP = Entry.root();
    private static final Counted.Figures FIGURES = Entry.figures();

    private Operations() {}

    static long allocate(long size, long alignment, long zeroed) {
        try {
            return zeroed == 0
                    ? HEAP.allocate(size, alignment)
                    : HEAP.allocateZeroed(size, alignment);
        } catch (OutOfMemoryError | StackOverflowError e) {
            return 0;
        } catch (Throwable e) {
            return corrupt(e);
        }
    }

    static long release(long address, long unused, long unusedToo) {
        try {
            HEAP.free(address);
            return 0;
        } catch (Throwable e) {
            return corrupt(e);
        }
    }

    static long resize(long address, long size, long unused) {
        try {
            return HEAP.reallocate(address, size);
        } catch (OutOfMemoryError | StackOverflowError e) {
            return 0;
        } catch (Throwable e) {
            return corrupt(e);
        }
    }

    static long usableSize(long address, long unused, long unusedToo) {
        try {
            return HEAP.usableSize(address);
        } catch (Throwable e) {
            return corrupt(e);
        }
    }

    static long inspect(long what, long argument, long unused) {
        try {
            return answer((int) what, argument);
        } catch (Throwable e) {
            return corrupt(e);
        }
    }

    private static long answer(int what, long argument) {
        return switch (what) {
            case Table.LIVE_BLOCKS -> FIGURES.liveBlocks();
            case Table.LIVE_BYTES -> FIGURES.liveBytes();
            case Table.PEAK_BYTES -> FIGURES.peakBytes();
            case Table.TRIM -> HEAP.trim(argument);
            case Table.VERIFY -> verified();
            default -> 0;
        };
    }

    private static long verified() {
        HEAP.verify();
        return 0;
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
