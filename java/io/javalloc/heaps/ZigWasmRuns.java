package io.javalloc.heaps;

import io.javalloc.HeapCorruption;
import io.javalloc.memory.Frontier;
import io.javalloc.memory.Region;
import java.util.Arrays;

/// The larger half of [ZigWasm], see its picture: runs of 2^k pages, and the table that says what
/// every page is. The smaller half takes its pages here, one at a time.
///
/// Every size has a list of its free runs, last in first out. What is in no list is a part of a
/// larger free run; or, if many pages came back since the last time, of what free runs side by side
/// make when they are joined; or it is taken at the frontier. Any number of pages is a sum of
/// powers of two: so the pages before and behind a run that was cut out for an alignment, and the
/// upper ones of a run that shrinks, go to the lists of their sizes.
final class ZigWasmRuns {

    /// The log2 of the smallest slot, of a page, and of what no run reaches.
    static final int LOG_SMALLEST = 4;

    static final int LOG_PAGE = 16;
    static final int LOG_MAX = 63;
    private static final int FIRST_TABLE = 1 << 10;

    /// Runs are joined after this part of the pages up to the frontier came back, so that a page
    /// pays for a look at a few others.
    private static final int LOG_JOIN_PART = 3;

    private final Frontier frontier;
    private final long base;

    /// By log2 of the bytes: the first free run, 0 for none.
    final long[] lists = new long[LOG_MAX];

    /// By page: the log2 of the run that starts there, or of the slots that the page is cut into;
    /// negative if the run is free; 0 inside of a run and behind the frontier.
    byte[] table = new byte[FIRST_TABLE];

    /// Pages that came back since runs were last joined.
    private long returned;

    ZigWasmRuns(Region region, long max) {
        frontier = new Frontier(region, max, Region.PAGE);
        base = frontier.base();
    }

    /// How many pages there can be at most.
    long mostPages() {
        return frontier.room() >> LOG_PAGE;
    }

    /// The number of the page from which on none is in use.
    int pages() {
        return pageOf(frontier.end());
    }

    /// From here on nothing has been written since the system zeroed it.
    long fresh() {
        return frontier.fresh();
    }

    /// What the table has for the page of the address, 0 for an address behind or before the pages.
    int at(long address) {
        long page = address - base >>> LOG_PAGE;
        return page < table.length ? table[(int) page] : 0;
    }

    /// Takes a run of 2^log bytes, a page at least.
    ///
    /// @param log       what there [#canHold] be room for
    /// @param alignment the same
    /// @return its address, or 0 if there is no memory for it
    long take(int log, long alignment) {
        long run = takeFree(log, alignment);
        if (run == 0 && returned > pages() >> LOG_JOIN_PART) {
            join();
            run = takeFree(log, alignment);
        }
        if (run == 0) {
            run = takeFresh(log, alignment);
        }
        if (run != 0) {
            table[pageOf(run)] = (byte) log;
        }
        return run;
    }

    /// Notes that a page in use is cut into slots of a size.
    void cutInto(long page, int log) {
        table[pageOf(page)] = (byte) log;
    }

    /// Takes a run back.
    void give(long run, int log) {
        takeBack(pageOf(run), pagesOf(log));
    }

    /// Hands the upper part of a run to the lists.
    void shrink(long run, int log, int wanted) {
        table[pageOf(run)] = (byte) wanted;
        takeBack(pageOf(run) + pagesOf(wanted), pagesOf(log) - pagesOf(wanted));
    }

    /// Makes the last run longer.
    ///
    /// @return false if it is not the last, or there is no memory; nothing has changed then
    boolean grow(long run, int log, int wanted) {
        boolean isLast = run + (1L << log) == frontier.end();
        if (!isLast || wanted >= LOG_MAX || !advance(run + (1L << wanted))) {
            return false;
        }
        table[pageOf(run)] = (byte) wanted;
        return true;
    }

    /// Makes free runs side by side one; those right before the frontier go back behind it.
    void join() {
        Arrays.fill(lists, 0);
        returned = 0;
        int start = 0;
        int page = 0;
        while (page < pages()) {
            int log = table[page];
            int next = page + pagesOf(Math.abs(log));
            if (log < 0) {
                table[page] = 0;
            } else {
                release(start, page - start);
                start = next;
            }
            page = next;
        }
        frontier.retreat(addressOf(start));
    }

    /// The small slot behind a free one in its list. Refuses a link to anything but a slot of that
    /// size: somebody has written to a slot after it was freed.
    long nextSlot(long slot, int log) {
        long next = FreeNode.next(slot);
        if (next != 0 && (at(next) != log || (next & ((1L << log) - 1)) != 0)) {
            throw overwritten(slot);
        }
        return next;
    }

    /// The run behind a free one in its list. Refuses a link to anything but a free run of that
    /// size.
    long nextRun(long run, int log) {
        long next = FreeNode.next(run);
        if (next != 0 && (at(next) != -log || (next & (Region.PAGE - 1)) != 0)) {
            throw overwritten(run);
        }
        return next;
    }

    private static HeapCorruption overwritten(long block) {
        return new HeapCorruption("A free slot has been overwritten", block);
    }

    /// Whether there could be room for a run if all of the memory was free.
    boolean canHold(int log, long alignment) {
        if (log >= LOG_MAX) {
            return false;
        }
        long start = Region.roundUp(base, alignment);
        return start >= base && 1L << log <= frontier.limit() - start;
    }

    /// Takes a free run, or the part of a larger one that is aligned.
    private long takeFree(int log, long alignment) {
        for (int have = log; have < LOG_MAX; have++) {
            long previous = 0;
            long run = lists[have];
            int left = pages();
            while (run != 0) {
                if (left-- == 0) {
                    throw new HeapCorruption("A list of free slots leads in a circle", run);
                }
                long next = nextRun(run, have);
                long start = Region.roundUp(run, alignment);
                long behind = run + (1L << have) - (start + (1L << log));
                if (behind >= 0) {
                    unlink(have, previous, next);
                    release(pageOf(run), (int) (start - run >> LOG_PAGE));
                    release(pageOf(start + (1L << log)), (int) (behind >> LOG_PAGE));
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
            FreeNode.setNext(previous, next);
        }
    }

    private long takeFresh(int log, long alignment) {
        long gap = frontier.end();
        long run = Region.roundUp(gap, alignment);
        if (!advance(run + (1L << log))) {
            return 0;
        }
        release(pageOf(gap), (int) (run - gap >> LOG_PAGE));
        return run;
    }

    private boolean advance(long end) {
        if (end > frontier.limit() || end < base) {
            return false;
        }
        int pages = pageOf(end);
        if (pages > table.length) {
            long doubled = Math.min(mostPages(), 2L * table.length);
            table = Arrays.copyOf(table, (int) Math.max(pages, doubled));
        }
        return frontier.advance(end);
    }

    private void takeBack(int page, int count) {
        returned += count;
        release(page, count);
    }

    /// Makes any number of pages free: decomposes them into runs of 2^k, each on its list.
    private void release(int page, int count) {
        while (count != 0) {
            int part = Integer.lowestOneBit(count);
            int log = LOG_PAGE + Integer.numberOfTrailingZeros(part);
            table[page] = (byte) -log;
            FreeNode.setNext(addressOf(page), lists[log]);
            lists[log] = addressOf(page);
            page += part;
            count -= part;
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
}
