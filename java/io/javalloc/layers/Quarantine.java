package io.javalloc.layers;

import io.javalloc.BlockVisitor;
import io.javalloc.Heap;
import io.javalloc.HeapArguments;
import io.javalloc.HeapOption;
import io.javalloc.HeapProvider;
import java.util.List;

/// Keeps freed blocks back for a while, first in first out, so that a program which still uses them
/// does no harm, and is found out.
///
/// ```
///           free                                            heap.free
///  block ─────────►│ newest │        │        │ oldest │─────────────► heap inside
///        is filled │◄───── no more than `bytes` ──────►│ the pattern is checked
/// ```
///
/// A freed block is filled with [WaitingBlocks#FREED]. Before the heap inside gets it back, and
/// when the program ends or the heap is verified, that must still be there: otherwise it was
/// written to after it was freed. Who frees or resizes a block that waits is stopped. The list of
/// those that wait is in Java, out of reach of the program.
///
/// When there is no memory, and on a trim, all that waits goes back at once. A block that is larger
/// than the limit does not wait. A block that moves because it changes its size waits as well.
///
/// @param heap    the heap inside
/// @param waiting the freed blocks that wait
public record Quarantine(Heap heap, WaitingBlocks waiting) implements Moving {

    /// Makes `quarantine(heap, bytes=BYTES)`.
    public static final class Provider implements HeapProvider {

        private static final long USUAL = 16 << 20;

        private static final HeapOption LIMIT =
                new HeapOption("bytes", "BYTES", "the most that may wait; 16m without it");

        @Override
        public String name() {
            return "quarantine";
        }

        @Override
        public String summary() {
            return "Freed blocks wait, and are checked for writes before they are used again";
        }

        @Override
        public List<HeapOption> options() {
            return List.of(LIMIT);
        }

        @Override
        public String inner() {
            return "HEAP";
        }

        @Override
        public String checks() {
            return "use after free (writes), double free";
        }

        @Override
        public Heap create(HeapArguments arguments) {
            long bytes = arguments.bytes(LIMIT.name(), USUAL);
            return new Quarantine(arguments.inner(), new WaitingBlocks(bytes));
        }
    }

    @Override
    public long allocate(long size, long alignment) {
        long address = heap.allocate(size, alignment);
        return address == 0 && releaseAll() ? heap.allocate(size, alignment) : address;
    }

    @Override
    public long allocateZeroed(long size, long alignment) {
        long address = heap.allocateZeroed(size, alignment);
        return address == 0 && releaseAll() ? heap.allocateZeroed(size, alignment) : address;
    }

    @Override
    public void free(long address) {
        long size = usableSize(address);
        if (!waiting.mayWait(size)) {
            heap.free(address);
            return;
        }
        while (!waiting.hasRoomFor(size)) {
            heap.free(waiting.remove());
        }
        waiting.add(address, size);
    }

    @Override
    public long usableSize(long address) {
        if (waiting.contains(address)) {
            throw Damage.freedBefore(address);
        }
        return heap.usableSize(address);
    }

    /// @return false if none waited
    private boolean releaseAll() {
        if (waiting.isEmpty()) {
            return false;
        }
        while (!waiting.isEmpty()) {
            heap.free(waiting.remove());
        }
        return true;
    }

    @Override
    public long trim(long keep) {
        releaseAll();
        return heap.trim(keep);
    }

    @Override
    public void verify() {
        waiting.check();
        heap.verify();
    }

    @Override
    public void atExit() {
        waiting.check();
        heap.atExit();
    }

    @Override
    public void walk(BlockVisitor visitor) {
        heap.walk(waiting.others(visitor));
    }

    @Override
    public boolean isThreadSafe() {
        return false;
    }
}
