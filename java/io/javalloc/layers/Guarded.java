package io.javalloc.layers;

import io.javalloc.BlockVisitor;
import io.javalloc.Heap;
import io.javalloc.HeapArguments;
import io.javalloc.HeapCorruption;
import io.javalloc.HeapOption;
import io.javalloc.HeapProvider;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import java.util.List;

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
/// Java, out of reach of the program.
///
/// All pages of a freed block become inaccessible, as with Electric Fence's `EF_PROTECT_FREE`: who
/// uses it still is stopped as well. Their memory goes back to the system at once, so that they
/// cost addresses only. The heap inside gets them, first in first out, when `kept` blocks have been
/// freed later, when it has no memory, and on a trim. Not seen are reads in the slack, what goes
/// before the start, and what comes after the pages have gone back.
///
/// The price is two pages at least and four calls of the system for each block. Each guard divides
/// what is memory to the kernel once more, and so do the pages of a freed block; a process may have
/// 65,530 such mappings (`vm.max_map_count`): at most [#MAX_GUARDS] blocks are guarded or kept at a
/// time, so that the program has some left for itself. Live blocks come first. Those beyond that,
/// or for which the system refuses, are served without a guard: the page behind them is slack, too.
/// Freed blocks for which the system refuses go back at once.
///
/// @param heap   the heap inside
/// @param region whose pages are protected
/// @param blocks the live blocks
/// @param kept   the freed blocks that are inaccessible
public record Guarded(Heap heap, Region region, GuardedBlocks blocks, KeptBlocks kept)
        implements Moving {

    /// How many blocks are guarded or kept at a time. Each makes two mappings.
    static final int MAX_GUARDS = 30_000;

    private static final long PAGE = Region.SYSTEM_PAGE;

    /// More than any region has, and little enough to reckon with.
    private static final long TOO_MUCH = 1L << 48;

    /// Makes `guarded(heap, kept=NUMBER)`.
    public static final class Provider implements HeapProvider {

        /// Few enough that most of the guards remain for live blocks from the start.
        private static final long USUAL = 4096;

        private static final HeapOption KEPT =
                new HeapOption(
                        "kept",
                        "NUMBER",
                        "how many freed blocks stay inaccessible; 4096 without it");

        @Override
        public String name() {
            return "guarded";
        }

        @Override
        public String summary() {
            return "Blocks end at protected pages, and freed ones are protected: misuse faults";
        }

        @Override
        public List<HeapOption> options() {
            return List.of(KEPT);
        }

        @Override
        public String inner() {
            return "HEAP";
        }

        @Override
        public String checks() {
            return "overflow and use after free (reads, too), double free, pointers that are not a"
                    + " block";
        }

        @Override
        public Heap create(HeapArguments arguments) {
            Heap heap = arguments.inner();
            if (heap.outside() != null) {
                throw new IllegalArgumentException(
                        "guarded protects blocks that lie in the region; those inside do not");
            }
            Region region = arguments.region();
            long most = arguments.number(KEPT.name(), USUAL);
            return new Guarded(
                    heap,
                    region,
                    new GuardedBlocks(MAX_GUARDS),
                    new KeptBlocks(heap, region, most));
        }
    }

    @Override
    public long allocate(long size, long alignment) {
        return allocate(size, alignment, false);
    }

    @Override
    public long allocateZeroed(long size, long alignment) {
        return allocate(size, alignment, true);
    }

    private long allocate(long size, long alignment, boolean isZeroed) {
        if (Math.max(size, alignment) >= TOO_MUCH || !blocks.makeRoom()) {
            return 0;
        }
        long bytes = dataPages(size) + PAGE;
        long aligned = Math.max(alignment, PAGE);
        long pages = allocatePages(bytes, aligned, isZeroed);
        if (pages == 0 && kept.releaseAll()) {
            pages = allocatePages(bytes, aligned, isZeroed);
        }
        return pages == 0 ? 0 : placed(pages, size, alignment);
    }

    private long allocatePages(long bytes, long aligned, boolean isZeroed) {
        return isZeroed ? heap.allocateZeroed(bytes, aligned) : heap.allocate(bytes, aligned);
    }

    private static long dataPages(long size) {
        return Region.roundUp(size, PAGE);
    }

    /// Puts a block at the end of its pages, and guards it.
    private long placed(long pages, long size, long alignment) {
        long guard = pages + dataPages(size);
        long address = guard - Region.roundUp(size, Math.min(alignment, PAGE));
        touch(guard - 1);
        boolean isGuarded = mayGuardAnother() && region.protect(guard, PAGE, false);
        blocks.add(address, size, isGuarded);
        return address;
    }

    /// Writes what is there. Only what was in use before a guard divided it can become one mapping
    /// again: the kernel marks a mapping at the first write, and does not join what differs.
    private static void touch(long address) {
        Memory.putByte(address, Memory.getByte(address));
    }

    /// Whether there is a guard left, after the oldest kept block has made way if need be.
    private boolean mayGuardAnother() {
        return blocks.mayGuardAnother(kept.count()) || kept.releaseOldest();
    }

    @Override
    public void free(long address) {
        long size = usableSize(address);
        blocks.check(address);
        boolean isGuarded = blocks.isGuarded(address);
        if (mayKeepAnother(isGuarded) && kept.add(address, size, isGuarded)) {
            blocks.remove(address);
            return;
        }
        long guard = GuardedBlocks.guard(address, size);
        if (isGuarded && !region.protect(guard, PAGE, true)) {
            throw new HeapCorruption("The system does not give back the guard", guard);
        }
        blocks.remove(address);
        heap.free(GuardedBlocks.pages(address));
    }

    /// Whether a block may be kept. One that is guarded counts already.
    private boolean mayKeepAnother(boolean isGuarded) {
        return kept.makeRoom() && (isGuarded || mayGuardAnother());
    }

    @Override
    public long usableSize(long address) {
        if (kept.contains(address)) {
            throw Damage.freedBefore(address);
        }
        return blocks.size(address);
    }

    /// Its blocks have what was asked for, and no more, but for those that became smaller when
    /// there was no memory for others.
    @Override
    public boolean canBe(long size, long alignment, long usable) {
        return size == usable || (size < usable && blocks.haveLarger());
    }

    /// Only a block of exactly the size ends at its guard.
    @Override
    public boolean mayStay(long size, long usable) {
        return size == usable;
    }

    @Override
    public long shrink(long address, long size, long usable) {
        blocks.noteLarger();
        return address;
    }

    @Override
    public long trim(long keep) {
        kept.releaseAll();
        return heap.trim(keep);
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
        String words = blocks.explain(address);
        if (words == null) {
            words = kept.explain(address);
        }
        return words != null ? words : heap.explain(address);
    }

    @Override
    public boolean isThreadSafe() {
        return false;
    }
}
