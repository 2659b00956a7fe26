package io.javalloc.memory;

import java.util.Arrays;
import java.util.BitSet;

/// Runs of pages in a region: first fit, neighbours that are free are one run. For heaps that take
/// memory in large pieces and give some of them back. The pages' size is the heap's choice.
///
/// ```
///  page   0       1       2       3       4       5       6      frontier
///         ├───────┴───────┴───────┼───────┴───────┼───────┤─ ─ ─
///         │ in use                │ free          │in use │ never used, or no longer
///         ├───────┬───────┬───────┼───────┬───────┼───────┤─ ─ ─
///  table: +3       0       0      -2      -2      +1       0
/// ```
///
/// The table is a Java array, out of reach of the program. At the first page of each run stands its
/// length, negative if the run is free; a free run has it at its last page, too; all else is 0. No
/// two free runs are neighbours, and none lies right before the frontier.
public final class PageRuns {

    /// Is shown runs, see [#walk].
    @FunctionalInterface
    public interface Visitor {

        /// Takes a look at one run, of so many bytes.
        void run(long address, long bytes);
    }

    private static final int FIRST_TABLE = 1 << 8;

    private static final int MOST_PAGES = 1 << 30;

    private final Frontier frontier;
    private final int logPage;
    private int[] table = new int[FIRST_TABLE];

    /// The pages at which a free run begins, so that a search does not come by those in use.
    private BitSet freeRuns = new BitSet(FIRST_TABLE);

    /// No free run is longer. Spares a search that finds nothing.
    private int longestFree;

    /// @param region  where the pages are
    /// @param max     the bytes that may be used, from the region's base
    /// @param logPage log2 of the bytes of a page, 12 at least
    public PageRuns(Region region, long max, int logPage) {
        this.logPage = logPage;
        frontier = new Frontier(region, Math.min(max, (long) MOST_PAGES << logPage), 1L << logPage);
    }

    /// The bytes of all pages that there can be.
    public long bytes() {
        return frontier.room();
    }

    /// How many pages hold so many bytes; too many to be had if the bytes are.
    public int pagesFor(long bytes) {
        long pages = (bytes >>> logPage) + ((bytes & ((1L << logPage) - 1)) == 0 ? 0 : 1);
        return (int) Math.min(Integer.MAX_VALUE, pages);
    }

    /// Takes a run.
    ///
    /// @param pages     its length, at least 1
    /// @param alignment power of two that its address is a multiple of
    /// @return its address, or 0 if there is no memory for it
    public long take(int pages, long alignment) {
        if (pages > frontier.room() >> logPage) {
            return 0;
        }
        int free = pages <= longestFree ? findFree(pages, alignment) : -1;
        if (free < 0) {
            return takeFresh(pages, alignment);
        }
        int first = (int) startIn(free, alignment);
        carve(free, first, pages);
        return addressOf(first);
    }

    /// Gives back a run that was taken.
    ///
    /// @throws IllegalArgumentException if no run in use starts at the address: ask [#pagesAt]
    /// first
    public void give(long address) {
        int first = usedAt(address);
        release(first, table[first]);
    }

    /// The pages of the run in use that starts at the address; 0 if none does.
    public int pagesAt(long address) {
        long page = address - frontier.base() >> logPage;
        boolean isPage = page >= 0 && page < end() && addressOf((int) page) == address;
        return isPage ? Math.max(0, table[(int) page]) : 0;
    }

    /// From here on nothing has been written since the system zeroed it.
    public long fresh() {
        return frontier.fresh();
    }

    /// Shows every run in use, in the order of addresses: its address and its bytes.
    public void walk(Visitor visitor) {
        for (int page = 0; page < end(); page += Math.abs(table[page])) {
            if (table[page] > 0) {
                visitor.run(addressOf(page), (long) table[page] << logPage);
            }
        }
    }

    /// Checks the invariants that the picture shows.
    ///
    /// @throws IllegalStateException if one does not hold
    public void verify() {
        boolean previousIsFree = false;
        int free = 0;
        int found = 0;
        int page = 0;
        while (page < end()) {
            int length = table[page];
            int end = page + Math.abs(length);
            boolean isMarked = length > 0 || (end <= end() && table[end - 1] == length);
            if (length == 0 || end > end() || !isMarked) {
                throw new IllegalStateException("page " + page + ": no run, but " + length);
            }
            if (length < 0 && (previousIsFree || -length > longestFree)) {
                throw new IllegalStateException("page " + page + ": a free run not merged");
            }
            previousIsFree = length < 0;
            found += previousIsFree && freeRuns.get(page) ? 1 : 0;
            free += previousIsFree ? 1 : 0;
            page = end;
        }
        if (previousIsFree) {
            throw new IllegalStateException("a free run lies right before the frontier");
        }
        if (found != free || free != freeRuns.cardinality()) {
            throw new IllegalStateException(
                    "searches find " + freeRuns.cardinality() + " free runs, not " + free);
        }
    }

    private int findFree(int pages, long alignment) {
        for (int page = freeRuns.nextSetBit(0); page >= 0; page = freeRuns.nextSetBit(page + 1)) {
            if (-table[page] >= pages && startIn(page, alignment) + pages <= page - table[page]) {
                return page;
            }
        }
        if (alignment <= 1L << logPage) {
            longestFree = pages - 1;
        }
        return -1;
    }

    /// The first page from `page` on that is aligned, which may lie far behind the last.
    private long startIn(int page, long alignment) {
        return Region.roundUp(addressOf(page), alignment) - frontier.base() >>> logPage;
    }

    /// Cuts a run in use out of a free one.
    private void carve(int free, int first, int pages) {
        int end = free - table[free];
        int behind = end - first - pages;
        unmarkFree(free, end);
        markFree(free, first);
        table[first] = pages;
        markFree(end - behind, end);
    }

    private long takeFresh(int pages, long alignment) {
        int gap = end();
        long start = Region.roundUp(frontier.end(), alignment);
        if (start < frontier.end() || !advance(start + ((long) pages << logPage))) {
            return 0;
        }
        table[pageOf(start)] = pages;
        release(gap, pageOf(start) - gap);
        return start;
    }

    private boolean advance(long to) {
        if (to > frontier.limit()) {
            return false;
        }
        int pages = pageOf(to);
        if (pages > table.length) { // there may be no Java memory for it: nothing has changed yet
            int most = pageOf(frontier.limit());
            int length = (int) Math.max(pages, Math.min(most, 2L * table.length));
            BitSet longer = new BitSet(length);
            longer.or(freeRuns);
            table = Arrays.copyOf(table, length);
            freeRuns = longer;
        }
        return frontier.advance(to);
    }

    /// Makes pages free that are in no free run, and one run with the free ones beside them.
    private void release(int first, int pages) {
        if (pages == 0) {
            return;
        }
        int start = first;
        int end = first + pages;
        table[first] = 0;
        if (start > 0 && table[start - 1] < 0) {
            start += table[start - 1];
            unmarkFree(start, first);
        }
        if (end < end() && table[end] < 0) {
            int next = end;
            end -= table[end];
            unmarkFree(next, end);
        }
        if (end == end()) {
            frontier.retreat(addressOf(start));
        } else {
            markFree(start, end);
        }
    }

    private void markFree(int start, int end) {
        if (start < end) {
            table[start] = start - end;
            table[end - 1] = start - end;
            freeRuns.set(start);
            longestFree = Math.max(longestFree, end - start);
        }
    }

    private void unmarkFree(int start, int end) {
        if (start < end) {
            table[start] = 0;
            table[end - 1] = 0;
            freeRuns.clear(start);
        }
    }

    private int usedAt(long address) {
        if (pagesAt(address) == 0) {
            throw new IllegalArgumentException("no run of pages starts at " + address);
        }
        return pageOf(address);
    }

    /// The first page that is never used, or no longer.
    private int end() {
        return pageOf(frontier.end());
    }

    private int pageOf(long address) {
        return (int) (address - frontier.base() >> logPage);
    }

    private long addressOf(int page) {
        return frontier.base() + ((long) page << logPage);
    }
}
