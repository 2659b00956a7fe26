package io.javalloc.kit.check;

import io.javalloc.Heap;
import io.javalloc.kit.HeapModel;
import io.javalloc.kit.ReservedMemory;

/// A heap that is being tried, in memory of its own.
///
/// @param heap   calls of it are recorded
/// @param bare   the same heap: calls of it are not, and what it throws comes through
/// @param memory where it serves from
/// @param trial  what it is made for
record Subject(Watched heap, Heap bare, ReservedMemory memory, Trial trial)
        implements AutoCloseable {

    /// A model of the heap that lets it answer 0 whenever it likes, and does not mind what it shows
    /// when it is walked.
    HeapModel model() {
        return new HeapModel(heap, memory).mayRefuse().withoutWalk().tellTo(trial::tell);
    }

    /// A model of the blocks that one of several threads has.
    ///
    /// @param threads how many there are
    /// @param index   which one it is, from 0 on
    HeapModel modelBeside(int threads, int index) {
        return modelBeside(heap, threads, index);
    }

    /// As the other, for a heap that needs a lock around it.
    HeapModel modelBeside(Heap shared, int threads, int index) {
        return new HeapModel(shared, memory).mayRefuse().withoutWalk().among(threads, index);
    }

    @Override
    public void close() {
        memory.close();
    }
}
