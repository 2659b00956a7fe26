package io.javalloc.layers;

import io.javalloc.BlockVisitor;
import io.javalloc.Heap;
import io.javalloc.HeapArguments;
import io.javalloc.HeapOption;
import io.javalloc.HeapProvider;
import io.javalloc.memory.Memory;
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
/// A freed block is filled with [#FREED]. Before the heap inside gets it back, and when the program
/// ends or the heap is verified, that must still be there: otherwise it was written to after it was
/// freed. Who frees or resizes a block that waits is stopped. The list of those that wait is in
/// Java, out of reach of the program.
///
/// When there is no memory, and on a trim, all that waits goes back at once. A block that is larger
/// than the limit does not wait. A block that moves because it changes its size waits as well.
///
/// @param heap    the heap inside
/// @param waiting the freed blocks that wait
public record Quarantine(Heap heap, Waiting waiting) implements Moving {

    /// What freed blocks are filled with.
    static final byte FREED = (byte) 0xdd;

    /// The freed blocks that wait, oldest first.
    static final class Waiting {

        /// How many can wait, to limit what this takes of Java's own memory.
        private static final int MAX_BLOCKS = 1 << 18;

        private static final int FIRST_RING = 1 << 8;

        private final long maxBytes;

        /// The addresses: `count` of them from `oldest` on, and around the end.
        private long[] ring = new long[FIRST_RING];

        private int oldest;

        /// The sizes, by address.
        private final AddressTable sizes = new AddressTable();

        private long bytes;

        Waiting(long maxBytes) {
            this.maxBytes = maxBytes;
        }

        private boolean isEmpty() {
            return sizes.size() == 0;
        }

        private boolean hasRoomFor(long size) {
            return size <= maxBytes - bytes && sizes.size() < MAX_BLOCKS;
        }

        /// Makes room in the Java arrays for one more block; false if there is no memory for that.
        private boolean makeRoom() {
            if (sizes.size() < ring.length) {
                return sizes.makeRoom();
            }
            try {
                long[] more = new long[2 * ring.length];
                System.arraycopy(ring, oldest, more, 0, ring.length - oldest);
                System.arraycopy(ring, 0, more, ring.length - oldest, oldest);
                ring = more;
                oldest = 0;
            } catch (OutOfMemoryError e) {
                return false;
            }
            return sizes.makeRoom();
        }

        private void add(long address, long size) {
            ring[at(sizes.size())] = address;
            sizes.put(address, size);
            bytes += size;
        }

        /// Takes the oldest block out.
        private long remove() {
            long address = ring[oldest];
            oldest = at(1);
            bytes -= sizes.remove(address);
            return address;
        }

        private int at(int index) {
            return oldest + index & ring.length - 1;
        }

        private void check() {
            for (int index = 0; index < sizes.size(); index++) {
                check(ring[at(index)]);
            }
        }

        private void check(long address) {
            long size = sizes.get(address);
            long intact = Pattern.intact(address, size, FREED);
            if (intact != size) {
                throw Damage.writtenAfterFree(address, size, intact);
            }
        }
    }

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
            return new Quarantine(arguments.inner(), new Waiting(bytes));
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
        if (size > waiting.maxBytes || !waiting.makeRoom()) {
            heap.free(address);
            return;
        }
        while (!waiting.hasRoomFor(size)) {
            release();
        }
        Memory.fill(address, size, FREED);
        waiting.add(address, size);
    }

    @Override
    public long usableSize(long address) {
        if (waiting.sizes.contains(address)) {
            throw Damage.freedBefore(address);
        }
        return heap.usableSize(address);
    }

    /// Gives the oldest block back to the heap inside.
    private void release() {
        waiting.check(waiting.ring[waiting.oldest]);
        heap.free(waiting.remove());
    }

    private boolean releaseAll() {
        boolean some = !waiting.isEmpty();
        while (!waiting.isEmpty()) {
            release();
        }
        return some;
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
        heap.walk(new AddressTable.Others(waiting.sizes, visitor));
    }

    @Override
    public boolean isThreadSafe() {
        return false;
    }
}
