package io.javalloc.layers;

import io.javalloc.BlockVisitor;
import io.javalloc.Heap;
import io.javalloc.HeapArguments;
import io.javalloc.HeapCorruption;
import io.javalloc.HeapProvider;
import io.javalloc.memory.Region;

/// Lets each block end at a page that nobody may touch: who reads or writes behind the end is
/// stopped by the machine, at the very instruction, and told which block it was.
///
/// ```
///  pages from the heap inside                  block                guard
///  ├─────────────────────┬─────────────────────┼──────────────┬─────┼─────────────────────┤
///  │ nothing             │ nothing             │ usable       │slack│ ▓▓ not accessible ▓▓│
///  ├─────────────────────┴─────────────────────┼──────────────┴─────┼─────────────────────┤
///  │◄── whole pages of the system, as few as hold the block ───────►│◄─────── one ───────►│
/// ```
///
/// A block starts at a multiple of its alignment, at least 16, as near to the guard as that allows.
/// The slack that is left is filled with a pattern, which is checked when the block is freed or
/// moves, when the program ends, and when the heap is verified. What is known of the blocks is in
/// Java, out of reach of the program. Not seen are reads in the slack, what goes before the start,
/// and what comes after the free.
///
/// The price is two pages at least and two calls of the system for each block. Each guard divides
/// what is memory to the kernel once more, and a process may have 65,530 such mappings
/// (`vm.max_map_count`): at most [#MAX_GUARDS] blocks are guarded at a time, so that the program
/// has some left for itself. Blocks beyond that, or for which the system refuses, are served
/// without a guard: the page behind them is slack, too.
///
/// @param heap   the heap inside
/// @param region whose pages are protected
/// @param blocks the live blocks
public record Guarded(Heap heap, Region region, GuardedBlocks blocks) implements Moving {

    /// How many blocks are guarded at a time. Each makes two mappings.
    static final int MAX_GUARDS = 30_000;

    private static final long PAGE = Region.SYSTEM_PAGE;

    /// More than any region has, and little enough to reckon with.
    private static final long TOO_MUCH = 1L << 48;

    /// Makes `guarded(heap)`.
    public static final class Provider implements HeapProvider {

        @Override
        public String name() {
            return "guarded";
        }

        @Override
        public String summary() {
            return "Each block ends at a protected page: who goes too far faults at once";
        }

        @Override
        public String inner() {
            return "HEAP";
        }

        @Override
        public String checks() {
            return "overflow (reads, too), double free, pointers that are not a block";
        }

        @Override
        public Heap create(HeapArguments arguments) {
            Heap heap = arguments.inner();
            if (heap.outside() != null) {
                throw new IllegalArgumentException(
                        "guarded protects blocks that lie in the region; those inside do not");
            }
            return new Guarded(heap, arguments.region(), new GuardedBlocks(MAX_GUARDS));
        }
    }

    @Override
    public long allocate(long size, long alignment) {
        if (Math.max(size, alignment) >= TOO_MUCH || !blocks.makeRoom()) {
            return 0;
        }
        long pages = heap.allocate(dataPages(size) + PAGE, Math.max(alignment, PAGE));
        return placed(pages, size, alignment);
    }

    @Override
    public long allocateZeroed(long size, long alignment) {
        if (Math.max(size, alignment) >= TOO_MUCH || !blocks.makeRoom()) {
            return 0;
        }
        long pages = heap.allocateZeroed(dataPages(size) + PAGE, Math.max(alignment, PAGE));
        return placed(pages, size, alignment);
    }

    private static long dataPages(long size) {
        return Region.roundUp(size, PAGE);
    }

    /// Puts a block at the end of its pages, and guards it.
    private long placed(long pages, long size, long alignment) {
        if (pages == 0) {
            return 0;
        }
        long guard = pages + dataPages(size);
        long address = guard - Region.roundUp(size, Math.min(alignment, PAGE));
        boolean isGuarded = blocks.mayGuardAnother() && region.protect(guard, PAGE, false);
        blocks.add(address, size, isGuarded);
        return address;
    }

    @Override
    public void free(long address) {
        blocks.check(address);
        long size = blocks.size(address);
        long guard = GuardedBlocks.guard(address, size);
        if (blocks.isGuarded(address) && !region.protect(guard, PAGE, true)) {
            throw new HeapCorruption("The system does not give back the guard", guard);
        }
        blocks.remove(address);
        heap.free(guard - dataPages(size));
    }

    @Override
    public long usableSize(long address) {
        return blocks.size(address);
    }

    /// Only a block of exactly the size ends at its guard.
    @Override
    public boolean mayStay(long size, long usable) {
        return size == usable;
    }

    @Override
    public void verify() {
        blocks.checkAll();
        heap.verify();
    }

    @Override
    public void walk(BlockVisitor visitor) {
        blocks.walk(visitor);
    }

    @Override
    public void atExit() {
        blocks.checkAll();
        heap.atExit();
    }

    @Override
    public String explain(long address) {
        long block = blocks.blockBefore(address & -PAGE);
        if (block == 0) {
            return heap.explain(address);
        }
        long size = blocks.size(block);
        return "The program reads or writes behind the end of a block of "
                + size
                + " bytes, at byte "
                + (address - block)
                + ": 0x"
                + Long.toHexString(block);
    }

    @Override
    public boolean isThreadSafe() {
        return false;
    }
}
