package io.javalloc.heaps;

import io.javalloc.Allocation;
import io.javalloc.BlockVisitor;
import io.javalloc.Heap;
import io.javalloc.HeapArguments;
import io.javalloc.HeapCorruption;
import io.javalloc.HeapProvider;
import io.javalloc.Layout;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import io.javalloc.memory.RegionTable;
import java.util.function.LongPredicate;

/// The C library's `malloc`, called from Java: the "global allocator" of the Vais module
/// `std/allocator`. `io.javalloc.std` has the table of names.
///
/// ```
///   a program ──► this heap ──► libc's malloc ──► a block, somewhere in the process
///                     │
///                     ▼
///   region:  ├─────────┬────────┬─────────┬────────┬─ ─ ─
///            │ address │ usable │ address │ usable │        a table of the live blocks
///            ├─────────┴────────┴─────────┴────────┴─ ─ ─
/// ```
///
/// The document promises memory with an alignment, zeroed memory, freeing, and another size, each
/// for a [Layout]; how long it takes is libc's affair. Under layers such as `canary` or
/// `quarantine` this makes a tool of Java's for libc's heap.
///
/// Its blocks lie outside of the region, see [#outside]; the region has the table of them, by which
/// it knows its own.
///
/// Different from the document, on purpose:
/// - A pointer that is not a live block is refused, and not handed to libc, which may do anything.
/// - Freeing with a layout that is larger than the block is refused.
/// - A new alignment is kept when the size changes; libc's `realloc` only knows 16.
public final class SystemMalloc implements Heap {

    /// Makes [SystemMalloc] heaps.
    public static final class Provider implements HeapProvider {

        @Override
        public String name() {
            return "system";
        }

        @Override
        public String summary() {
            return "The C library's malloc, called from Java";
        }

        @Override
        public Heap create(HeapArguments arguments) {
            return new SystemMalloc(arguments.region());
        }

        @Override
        public String document() {
            return "Vais std/allocator, the global allocator";
        }

        @Override
        public String checks() {
            return "double free, pointers that are not a block, what libc sees";
        }
    }

    /// Tells live blocks from everything else.
    private record Live(RegionTable blocks) implements LongPredicate {

        @Override
        public boolean test(long address) {
            synchronized (blocks) {
                return blocks.get(address) != RegionTable.ABSENT;
            }
        }
    }

    /// The one of the whole process, made when it is first asked for.
    private static final class Global {

        /// Address space for the table; it is as large as the blocks are many.
        private static final long TABLE = 1L << 28;

        static final SystemMalloc HEAP = new SystemMalloc(region());

        private static Region region() {
            long base = Libc.calloc(TABLE);
            if (base == 0) {
                throw new IllegalStateException("libc has no memory for a table of its blocks");
            }
            return Region.ofUsable(base, TABLE);
        }
    }

    /// By live block: its usable size. Whoever looks at it or changes it holds its monitor; libc's
    /// functions need none.
    private final RegionTable blocks;

    private final LongPredicate outside;

    /// @param region for the table
    /// @throws IllegalStateException if there is no memory for the table
    SystemMalloc(Region region) {
        blocks = new RegionTable(region);
        outside = new Live(blocks);
        Libc.prepare();
    }

    /// The one that Java programs share: it serves any thread, and needs no region. Its table has
    /// 256 MiB of addresses, which is enough for about four million live blocks; then an allocation
    /// is answered with 0.
    public static SystemMalloc global() {
        return Global.HEAP;
    }

    @Override
    public long allocate(long size, long alignment) {
        return known(
                alignment <= MIN_ALIGNMENT
                        ? Libc.malloc(size)
                        : Libc.alignedAlloc(alignment, size));
    }

    @Override
    public long allocateZeroed(long size, long alignment) {
        if (alignment <= MIN_ALIGNMENT) {
            return known(Libc.calloc(size));
        }
        return Heap.super.allocateZeroed(size, alignment);
    }

    /// Puts a new block into the table.
    ///
    /// @return its address, or 0 if there is no block, or no memory for the table
    private long known(long address) {
        if (address == 0) {
            return 0;
        }
        long usable = Libc.usableSize(address);
        boolean isKnown;
        synchronized (blocks) {
            isKnown = blocks.put(address, usable);
        }
        if (!isKnown) {
            Libc.free(address);
            return 0;
        }
        return address;
    }

    @Override
    public void free(long address) {
        long usable;
        synchronized (blocks) {
            usable = blocks.remove(address);
        }
        require(usable, address);
        Libc.free(address);
    }

    /// Frees what was allocated with a layout.
    ///
    /// @throws HeapCorruption as [#free(long)], and if the layout is larger than the block
    public void free(long address, Layout layout) {
        if (layout.size() > usableSize(address)) {
            throw new HeapCorruption(
                    "The block is smaller than the layout that it is freed with", address);
        }
        free(address);
    }

    @Override
    public long usableSize(long address) {
        long usable;
        synchronized (blocks) {
            usable = blocks.get(address);
        }
        return require(usable, address);
    }

    @Override
    public long reallocate(long address, long size) {
        synchronized (blocks) { // no other thread is to know the old address as its own too early
            long usable = require(blocks.get(address), address);
            long moved = Libc.realloc(address, size);
            if (moved == 0) {
                return size <= usable ? address : 0;
            }
            blocks.remove(address);
            blocks.put(moved, Libc.usableSize(moved)); // there is room for as many as there were
            return moved;
        }
    }

    /// Changes a block's layout, which may move it. The contents are kept up to the smaller size.
    ///
    /// @param before what it was allocated with
    /// @param after  what it is to be
    /// @return the block with its usable size, or [Allocation#FAILED]: the old one stays as it was
    /// @throws HeapCorruption as [#free(long)]
    public Allocation reallocate(long address, Layout before, Layout after) {
        if (after.alignment() <= MIN_ALIGNMENT) {
            long moved = reallocate(address, Math.max(1, after.size()));
            return moved == 0 ? Allocation.FAILED : new Allocation(moved, usableSize(moved));
        }
        long kept = Math.min(usableSize(address), Math.min(before.size(), after.size()));
        Allocation moved = allocate(after);
        if (!moved.isFailed()) {
            Memory.copy(address, moved.address(), kept);
            free(address);
        }
        return moved;
    }

    private static long require(long usable, long address) {
        if (usable == RegionTable.ABSENT) {
            throw new HeapCorruption("libc gave out no such block, or it was freed", address);
        }
        return usable;
    }

    @Override
    public LongPredicate outside() {
        return outside;
    }

    @Override
    public boolean isThreadSafe() {
        return true;
    }

    @Override
    public void verify() {
        synchronized (blocks) {
            try {
                blocks.verify();
            } catch (IllegalStateException e) {
                throw new HeapCorruption("Of libc's blocks: " + e.getMessage());
            }
            blocks.walk(SystemMalloc::verify);
        }
    }

    private static void verify(long address, long usable) {
        if (Libc.usableSize(address) != usable) {
            throw new HeapCorruption(
                    "The header of a block was overwritten, maybe by the block before it", address);
        }
    }

    @Override
    public void walk(BlockVisitor visitor) {
        synchronized (blocks) {
            blocks.walk(visitor::block);
        }
    }
}
