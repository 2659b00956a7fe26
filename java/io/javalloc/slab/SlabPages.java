package io.javalloc.slab;

import static io.javalloc.slab.PageTable.LOG_PAGE;
import static io.javalloc.slab.SpanRow.NONE;

import io.javalloc.memory.Budget;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;

/// Runs of pages in use: spans, which are runs of one page, and large blocks. The others are
/// [FreePages]; what was free for some time is given back to the system ([DirtyRuns]).
///
/// ```
///  page    0       1       2       3       4       5       6       7       8      end
///          ├───────┼───────┴───────┴───────┼───────┴───────┼───────┼───────┤─ ─ ─
///          │ span  │ large block           │ free          │ span  │ free  │ never used
///          ├───────┼───────┬───────┬───────┼───────┬───────┼───────┼───────┤─ ─ ─
///  length: 1       3       0       0      -2      -2       1      -1       0
///  class:  7       0       0       0       0       0       12      0       0
/// ```
///
/// A free page is *dirty* until the system has it back, or if it has never been used, zero. Which
/// it was is remembered while it is in use, so a block on clean pages need not be cleared.
///
/// All methods take the lock, of which this object is the monitor, except those that ask for what
/// cannot change: the page of a live block, which is its caller's, keeps its class, its run and its
/// dirt; and those that wait for the system, see [DirtyRuns]. The lock is taken also while there is
/// one thread only: a run of pages is seldom asked for, and costs more than an uncontended lock
/// when it is touched.
final class SlabPages {

    /// A run that had to move gets room for a quarter more.
    private static final int LOG_HEADROOM = 2;

    /// So many dirty pages, 4 MiB, take longer to write than a call may last.
    private static final int LEAST_DISCARDED = 64;

    final PageTable table;
    final FreePages free;
    final DirtyRuns dirty;
    final Guards guards;
    final Hardening hardening;
    private final Region region;

    private long liveRuns;
    private long livePages;

    /// @param max       the bytes that may be used, from the region's base
    /// @param decay     milliseconds that pages stay dirty; 0: none
    /// @param budget    for what is known of pages
    /// @param hardening what is done beyond what is needed
    SlabPages(Region region, long max, int decay, Budget budget, Hardening hardening) {
        long base = Region.roundUp(region.base(), Region.PAGE);
        long room = Math.max(0, Math.min(max, region.limit() - base));
        this.region = region;
        table = new PageTable(base, (int) Math.min(1 << 30, room >> LOG_PAGE), budget);
        free = new FreePages(table, region, this);
        dirty = new DirtyRuns(region, table, free, decay, this);
        guards = new Guards(region, table, hardening.guards());
        this.hardening = hardening;
    }

    /// The pages of so many bytes; more than there can be if the bytes are.
    static long pagesFor(long bytes) {
        return (bytes - 1 >>> LOG_PAGE) + 1;
    }

    /// How many runs are in use that are not spans.
    long liveRuns() {
        return liveRuns;
    }

    /// The pages of these.
    long livePages() {
        return livePages;
    }

    // ---- spans -------------------------------------------------------------------------------

    /// Takes a page for a span, whose row is then that of a span of so many blocks. Under the lock
    /// of the class.
    ///
    /// @return [SpanRow#NONE] if there is no memory
    synchronized int takeSpan(int sizeClass, int blocks) {
        int page = take(1, Region.PAGE, 1 + guards.width);
        if (page == NONE) {
            return NONE;
        }
        if (!table.hasRow(page, blocks)) {
            guards.close(page, 1);
            giveUnused(page, 1 + guards.width);
            return NONE;
        }
        table.rows.begin(table.rowOf(page), blocks);
        table.lengths.set(page, 1 + guards.width);
        table.setClass(page, sizeClass);
        if (hardening.erase()) {
            zero(table.addressOf(page), Region.PAGE);
        }
        return page;
    }

    /// Gives back the page of a span of so many blocks, none of which is out. Under the lock of the
    /// class.
    synchronized void giveSpan(int page, int blocks) {
        table.setClass(page, 0);
        table.rows.end(table.rowOf(page), blocks);
        guards.close(page, 1);
        give(page, 1 + guards.width, false);
    }

    // ---- large blocks ------------------------------------------------------------------------

    /// Takes a run.
    ///
    /// @param pages     at least 1
    /// @param alignment power of two
    /// @return its address, or 0 if there is no memory
    synchronized long takeRun(long pages, long alignment) {
        return takeRun(pages, alignment, pages + guards.width);
    }

    /// Takes a run that has been made longer before, and is likely to be again: with free pages
    /// behind it, or at the end, if there is such a place. Else it would have to move each time.
    ///
    /// @param address of the run that has to move; if there is no other place, there may be room
    ///                behind it now, where pages were withdrawn
    /// @return the address of another one, or the same if that is longer now; 0 if there is no
    ///         memory
    synchronized long takeGrowingRun(long address, long pages) {
        long room = pages + (pages >> LOG_HEADROOM) + 1 + guards.width;
        long run = takeRun(pages, Region.PAGE, room);
        return run == 0 && resizeRun(address, pages) ? address : run;
    }

    private long takeRun(long pages, long alignment, long room) {
        int page = pages <= table.most ? take((int) pages, alignment, room) : NONE;
        if (page == NONE) {
            return 0;
        }
        table.lengths.set(page, (int) pages + guards.width);
        liveRuns++;
        livePages += pages;
        return table.addressOf(page);
    }

    /// Clears of a run that was just taken what is not zero already. A long stretch is given to the
    /// system instead, which takes less time than writing it: the program may never touch much of
    /// it.
    void zero(long address, long bytes) {
        int first = (int) table.pageOf(address);
        int end = first + (int) pagesFor(bytes);
        int page = table.dirty.nextSet(first, end);
        while (page < end) {
            int clean = table.dirty.nextClear(page, end);
            long from = table.addressOf(page);
            long to = Math.min(table.addressOf(clean), address + bytes);
            if (clean - page < LEAST_DISCARDED
                    || !region.discard(from, table.addressOf(clean) - from)) {
                Memory.fill(from, to - from, (byte) 0);
            }
            page = table.dirty.nextSet(clean, end);
        }
    }

    /// The pages of the run in use at an address, which may be any; 0 if none starts there that is
    /// no span.
    int pagesAt(long address) {
        long page = table.pageOf(address);
        boolean isStart = (address & Region.PAGE - 1) == 0;
        int length = isStart && table.classAt(page) == 0 ? table.lengths.find(page) : 0;
        return Math.max(0, length - guards.width);
    }

    /// Gives back a run.
    ///
    /// @return its pages; 0 if none starts there
    synchronized int giveRun(long address) {
        int pages = pagesAt(address);
        if (pages > 0) {
            int first = (int) table.pageOf(address);
            liveRuns--;
            livePages -= pages;
            boolean isClean = erase(first, pages);
            guards.close(first, pages);
            give(first, pages + guards.width, isClean);
        }
        return pages;
    }

    /// Makes zero what is given back, if that is wanted: by giving it to the system.
    ///
    /// @return whether the pages are clean now
    private boolean erase(int first, int pages) {
        long bytes = (long) pages << LOG_PAGE;
        if (!hardening.erase()) {
            return false;
        }
        if (region.discard(table.addressOf(first), bytes)) {
            table.dirty.clear(first, first + pages);
            return true;
        }
        Memory.fill(table.addressOf(first), bytes, (byte) 0);
        return false;
    }

    /// Makes a run longer or shorter where it is.
    ///
    /// @return false if what lies behind it is in use, or there is no memory, or no run starts
    ///         there
    synchronized boolean resizeRun(long address, long pages) {
        int before = pagesAt(address);
        if (before == 0 || pages > table.most) {
            return false;
        }
        int first = (int) table.pageOf(address);
        int after = (int) pages;
        if (after > before && !lengthen(first, before, after)) {
            return false;
        }
        if (after < before) {
            shorten(first, before, after);
        }
        table.lengths.set(first, after + guards.width);
        livePages += after - before;
        return true;
    }

    private boolean lengthen(int first, int before, int after) {
        int behind = first + before + guards.width;
        if (!free.takeBehind(behind, after - before)) {
            return false;
        }
        guards.forget(first + before);
        if (guards.open(first, after)) {
            return true;
        }
        guards.open(first, before); // which it is: it counts again
        giveUnused(behind, after - before);
        return false;
    }

    private void shorten(int first, int before, int after) {
        boolean isClean = erase(first + after, before - after);
        guards.close(first + after, before - after);
        give(first + after + guards.width, before - after, isClean);
        guards.open(first, after);
    }

    // ---- pages -------------------------------------------------------------------------------

    /// Takes pages, and one for a guard behind them if there are such.
    ///
    /// @param room see [FreePages#take]
    /// @return the first, [SpanRow#NONE] if there is no memory
    private int take(int payload, long alignment, long room) {
        int pages = payload + guards.width;
        int first = free.take(pages, alignment, room);
        if (first == NONE || guards.open(first, payload)) {
            return first;
        }
        giveUnused(first, pages);
        return NONE;
    }

    private void giveUnused(int first, int pages) {
        free.give(first, pages, DirtyRuns.millis(System.nanoTime()));
    }

    /// Makes pages free that were in use.
    private void give(int first, int pages, boolean isClean) {
        if (!isClean) {
            table.dirty.set(first, first + pages);
        }
        int now = DirtyRuns.millis(System.nanoTime());
        free.give(first, pages, now);
        dirty.look(now);
    }

    /// Whether a page is in a free run. Looks at all runs: to find words for a mistake.
    synchronized boolean isFree(long page) {
        return free.isFree(page);
    }

    // ---- faults ------------------------------------------------------------------------------

    /// What it means that the program has touched an address that it may not touch.
    ///
    /// @return null if it may
    synchronized String explain(long address) {
        long page = table.pageOf(address);
        if (guards.width == 0 || page >= free.end()) {
            return null;
        }
        int run = free.runOf(page);
        int length = table.lengths.get(run);
        long start = table.addressOf(run);
        if (length < 0) {
            return "The program reads or writes memory that has been freed: 0x"
                    + Long.toHexString(address);
        }
        if (page < run + length - guards.width) {
            return null;
        }
        if (table.classes[run] != 0) {
            return "The program reads or writes behind the last of the blocks of "
                    + SizeClasses.bytes(table.classes[run])
                    + " bytes on a page: 0x"
                    + Long.toHexString(address);
        }
        return "The program reads or writes behind the end of a block of "
                + ((long) (length - guards.width) << LOG_PAGE)
                + " bytes, at byte "
                + (address - start)
                + ": 0x"
                + Long.toHexString(start);
    }

    // ---- giving back to the system -----------------------------------------------------------

    /// Gives back to the system what has been free for the time of the decay.
    ///
    /// @return bytes
    long purge(long nanoTime) {
        long purged = dirty.purge(DirtyRuns.millis(nanoTime)) << LOG_PAGE;
        discardRows();
        return purged;
    }

    /// Gives back to the system what is free, but for so many bytes.
    ///
    /// @return bytes
    long trim(long keep) {
        long trimmed = dirty.trim(keep >> LOG_PAGE) << LOG_PAGE;
        discardRows();
        return trimmed;
    }

    /// Gives Java's memory back to the system where rows lie that no span uses: some microseconds
    /// for each piece, under the lock, as it is taken when a span begins to use one.
    private void discardRows() {
        for (int piece = 0; piece < table.rows.pieces(); piece++) {
            synchronized (this) {
                table.rows.discardIfUnused(piece, region);
            }
        }
    }

    /// Whether free pages are dirty.
    boolean isDirty() {
        return dirty.pages() > 0;
    }

    synchronized void publish(long address) {
        table.publish(address, free.end());
    }
}
