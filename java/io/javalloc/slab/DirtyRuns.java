package io.javalloc.slab;

import static io.javalloc.slab.PageTable.LOG_PAGE;
import static io.javalloc.slab.SpanRow.NONE;

import io.javalloc.memory.Region;

/// Gives free runs back to the system that are dirty, after a time without use or when asked to.
///
/// Runs are given back whole, also where a huge page is broken up: what nobody has wanted for so
/// long may stay unwanted, and the system makes huge pages again where there is much use. That
/// clean ones are not broken up without need is the business of [FreeRuns].
///
/// Belongs to [SlabPages], under the lock of the pages.
final class DirtyRuns {

    private static final long NANOS_PER_MILLI = 1_000_000;

    /// In the time of a decay, so often is looked for runs that are due.
    private static final int LOG_LOOKS = 3;

    private final Region region;
    private final PageTable table;
    private final FreeRuns free;
    private final int decay;

    /// When to look for runs that are due.
    int due = millis(System.nanoTime());

    /// @param decay milliseconds that runs stay dirty; 0: none
    DirtyRuns(Region region, PageTable table, FreeRuns free, int decay) {
        this.region = region;
        this.table = table;
        this.free = free;
        this.decay = decay;
    }

    /// A clock's time as runs remember it: only differences mean something.
    static int millis(long nanoTime) {
        return (int) Math.floorDiv(nanoTime, NANOS_PER_MILLI);
    }

    /// As [#purge], if nobody has done so for a while.
    void look(int now) {
        if (now - due >= 0) {
            purge(now);
        }
    }

    /// Gives back the runs that have been free for the time of the decay. One that has become
    /// longer counts from then.
    ///
    /// @param now see [#millis]
    /// @return pages
    long purge(int now) {
        due = now + (decay >> LOG_LOOKS);
        long pages = 0;
        for (int range = 0; range < FreeRuns.RANGES; range++) {
            int run = free.first(true, range);
            while (run != NONE) {
                int next = table.next[run];
                pages += now - table.freedAt[run] >= decay ? discard(run, now) : 0;
                run = next;
            }
        }
        return pages;
    }

    /// Gives back the longest runs first.
    ///
    /// @param keep pages that may stay
    /// @return pages
    long trim(long keep) {
        long excess = pages() - keep;
        int now = millis(System.nanoTime());
        long pages = 0;
        for (int range = FreeRuns.RANGES - 1; range >= 0; range--) {
            int run = free.first(true, range);
            while (run != NONE && pages < excess) {
                int next = table.next[run];
                pages += discard(run, now);
                run = next;
            }
        }
        return pages;
    }

    /// How many pages are free and dirty.
    long pages() {
        long pages = 0;
        for (int range = 0; range < FreeRuns.RANGES; range++) {
            for (int run = free.first(true, range); run != NONE; run = table.next[run]) {
                pages += table.dirty.count(run, run - table.lengths[run]);
            }
        }
        return pages;
    }

    /// Makes a free run clean, at once: the clean pages between dirty ones cost nothing.
    ///
    /// @return how many pages were dirty; 0 if the system refuses, and it is not asked again soon
    private int discard(int run, int now) {
        int length = -table.lengths[run];
        int from = table.dirty.nextSet(run, run + length);
        int to = table.dirty.endOfSet(run, run + length);
        int pages = table.dirty.count(from, to);
        free.remove(run);
        boolean isDone = region.discard(table.addressOf(from), (long) (to - from) << LOG_PAGE);
        if (isDone) {
            table.dirty.clear(from, to);
        }
        free.add(run, length, now);
        return isDone ? pages : 0;
    }
}
