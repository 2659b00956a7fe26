package io.javalloc.heaps;

import io.javalloc.BlockVisitor;
import io.javalloc.Heap;
import io.javalloc.HeapArguments;
import io.javalloc.HeapCorruption;
import io.javalloc.HeapOption;
import io.javalloc.HeapProvider;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import java.util.List;

/// Power-of-two slots with the free-list node inside the slot, after the redo of Zig's
/// `WasmAllocator` (commit e2e60f5ff9). Because the node is there with every slot, big or small,
/// freeing never needs memory.
///
/// ```
///  page 0          page 1          page 2          page 3          page 4          frontier
///  ├──┬──┬──┬──┬───┼───────┬───────┼───────────────┴───────────────┼───────────────┼─ ─ ─
///  │▒▒│n │▒▒│▒▒│   │▒▒▒▒▒▒▒│n      │▒▒▒▒▒▒▒▒▒▒▒ in use ▒▒▒▒▒▒▒▒▒▒▒▒│n  free        │ not used
///  ├──┴──┴──┴──┴───┼───────┴───────┼───────────────┬───────────────┼───────────────┼─ ─ ─
///  │slots of 2^a ↑ │slots of 2^b   │a run of 2 pages               │a run of 1 page│
///  │          bump │               │                               │               │
///  table: a         b               17              0               -16             0
/// ```
///
/// The region is a row of 64 KiB pages. A *small slot* (16 bytes to 32 KiB) is one of the equal
/// parts of a page; a *run* is a slot of 2^k pages. Both are named by the log2 of their bytes. One
/// byte for each page, the table, says what starts there: the log2 of the slots of the page, or of
/// the run; negative if the run is free; 0 inside a run and where nothing was handed out. Every
/// log2 has a list of its free slots, last in first out; each begins with the address of the next.
///
/// This class serves small slots: what is in no list is cut from the page of its size at the *bump*
/// pointer. [ZigWasmRuns] serves runs: what is in no list is a part of a larger free run, or taken
/// at the frontier, behind which no page is in use; a run that shrinks hands its upper pages to the
/// lists of their sizes. Small slots are naturally aligned, so an alignment up to a page is a
/// matter of the size. Pages whose small slots are all free become runs only when there is no other
/// memory.
///
/// Different from the original, on purpose:
/// - The node lies over the first bytes of the free slot and costs nothing, because the table knows
///   the sizes of the slots; the original adds its 8 bytes to every request.
/// - An address where no slot starts is refused, and so is a run that is free already. A small slot
///   that is freed twice is not seen, unless memory is short.
/// - A link in a free slot is followed only to a slot of its size, or to a free run of its size;
///   anything else that was written there is refused when the slot is reused. What is not seen: a
///   write behind the link, and a link to a slot of the same size, which may be in use or not cut
///   yet. ([#verify] sees all but the slots in use.)
/// - A small block that shrinks hands nothing to the lists: it stays while its slot is at most four
///   times too large, and moves otherwise.
/// - Larger runs are split, and free pages join; those of the original keep their size for ever.
/// - Any alignment is served, also one larger than a page.
public final class ZigWasm implements Heap {

    /// Makes [ZigWasm] heaps. Option `max`: the bytes it may use, all of the region if absent.
    public static final class Provider implements HeapProvider {

        @Override
        public String name() {
            return "zig-wasm";
        }

        @Override
        public String summary() {
            return "Power-of-two slots, the free-list node inside the slot, big or small";
        }

        @Override
        public Heap create(HeapArguments arguments) {
            return new ZigWasm(arguments.region(), arguments.max());
        }

        @Override
        public List<HeapOption> options() {
            return List.of(HeapOption.MAX);
        }

        @Override
        public String document() {
            return "Zig's WasmAllocator, the redo";
        }

        @Override
        public String checks() {
            return "interior pointers, double free of large blocks";
        }
    }

    private static final int LOG_SMALLEST = ZigWasmRuns.LOG_SMALLEST;
    private static final int LOG_PAGE = ZigWasmRuns.LOG_PAGE;

    /// A reallocated block stays where it is while its slot is at most so much too large.
    private static final int LOG_MAX_WASTE = 2;

    final ZigWasmRuns runs;

    /// By log2: the first free small slot, 0 for none.
    final long[] lists = new long[LOG_PAGE];

    /// By log2: the next small slot to cut. A multiple of the page if there is none.
    final long[] bumps = new long[LOG_PAGE];

    /// By log2: whether the page that is being cut was fresh.
    private final boolean[] bumpIsFresh = new boolean[LOG_PAGE];

    /// @param max the bytes it may use, from the region's base; no more than the region has
    /// @throws IllegalArgumentException if this is not even one page
    ZigWasm(Region region, long max) {
        runs = new ZigWasmRuns(region, max);
        if (runs.mostPages() == 0) {
            throw new IllegalArgumentException(
                    "zig-wasm needs a max of at least 64k, one page, not " + max);
        }
    }

    @Override
    public long allocate(long size, long alignment) {
        int log = ceilLog(Math.max(size, alignment));
        if (log >= LOG_PAGE) {
            return takeRun(ceilLog(Math.max(size, Region.PAGE)), alignment);
        }
        long slot = lists[log];
        if (slot == 0) {
            return cut(log);
        }
        lists[log] = runs.nextSlot(slot, log);
        return slot;
    }

    @Override
    public long allocateZeroed(long size, long alignment) {
        int log = ceilLog(Math.max(size, alignment));
        long dirtyEnd = runs.fresh();
        // Slots of a page that was fresh are so themselves until they are freed for the first time.
        boolean isCut = log < LOG_PAGE && lists[log] == 0;
        long address = allocate(size, alignment);
        boolean isFresh = isCut && bumpIsFresh[log];
        return isFresh ? address : Memory.cleared(address, size, dirtyEnd);
    }

    @Override
    public void free(long address) {
        int log = logAt(address);
        if (log < LOG_PAGE) {
            FreeNode.setNext(address, lists[log]);
            lists[log] = address;
        } else {
            runs.give(address, log);
        }
    }

    @Override
    public long usableSize(long address) {
        return 1L << logAt(address);
    }

    @Override
    public long reallocate(long address, long size) {
        int log = logAt(address);
        int wanted = ceilLog(Math.max(size, MIN_ALIGNMENT));
        if (wanted > log) {
            boolean stays = log >= LOG_PAGE && runs.grow(address, log, wanted);
            return stays ? address : move(address, 1L << log, size);
        }
        if (log >= LOG_PAGE) {
            int kept = Math.max(wanted, LOG_PAGE);
            runs.shrink(address, log, kept);
            log = kept;
        }
        if (log - wanted <= LOG_MAX_WASTE) {
            return address;
        }
        long moved = move(address, size, size);
        return moved != 0 ? moved : address;
    }

    /// The least n for which 2^n is `size` or more.
    private static int ceilLog(long size) {
        return Long.SIZE - Long.numberOfLeadingZeros(size - 1);
    }

    /// The log2 of the block at the address.
    ///
    /// @throws HeapCorruption if no block starts there, as far as the table knows
    private int logAt(long address) {
        int log = runs.at(address);
        if (log > 0 && (address & slotMask(log)) == 0) {
            return log;
        }
        if (log < 0 && (address & (Region.PAGE - 1)) == 0) {
            throw new HeapCorruption("This run of pages has already been freed", address);
        }
        throw new HeapCorruption("No block of this heap starts at this address", address);
    }

    /// The bits that are 0 in the address of a slot of that size.
    private static long slotMask(int log) {
        return ((1L << log) - 1) & (Region.PAGE - 1);
    }

    /// Cuts the next small slot from the page of its size.
    private long cut(int log) {
        long slot = bumps[log];
        if ((slot & (Region.PAGE - 1)) == 0) {
            long dirtyEnd = runs.fresh();
            slot = takeRun(LOG_PAGE, MIN_ALIGNMENT);
            if (slot == 0) {
                return 0;
            }
            runs.cutInto(slot, log);
            bumpIsFresh[log] = slot >= dirtyEnd;
        }
        bumps[log] = slot + (1L << log);
        return slot;
    }

    private long takeRun(int log, long alignment) {
        if (!runs.canHold(log, alignment)) {
            return 0;
        }
        long run = runs.take(log, alignment);
        if (run != 0) {
            return run;
        }
        releaseFreePages();
        return runs.take(log, alignment);
    }

    /// Makes pages whose small slots are all free into free runs, and joins what is side by side.
    private void releaseFreePages() {
        int[] freeSlots = countFreeSlots();
        for (int log = LOG_SMALLEST; log < LOG_PAGE; log++) {
            unlinkFreePages(log, freeSlots);
        }
        for (int page = 0; page < freeSlots.length; page++) {
            int log = runs.table[page];
            if (log > 0 && log < LOG_PAGE && freeSlots[page] == slotsCut(page, log)) {
                if (slotsCut(page, log) < Region.PAGE >> log) {
                    bumps[log] = 0;
                }
                runs.table[page] = -LOG_PAGE;
            }
        }
        runs.join();
    }

    private int[] countFreeSlots() {
        int[] count = new int[runs.pages()];
        for (int log = LOG_SMALLEST; log < LOG_PAGE; log++) {
            for (long slot = lists[log]; slot != 0; slot = runs.nextSlot(slot, log)) {
                int page = runs.pageOf(slot);
                if (++count[page] > slotsCut(page, log)) {
                    throw new HeapCorruption("A block has been freed twice, or overwritten", slot);
                }
            }
        }
        return count;
    }

    /// Takes the slots of pages that are all free out of their list.
    private void unlinkFreePages(int log, int[] freeSlots) {
        long previous = 0;
        long slot = lists[log];
        while (slot != 0) {
            long next = FreeNode.next(slot);
            int page = runs.pageOf(slot);
            if (freeSlots[page] != slotsCut(page, log)) {
                previous = slot;
            } else if (previous == 0) {
                lists[log] = next;
            } else {
                FreeNode.setNext(previous, next);
            }
            slot = next;
        }
    }

    /// How many small slots of a page have been cut so far.
    int slotsCut(int page, int log) {
        long cut = bumps[log] - runs.addressOf(page);
        return (int) (cut > 0 && cut <= Region.PAGE ? cut : Region.PAGE) >> log;
    }

    @Override
    public void verify() {
        new ZigWasmAudit(this).verify();
    }

    @Override
    public void walk(BlockVisitor visitor) {
        new ZigWasmAudit(this).walk(visitor);
    }
}
