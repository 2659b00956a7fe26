package io.javalloc.jmh;

import io.javalloc.Heap;
import io.javalloc.catalog.Catalog;
import io.javalloc.kit.ReservedMemory;
import java.lang.foreign.Arena;

/// A heap as a program has it, for the time of a measurement. No layer is around it that the
/// expression does not name.
///
/// It looks at itself when it is closed: the figures of a heap that is damaged mean nothing.
final class MeasuredHeap implements AutoCloseable {

    private static final long RESERVED = 1L << 30;

    private final ReservedMemory memory = new ReservedMemory(RESERVED);
    private final Arena arena = Arena.ofShared();
    private final Heap heap;

    /// @param isAlone whether the program has one thread, and locks are skipped
    MeasuredHeap(String expression, boolean isAlone) {
        long shared = isAlone ? arena.allocate(Long.BYTES, Long.BYTES).address() : 0;
        heap = Catalog.create(expression, memory.region(), shared);
    }

    Heap heap() {
        return heap;
    }

    /// Memory for so many addresses, beside the heap.
    long slots(int count) {
        return arena.allocate((long) count * Long.BYTES, Long.BYTES).address();
    }

    @Override
    public void close() {
        heap.verify();
        arena.close();
        memory.close();
    }
}
