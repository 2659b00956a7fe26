package io.javalloc.kit.check;

import io.javalloc.BatchHeap;
import io.javalloc.HeapCorruption;

/// The calls that only a [BatchHeap] has, recorded and told as those of every heap are by
/// [Watched].
///
/// @param heap    the heap that is tried
/// @param watched the same
record WatchedBatches(BatchHeap heap, Watched watched) {

    int fill(int sizeClass, long slots, int count) {
        watched.slot().call(Operation.FILL, sizeClass, count);
        try {
            return heap.fill(sizeClass, slots, count);
        } catch (Throwable e) {
            throw watched.broken(e);
        }
    }

    void flush(int sizeClass, long slots, int count) {
        watched.slot().call(Operation.FLUSH, sizeClass, count);
        try {
            heap.flush(sizeClass, slots, count);
        } catch (Throwable e) {
            throw watched.broken(e);
        }
    }

    /// As [#flush].
    ///
    /// @return whether the heap refuses something
    boolean refuses(int sizeClass, long slots, int count) {
        watched.slot().call(Operation.FLUSH, sizeClass, count);
        try {
            heap.flush(sizeClass, slots, count);
            return false;
        } catch (HeapCorruption e) {
            return true;
        } catch (Throwable e) {
            throw watched.broken(e);
        }
    }

    void publish(long address) {
        watched.slot().call(Operation.PUBLISH, 0, 0);
        try {
            heap.publish(address);
        } catch (Throwable e) {
            throw watched.broken(e);
        }
    }

    void purge(long nanoTime) {
        watched.slot().call(Operation.PURGE, 0, 0);
        try {
            if (heap.isWaitingToPurge(true)) {
                long ignored = heap.purge(nanoTime, true);
            }
        } catch (Throwable e) {
            throw watched.broken(e);
        }
    }
}
