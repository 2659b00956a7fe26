package io.javalloc.kit.check;

import io.javalloc.Heap;
import io.javalloc.kit.HeapMaker;
import io.javalloc.kit.ReservedMemory;
import io.javalloc.kit.RuleBroken;
import java.util.ServiceConfigurationError;
import java.util.SplittableRandom;

/// One trial of one rule: where the rule gets its heaps and its random numbers from.
final class Trial {

    /// Bytes of the region that a heap is given where its end does not matter.
    static final long LARGE = 1L << 30;

    /// Bytes of blocks that are more than most programs ask for, and that heaps serve otherwise
    /// than small ones.
    static final long[] LARGE_SIZES = {2 << 20, 5 << 20, 40 << 20};

    /// Bytes that no machine has: libc, too, which some heaps use, answers 0.
    static final long IMPOSSIBLE = 1L << 47;

    private final HeapMaker maker;
    private final Settings settings;
    private final Slot slot;
    private long steps;

    Trial(HeapMaker maker, Settings settings, Slot slot) {
        this.maker = maker;
        this.settings = settings;
        this.slot = slot;
    }

    /// Random numbers that are the same in every trial with this seed.
    SplittableRandom random() {
        return new SplittableRandom(settings.seed());
    }

    Settings settings() {
        return settings;
    }

    /// A new heap in a region of which it will not see the end.
    Subject subject() {
        return subject(LARGE);
    }

    /// A new heap.
    ///
    /// @param bytes the length of its region
    Subject subject(long bytes) {
        ReservedMemory memory = new ReservedMemory(bytes);
        slot.region(memory.region().base(), memory.region().limit());
        try {
            Heap heap = maker.make(memory.region());
            return new Subject(new Watched(heap, slot), heap, memory, this);
        } catch (IllegalArgumentException | ServiceConfigurationError e) {
            memory.close();
            throw new WrongHeap(e.getMessage());
        } catch (RuntimeException | StackOverflowError | LinkageError e) {
            memory.close();
            throw new RuleBroken("it cannot be made: " + Thrown.describe(e));
        }
    }

    /// A new heap in a region that is as small as it may be for this kind, so that it is soon full.
    ///
    /// @param least bytes that the region has at least
    Subject smallSubject(long least) {
        long bytes = least;
        while (bytes < LARGE && !isEnough(bytes)) {
            bytes *= 2;
        }
        return subject(bytes);
    }

    private boolean isEnough(long bytes) {
        try (Subject subject = subject(bytes)) {
            return subject.heap().allocate(1, Heap.MIN_ALIGNMENT) != 0;
        } catch (WrongHeap | RuleBroken e) {
            return false;
        }
    }

    /// A step is about to be done.
    void tell(String step) {
        steps++;
        slot.step("step " + steps + ": " + step);
    }

    /// Steps are counted from one again.
    void startOver() {
        steps = 0;
    }

    /// Leaves a message for the case that the heap does not come back from what follows.
    void leave(String message) {
        slot.leave(message);
    }

    /// Records a call of a bare heap.
    void call(Operation operation, long a, long b) {
        slot.call(operation, a, b);
    }

    /// From now on this seed makes the trial go the same way again.
    void replayWith(long seed) {
        slot.replayWith(seed);
    }

    boolean hasServed() {
        return slot.hasServed();
    }
}
