package io.javalloc.layers;

import io.javalloc.BlockVisitor;
import io.javalloc.Heap;
import io.javalloc.HeapArguments;
import io.javalloc.HeapProvider;
import io.javalloc.Layer;
import io.javalloc.memory.Memory;
import java.util.function.LongPredicate;

/// Lets several threads use a heap that is made for one: one thread at a time.
///
/// The lock is skipped while one thread only has ever called. How that is known is the bridge's
/// business: it hands in the address of a word that is 0 until then, and that becomes 1 at a moment
/// when no call is under way (`bridge.h`, `multi_threaded`). The word is read once on entry, so a
/// call that began without the lock also ends without it.
///
/// `synchronized` and not a spin lock: a thread that waits for long must sleep, whatever its
/// scheduling class.
///
/// @param heap    the heap to protect
/// @param shared  address of the word described above; 0: always lock
/// @param monitor what to lock
/// @param outside tells the blocks that lie in no region; null if there are none
public record Locked(Heap heap, long shared, Object monitor, LongPredicate outside)
        implements Layer {

    /// A lock around the heap.
    ///
    /// @param shared see the record
    public Locked(Heap heap, long shared) {
        this(heap, shared, new Object());
    }

    /// A lock around the heap.
    Locked(Heap heap, long shared, Object monitor) {
        this(
                heap,
                shared,
                monitor,
                heap.outside() == null ? null : new Outside(heap.outside(), monitor));
    }

    /// Asks the heap inside, under the lock.
    private record Outside(LongPredicate inside, Object monitor) implements LongPredicate {

        @Override
        public boolean test(long address) {
            synchronized (monitor) {
                return inside.test(address);
            }
        }
    }

    /// Makes `locked(heap)`.
    ///
    /// @param shared see the record
    public record Provider(long shared) implements HeapProvider {

        @Override
        public String name() {
            return "locked";
        }

        @Override
        public String summary() {
            return "One thread at a time in the heap inside; every heap gets this lock that has none of its own";
        }

        @Override
        public String inner() {
            return "HEAP";
        }

        @Override
        public Heap create(HeapArguments arguments) {
            return new Locked(arguments.inner(), shared);
        }
    }

    /// Whether the lock is skipped now; see the record.
    boolean isAlone() {
        return shared != 0 && Memory.getInt(shared) == 0;
    }

    @Override
    public long allocate(long size, long alignment) {
        if (isAlone()) {
            return heap.allocate(size, alignment);
        }
        synchronized (monitor) {
            return heap.allocate(size, alignment);
        }
    }

    @Override
    public long allocateZeroed(long size, long alignment) {
        if (isAlone()) {
            return heap.allocateZeroed(size, alignment);
        }
        synchronized (monitor) {
            return heap.allocateZeroed(size, alignment);
        }
    }

    @Override
    public void free(long address) {
        if (isAlone()) {
            heap.free(address);
            return;
        }
        synchronized (monitor) {
            heap.free(address);
        }
    }

    @Override
    public long reallocate(long address, long size) {
        if (isAlone()) {
            return heap.reallocate(address, size);
        }
        synchronized (monitor) {
            return heap.reallocate(address, size);
        }
    }

    @Override
    public long usableSize(long address) {
        if (isAlone()) {
            return heap.usableSize(address);
        }
        synchronized (monitor) {
            return heap.usableSize(address);
        }
    }

    @Override
    public void verify() {
        synchronized (monitor) {
            heap.verify();
        }
    }

    @Override
    public void walk(BlockVisitor visitor) {
        synchronized (monitor) {
            heap.walk(visitor);
        }
    }

    @Override
    public long trim(long keep) {
        synchronized (monitor) {
            return heap.trim(keep);
        }
    }

    @Override
    public void atExit() {
        synchronized (monitor) {
            heap.atExit();
        }
    }

    @Override
    public String explain(long address) {
        synchronized (monitor) {
            return heap.explain(address);
        }
    }

    @Override
    public boolean isThreadSafe() {
        return true;
    }
}
