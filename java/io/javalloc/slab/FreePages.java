package io.javalloc.slab;

import static io.javalloc.slab.SpanRow.NONE;

import io.javalloc.memory.Region;

/// The pages that nobody uses: runs as long as can be, from which others are cut, and behind the
/// last one those that were never used.
///
/// ```
///            ├── free ──┤▒▒▒▒▒▒├────── free, withdrawn ──────┤── free ──┤▒▒▒▒├── never used ─ ─ ─
///  in a list      yes                      no                    yes     ▲                ▲
///                                  (the system takes it back)           end             the limit
/// ```
///
/// Free neighbours are one run, in the list of its length. Who wants to do something with one and
/// cannot have the lock as long as that takes *withdraws* it: it stays free, is in no list, is one
/// run with none of its neighbours, and is not taken until it is put back. Who finds no other
/// memory waits for it, also while it has the lock of a class.
///
/// Belongs to [SlabPages], under the lock of the pages.
final class FreePages {

    final FreeRuns runs;
    private final PageTable table;
    private final Region region;

    /// Its monitor is the lock of the pages.
    private final Object lock;

    /// The first page that was never taken.
    private int end;

    private int withdrawn;

    FreePages(PageTable table, Region region, Object lock) {
        this.table = table;
        this.region = region;
        this.lock = lock;
        runs = new FreeRuns(table);
    }

    /// How many pages were ever taken.
    int end() {
        return end;
    }

    // ---- taken -------------------------------------------------------------------------------

    /// Takes pages.
    ///
    /// @param room pages that the free run should have; less if there is no such run, and no memory
    ///             at the end
    /// @return the first, [SpanRow#NONE] if there is no memory
    int take(int pages, long alignment, long room) {
        int page;
        do {
            page = tryToTake(pages, alignment, room);
        } while (page == NONE && awaitPutBack());
        return page;
    }

    private int tryToTake(int pages, long alignment, long room) {
        int run = room <= table.most ? runs.find((int) room, alignment) : NONE;
        if (run == NONE) {
            run = startOfFreeBefore(end);
            long stop = table.alignedPage(run, alignment) + pages;
            if (stop > end && !extend(stop)) {
                run = room > pages ? runs.find(pages, alignment) : NONE;
            }
        }
        if (run == NONE) {
            return NONE;
        }
        int first = (int) table.alignedPage(run, alignment);
        carve(run, first, pages);
        return first;
    }

    /// Takes pages from the run that starts right there, if that is free and long enough; or if it
    /// is the last one, and can be made so.
    boolean takeBehind(int page, int pages) {
        if (lengthOfFree(page) < pages && !(isLast(page) && extend(page + (long) pages))) {
            return false;
        }
        carve(page, page, pages);
        return true;
    }

    private int lengthOfFree(int page) {
        return page < end && !isWithdrawn(page) ? Math.max(0, -table.lengths.get(page)) : 0;
    }

    /// Where the free run starts that ends before a page; the page itself if there is none.
    private int startOfFreeBefore(int page) {
        int start = page > 0 ? page + Math.min(0, table.lengths.get(page - 1)) : page;
        return start < page && !isWithdrawn(start) ? start : page;
    }

    /// Whether behind the page are only free ones.
    private boolean isLast(int page) {
        return page + lengthOfFree(page) == end;
    }

    /// Has so many pages, of which the new ones are free.
    private boolean extend(long pages) {
        if (pages > table.most
                || !table.hasRoom((int) pages)
                || !region.commit(table.addressOf((int) pages))) {
            return false;
        }
        int first = end;
        end = (int) pages;
        give(first, end - first, DirtyRuns.millis(System.nanoTime()));
        return true;
    }

    /// Cuts pages out of a free run. What is before them and behind them stays free.
    private void carve(int run, int first, int pages) {
        int runEnd = run - table.lengths.get(run);
        int freedAt = table.freedAt.get(run);
        runs.remove(run);
        if (run < first) {
            runs.add(run, first - run, freedAt);
        }
        if (first + pages < runEnd) {
            runs.add(first + pages, runEnd - first - pages, freedAt);
        }
    }

    // ---- given back --------------------------------------------------------------------------

    /// Makes pages free, and one run with the free ones beside them. The run counts as freed when
    /// the longest was of those that are dirty: what is taken from a long one and given back again
    /// and again does not keep it from the system, and hot pages beside a clean one are not given
    /// back at once.
    ///
    /// @param now see [DirtyRuns#millis]
    void give(int first, int pages, int now) {
        int stop = first + pages;
        int start = startOfFreeBefore(first);
        int behind = lengthOfFree(stop);
        int longest = pages;
        int freedAt = now;
        table.lengths.set(first, 0);
        if (first - start > longest && isDirty(start, first)) {
            longest = first - start;
            freedAt = table.freedAt.get(start);
        }
        if (behind > longest && isDirty(stop, stop + behind)) {
            freedAt = table.freedAt.get(stop);
        }
        if (start < first) {
            runs.remove(start);
        }
        if (behind > 0) {
            runs.remove(stop);
        }
        runs.add(start, stop + behind - start, freedAt);
    }

    private boolean isDirty(int first, int end) {
        return table.dirty.nextSet(first, end) < end;
    }

    /// Whether a page is in a free run. Looks at all runs: to find words for a mistake.
    boolean isFree(long page) {
        return page < end && table.lengths.get(runOf(page)) < 0;
    }

    /// The run that a page is in, which must exist. Looks at all runs.
    int runOf(long page) {
        int run = 0;
        while (run + Math.abs(table.lengths.get(run)) <= page) {
            run += Math.abs(table.lengths.get(run));
        }
        return run;
    }

    // ---- withdrawn ---------------------------------------------------------------------------

    /// Keeps a free run from being taken.
    void withdraw(int run) {
        int length = -table.lengths.get(run);
        runs.remove(run);
        table.lengths.set(run, -length);
        table.lengths.set(run + length - 1, -length);
        table.next.set(run, FreeRuns.NO_LIST);
        withdrawn++;
    }

    /// The opposite of [#withdraw].
    void putBack(int run, int now) {
        int length = -table.lengths.get(run);
        table.lengths.set(run + length - 1, 0);
        give(run, length, now);
        withdrawn--;
        if (withdrawn == 0) {
            lock.notifyAll();
        }
    }

    /// Whether the free run that starts at a page is.
    boolean isWithdrawn(int run) {
        return table.lengths.get(run) < 0 && table.next.get(run) == FreeRuns.NO_LIST;
    }

    /// Waits, without the lock, until some of what was withdrawn is back.
    ///
    /// @return false if nothing was
    private boolean awaitPutBack() {
        boolean isAny = withdrawn > 0;
        if (isAny) {
            await(lock);
        }
        return isAny;
    }

    /// Waits, without the lock, until somebody has put something back. Who is interrupted, as the
    /// threads of a Java program may be, knows of that afterwards.
    static void await(Object lock) {
        boolean isInterrupted = false;
        boolean isWaiting = true;
        while (isWaiting) {
            try {
                lock.wait();
                isWaiting = false;
            } catch (InterruptedException e) {
                isInterrupted = true;
            }
        }
        if (isInterrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
