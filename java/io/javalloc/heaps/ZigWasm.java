package io.javalloc.heaps;

import io.javalloc.BlockVisitor;
import io.javalloc.Heap;
import io.javalloc.HeapArguments;
import io.javalloc.HeapCorruption;
import io.javalloc.HeapOption;
import io.javalloc.HeapProvider;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import java.util.Arrays;
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
/// What there is no free slot for is cut from the page of its size at the *bump* pointer, or is a
/// part of a larger free run, or is taken at the *frontier*, behind which no page is in use. Small
/// slots are naturally aligned, so an alignment up to a page is a matter of the size; for a larger
/// one the pages before and behind are cut off. A run that shrinks hands its upper pages to the
/// lists of their sizes. Free runs side by side are joined before the frontier moves on, if enough
/// pages came back since the last time; pages whose small slots are all free become runs only when
/// there is no other memory.
///
/// Different from the original, on purpose:
/// - The node lies over the first bytes of the free slot and costs nothing, because the table knows
///   the sizes of the slots; the original adds its 8 bytes to every request.
/// - An address where no slot starts is refused, and so is a run that is free already. A small slot
///   that is freed twice is not seen; a free slot that was written to is, mostly.
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

    /// What is in a free slot.
    private static final class Node {

        /// Offset of the address of the next free slot of the size, 0 for none.
        static final long NEXT = 0;

        static long next(long slot) {
            return Memory.getLong(slot + NEXT);
        }

        static void setNext(long slot, long next) {
            Memory.putLong(slot + NEXT, next);
        }
    }

    static final int LOG_MIN_SLOT = 4;
    static final int LOG_PAGE = 16;
    static final int LOG_MAX = 63;
    private static final int FIRST_TABLE = 1 << 10;

    /// A reallocated block stays where it is while its slot is at most so much too large.
    private static final int LOG_MAX_WASTE = 2;

    /// Runs are joined after this part of the pages up to the frontier came back, so that a page
    /// pays for a look at a few others.
    private static final int LOG_JOIN_PART = 3;

    private final Region region;
    private final long base;
    private final int maxPages;

    /// By log2: the first free slot, 0 for none.
    final long[] lists = new long[LOG_MAX + 1];

    /// By log2, small sizes only: the next slot to cut. A multiple of the page if there is none.
    final long[] bumps = new long[LOG_PAGE];

    /// By log2, small sizes only: whether the page that is being cut was fresh.
    private final boolean[] bumpIsFresh = new boolean[LOG_PAGE];

    /// By page: the log2 of what starts there, see above. Pages behind its end have nothing.
    byte[] table = new byte[FIRST_TABLE];

    /// The number of the page from which on none is in use.
    int frontier;

    /// Pages that came back since runs were last joined.
    private long returned;

    /// From here on nothing has been written since the system zeroed it.
    private long fresh;

    /// @param max the bytes it may use, from the region's base; no more than the region has
    /// @throws IllegalArgumentException if this is not even one page
    ZigWasm(Region region, long max) {
        this.region = region;
        base = Region.roundUp(region.base(), Region.PAGE);
        maxPages = (int) Math.min(1 << 30, Math.min(max, region.limit() - base) >> LOG_PAGE);
        fresh = base;
        if (maxPages <= 0) {
            throw new IllegalArgumentException(
                    "zig-wasm needs a max of at least 64k, one page, not " + max);
        }
    }

    @Override
    public long allocate(long size, long alignment) {
        int log = ceilLog(Math.max(size, alignment));
        if (log >= LOG_PAGE) {
            return allocateRun(size, alignment);
        }
        long slot = lists[log];
        if (slot == 0) {
            return cut(log);
        }
        lists[log] = checkedNext(slot);
        return slot;
    }

    @Override
    public long allocateZeroed(long size, long alignment) {
        int log = ceilLog(Math.max(size, alignment));
        long dirtyEnd = fresh;
        // Slots of a page that was fresh are so themselves until they are freed for the first time.
        boolean isCut = log < LOG_PAGE && lists[log] == 0;
        long address = allocate(size, alignment);
        if (address == 0 || (isCut && bumpIsFresh[log])) {
            return address;
        }
        if (address < dirtyEnd) {
            Memory.fill(address, Math.min(size, dirtyEnd - address), (byte) 0);
        }
        return address;
    }

    @Override
    public void free(long address) {
        int log = logAt(address);
        if (log < LOG_PAGE) {
            push(log, address);
        } else {
            takeBack(pageOf(address), pagesOf(log));
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
            if (log >= LOG_PAGE && growAtFrontier(address, log, wanted)) {
                return address;
            }
            return move(address, size, 1L << log);
        }
        if (log >= LOG_PAGE) {
            log = shrinkRun(address, log, Math.max(wanted, LOG_PAGE));
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
        long page = address - base >>> LOG_PAGE;
        if (page < table.length) {
            int log = table[(int) page];
            if (log > 0 && (address & slotMask(log)) == 0) {
                return log;
            }
        }
        throw notABlock(address);
    }

    /// The bits that are 0 in the address of a slot of that size.
    static long slotMask(int log) {
        return ((1L << log) - 1) & (Region.PAGE - 1);
    }

    private HeapCorruption notABlock(long address) {
        long page = address - base >>> LOG_PAGE;
        if (page < frontier && table[(int) page] < 0 && addressOf((int) page) == address) {
            return new HeapCorruption("This run of pages has already been freed", address);
        }
        return new HeapCorruption("No block of this heap starts at this address", address);
    }

    private void push(int log, long slot) {
        Node.setNext(slot, lists[log]);
        lists[log] = slot;
    }

    /// The slot behind a free one in its list. Refuses a link that leads out of the pages in use or
    /// between the slots: somebody has written to a block after it was freed.
    long checkedNext(long slot) {
        long next = Node.next(slot);
        // The low bits become the high ones: a misaligned link is too large as well.
        long unit = Long.rotateRight(next - base, LOG_MIN_SLOT);
        long units = (long) frontier << LOG_PAGE - LOG_MIN_SLOT;
        if (Long.compareUnsigned(unit, units) >= 0 && next != 0) {
            throw new HeapCorruption("A free slot has been overwritten", slot);
        }
        return next;
    }

    /// Cuts the next small slot from the page of its size.
    private long cut(int log) {
        long slot = bumps[log];
        if ((slot & (Region.PAGE - 1)) == 0) {
            long dirtyEnd = fresh;
            slot = takeRun(LOG_PAGE, MIN_ALIGNMENT);
            if (slot == 0) {
                return 0;
            }
            table[pageOf(slot)] = (byte) log;
            bumpIsFresh[log] = slot >= dirtyEnd;
        }
        bumps[log] = slot + (1L << log);
        return slot;
    }

    private long allocateRun(long size, long alignment) {
        int log = ceilLog(Math.max(size, Region.PAGE));
        long run = takeRun(log, alignment);
        if (run != 0) {
            table[pageOf(run)] = (byte) log;
        }
        return run;
    }

    /// Takes a run that is in no list afterwards.
    private long takeRun(int log, long alignment) {
        if (log >= LOG_MAX || 1L << log > (long) maxPages << LOG_PAGE) {
            return 0;
        }
        long run = takeFree(log, alignment);
        if (run == 0 && returned > frontier >> LOG_JOIN_PART) {
            joinRuns();
            run = takeFree(log, alignment);
        }
        if (run == 0) {
            run = takeFresh(log, alignment);
        }
        if (run == 0) {
            releaseFreePages();
            joinRuns();
            run = takeFree(log, alignment);
        }
        return run != 0 ? run : takeFresh(log, alignment);
    }

    /// Takes a free run, or the part of a larger one that is aligned.
    private long takeFree(int log, long alignment) {
        for (int have = log; have < LOG_MAX; have++) {
            long previous = 0;
            long run = lists[have];
            while (run != 0) {
                long next = checkedNext(run);
                long start = Region.roundUp(run, alignment);
                long behind = run + (1L << have) - (start + (1L << log));
                if (behind >= 0) {
                    unlink(have, previous, next);
                    give(pageOf(run), (int) (start - run >> LOG_PAGE));
                    give(pageOf(start + (1L << log)), (int) (behind >> LOG_PAGE));
                    return start;
                }
                previous = run;
                run = next;
            }
        }
        return 0;
    }

    private void unlink(int log, long previous, long next) {
        if (previous == 0) {
            lists[log] = next;
        } else {
            Node.setNext(previous, next);
        }
    }

    private long takeFresh(int log, long alignment) {
        long run = Region.roundUp(addressOf(frontier), alignment);
        int page = pageOf(run);
        int gap = frontier;
        if (!advanceFrontier(run + (1L << log))) {
            return 0;
        }
        give(gap, page - gap);
        return run;
    }

    private boolean advanceFrontier(long end) {
        if (end - base > (long) maxPages << LOG_PAGE || !region.commit(end)) {
            return false;
        }
        int pages = pageOf(end);
        if (pages > table.length) {
            table = Arrays.copyOf(table, Math.max(pages, Math.min(maxPages, 2 * table.length)));
        }
        frontier = pages;
        fresh = Math.max(fresh, end);
        return true;
    }

    private void takeBack(int page, int count) {
        returned += count;
        give(page, count);
    }

    /// Makes any run of pages free: decomposes it into runs of 2^k pages, each on its list.
    private void give(int page, int count) {
        while (count != 0) {
            int part = Integer.lowestOneBit(count);
            int log = LOG_PAGE + Integer.numberOfTrailingZeros(part);
            table[page] = (byte) -log;
            push(log, addressOf(page));
            page += part;
            count -= part;
        }
    }

    private int shrinkRun(long run, int log, int wanted) {
        table[pageOf(run)] = (byte) wanted;
        takeBack(pageOf(run + (1L << wanted)), pagesOf(log) - pagesOf(wanted));
        return wanted;
    }

    private boolean growAtFrontier(long run, int log, int wanted) {
        boolean isLast = run + (1L << log) == addressOf(frontier);
        if (!isLast || wanted >= LOG_MAX || !advanceFrontier(run + (1L << wanted))) {
            return false;
        }
        table[pageOf(run)] = (byte) wanted;
        return true;
    }

    private long move(long address, long size, long kept) {
        long moved = allocate(size, MIN_ALIGNMENT);
        if (moved != 0) {
            Memory.copy(address, moved, kept);
            free(address);
        }
        return moved;
    }

    /// Makes free runs side by side one; those right before the frontier go back behind it.
    private void joinRuns() {
        Arrays.fill(lists, LOG_PAGE, lists.length, 0);
        returned = 0;
        int start = 0;
        int page = 0;
        while (page < frontier) {
            int log = table[page];
            int next = page + pagesOf(Math.abs(log));
            if (log < 0) {
                table[page] = 0;
            } else {
                give(start, page - start);
                start = next;
            }
            page = next;
        }
        frontier = start;
    }

    /// Makes pages whose small slots are all free into free runs, which are in no list yet.
    private void releaseFreePages() {
        int[] freeSlots = countFreeSlots();
        for (int log = LOG_MIN_SLOT; log < LOG_PAGE; log++) {
            unlinkFreePages(log, freeSlots);
        }
        for (int page = 0; page < frontier; page += pagesOf(Math.abs(table[page]))) {
            int log = table[page];
            if (log > 0 && log < LOG_PAGE && freeSlots[page] == slotsCut(page, log)) {
                table[page] = -LOG_PAGE;
                stopCutting(page, log);
            }
        }
    }

    private int[] countFreeSlots() {
        int[] count = new int[frontier];
        for (int log = LOG_MIN_SLOT; log < LOG_PAGE; log++) {
            for (long slot = lists[log]; slot != 0; slot = checkedNext(slot)) {
                int page = pageOf(slot);
                if (table[page] != log || ++count[page] > slotsCut(page, log)) {
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
            long next = Node.next(slot);
            int page = pageOf(slot);
            if (freeSlots[page] != slotsCut(page, log)) {
                previous = slot;
            } else {
                unlink(log, previous, next);
            }
            slot = next;
        }
    }

    /// How many small slots of a page have been cut so far.
    int slotsCut(int page, int log) {
        long cut = bumps[log] - addressOf(page);
        return (int) (cut > 0 && cut <= Region.PAGE ? cut : Region.PAGE) >> log;
    }

    private void stopCutting(int page, int log) {
        if (slotsCut(page, log) < Region.PAGE >> log) {
            bumps[log] = 0;
        }
    }

    static int pagesOf(int log) {
        return log <= LOG_PAGE ? 1 : 1 << log - LOG_PAGE;
    }

    int pageOf(long address) {
        return (int) (address - base >> LOG_PAGE);
    }

    long addressOf(int page) {
        return base + ((long) page << LOG_PAGE);
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
