package io.javalloc.kit.check;

import io.javalloc.Heap;
import io.javalloc.HeapCorruption;
import io.javalloc.kit.Place;
import io.javalloc.kit.RuleBroken;

/// A heap after a program has made a mistake. It may refuse, with [HeapCorruption], or not notice;
/// what it serves is worth nothing any more. But nothing else may be thrown: the bridge would end
/// the program without a word on what it did wrong.
final class Aftermath {

    /// A call of the heap.
    @FunctionalInterface
    interface Call {

        /// Makes the call.
        void run();
    }

    /// So many blocks of each size are asked for, in the hope of one that was written to.
    private static final int BLOCKS = 4;

    /// Above the usual one. A heap may search its lists for such a block, so these come first, and
    /// the ones that are least likely to be found: the lists are still as the mistake has left
    // them.
    private static final long[] ALIGNMENTS = {1 << 17, 4096, 64};

    private final Trial trial;
    private final Subject subject;
    private final String mistake;

    /// @param mistake what the program did, for messages
    Aftermath(Trial trial, Subject subject, String mistake) {
        this.trial = trial;
        this.subject = subject;
        this.mistake = mistake;
    }

    /// Makes one call.
    ///
    /// @return whether the heap refuses it
    boolean refuses(Operation operation, long a, long b, Call call) {
        trial.call(operation, a, b);
        try {
            call.run();
            return false;
        } catch (HeapCorruption e) {
            return true;
        } catch (Throwable e) {
            throw new RuleBroken(
                    mistake
                            + ": "
                            + operation.describe(
                                    a,
                                    b,
                                    subject.memory().region().base(),
                                    subject.memory().region().limit())
                            + " throws "
                            + Thrown.describe(e)
                            + "; a HeapCorruption would tell the program's user what is wrong");
        }
    }

    /// Goes on with the heap as programs do, and looks for damage.
    ///
    /// @return whether the heap notices anything
    boolean isNoticed(long... live) {
        Heap heap = subject.bare();
        boolean noticed = false;
        for (long alignment : ALIGNMENTS) {
            for (long size = 1 << 16; size >= 16; size /= 16) {
                noticed |= isNoticedByServing(size, alignment);
            }
        }
        for (long size = 16; size < 200_000; size *= 2) {
            noticed |= isNoticedByServing(size, Heap.MIN_ALIGNMENT);
        }
        for (long block : live) {
            noticed |= isNoticedByFreeing(block);
        }
        noticed |= refuses(Operation.VERIFY, 0, 0, heap::verify);
        if (!noticed) {
            noticed = refuses(Operation.WALK, 0, 0, () -> heap.walk((address, usable) -> {}));
        }
        noticed |= refuses(Operation.AT_EXIT, 0, 0, heap::atExit);
        return noticed;
    }

    private boolean isNoticedByServing(long size, long alignment) {
        Heap heap = subject.bare();
        boolean noticed = false;
        for (int i = 0; i < BLOCKS; i++) {
            noticed |=
                    refuses(
                            Operation.ALLOCATE,
                            size,
                            alignment,
                            () -> heap.allocate(size, alignment));
        }
        return noticed;
    }

    private boolean isNoticedByFreeing(long live) {
        Heap heap = subject.bare();
        long[] block = {live};
        boolean noticed =
                refuses(
                        Operation.REALLOCATE,
                        live,
                        100,
                        () -> {
                            long moved = heap.reallocate(live, 100);
                            block[0] = moved == 0 ? live : moved;
                        });
        boolean refused = refuses(Operation.FREE, block[0], 0, () -> heap.free(block[0]));
        return noticed || refused;
    }

    /// The address in words.
    String place(long address) {
        return Place.of(
                address, subject.memory().region().base(), subject.memory().region().limit());
    }
}
