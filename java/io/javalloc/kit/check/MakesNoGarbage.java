package io.javalloc.kit.check;

import com.sun.management.ThreadMXBean;
import io.javalloc.Heap;
import java.lang.management.ManagementFactory;

/// On the usual paths no Java object is made: the process has a small Java heap, and who collects
/// its garbage stops the program. Objects are a note only.
final class MakesNoGarbage implements Rule {

    /// As many rounds come before: what a heap keeps in Java tables has grown then.
    private static final int ROUNDS = 10_000;

    private static final int CALLS_PER_ROUND = 6;

    /// An object has 16 bytes at least; what the JDK makes while it warms up is far less.
    private static final int LEAST_BYTES = 4;

    @Override
    public String name() {
        return "garbage";
    }

    @Override
    public String claim() {
        return "the usual paths make no Java objects";
    }

    @Override
    public Finding check(Trial trial) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (Subject subject = trial.subject()) {
            usualPaths(subject.heap(), ROUNDS);
            long before = threads.getCurrentThreadAllocatedBytes();
            usualPaths(subject.heap(), ROUNDS);
            long bytes = threads.getCurrentThreadAllocatedBytes() - before;
            long calls = (long) ROUNDS * CALLS_PER_ROUND;
            return bytes < LEAST_BYTES * calls
                    ? Finding.HOLDS
                    : Finding.note(
                            "about "
                                    + bytes / calls
                                    + " bytes of Java objects are made in each call; the Java heap"
                                    + " of a program is small");
        }
    }

    private static void usualPaths(Heap heap, int rounds) {
        for (int i = 0; i < rounds; i++) {
            long small = heap.allocate(1 + i % 60, Heap.MIN_ALIGNMENT);
            long large = heap.allocate(1 + i % 3000, Heap.MIN_ALIGNMENT);
            small = reallocated(heap, small, 1 + i % 50);
            large = reallocated(heap, large, 1 + i % 5000);
            freeIfAny(heap, small);
            freeIfAny(heap, large);
        }
    }

    private static long reallocated(Heap heap, long block, long size) {
        long moved = block == 0 ? 0 : heap.reallocate(block, size);
        return moved == 0 ? block : moved;
    }

    private static void freeIfAny(Heap heap, long block) {
        if (block != 0) {
            heap.free(block);
        }
    }
}
