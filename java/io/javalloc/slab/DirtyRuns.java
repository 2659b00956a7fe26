package io.javalloc.slab;

import static io.javalloc.slab.PageTable.LOG_PAGE;
import static io.javalloc.slab.SpanRow.NONE;

import io.javalloc.memory.Region;

/// Gives free runs back to the system that are dirty, after a time without use or when asked to.
///
/// The system takes its time, some 0.1 ms for each MiB. So nobody waits for it: runs are withdrawn
/// under the lock, some at a time, given back without it, and put back under it. One thread does
/// that at a time: one of its own if there is such ([#purge]), else whoever comes by ([#look]).
///
/// Runs are given back whole, also where a huge page is broken up: what nobody has wanted for so
/// long may stay unwanted, and the system makes huge pages again where there is much use. That
/// clean ones are not broken up without need is the business of [FreeRuns].
final class DirtyRuns {

    private static final long NANOS_PER_MILLI = 1_000_000;

    /// In the time of a decay, so often is looked for runs that are due.
    private static final int LOG_LOOKS = 3;

    /// Runs that are withdrawn at a time.
    private static final int BATCH = 64;

    /// Pages that the system is given at a time: it keeps the process from mapping anything
    /// meanwhile.
    private static final int PORTION = 64;

    /// An age that everything has.
    private static final long ANY_AGE = Long.MIN_VALUE;

    private final Region region;
    private final PageTable table;
    private final FreePages free;
    private final int decay;

    /// Its monitor is the lock of the pages.
    private final Object lock;

    /// When to look for runs that are due.
    int due = millis(System.nanoTime());

    /// Whether there is a thread that purges; a heap in layers has none.
    private volatile boolean isLeftToAnother;

    /// Whether a thread is giving back. Written under the lock; what follows is that thread's.
    private boolean isAtWork;

    private int count;
    private final int[] batch = new int[BATCH];

    /// Of each run in the batch, the first page that is dirty, and the one behind the last.
    private final int[] firsts = new int[BATCH];

    private final int[] ends = new int[BATCH];

    /// @param decay milliseconds that runs stay dirty; 0: none
    DirtyRuns(Region region, PageTable table, FreePages free, int decay, Object lock) {
        this.region = region;
        this.table = table;
        this.free = free;
        this.decay = decay;
        this.lock = lock;
    }

    /// A clock's time as runs remember it: only differences mean something.
    static int millis(long nanoTime) {
        return (int) Math.floorDiv(nanoTime, NANOS_PER_MILLI);
    }

    /// As [#purge], if nobody has done so for a while. Where another thread does that, only what
    /// has been due for as long again, which is never. Under the lock, which it keeps.
    void look(int now) {
        if (now - due >= 0 && begin(now, false)) {
            giveBack(Integer.MAX_VALUE, now, isLeftToAnother ? 2L * decay : decay);
        }
    }

    /// Gives back the runs that have been free for the time of the decay; since when, see
    /// [FreePages#give]. Without the lock.
    ///
    /// @param now see [#millis]
    /// @return pages; 0 if another thread is at work
    long purge(int now) {
        isLeftToAnother = true;
        return begin(now, false) ? giveBack(Integer.MAX_VALUE, now, decay) : 0;
    }

    /// Gives back the longest runs first. Without the lock.
    ///
    /// @param keep pages that may stay
    /// @return pages
    long trim(long keep) {
        int now = millis(System.nanoTime());
        return begin(now, true) ? giveBack(pages() - keep, now, ANY_AGE) : 0;
    }

    /// How many pages are free and dirty, but for those that are being given back.
    long pages() {
        long pages = 0;
        synchronized (lock) {
            for (int range = 0; range < FreeRuns.RANGES; range++) {
                for (int run = first(range); run != NONE; run = table.next.get(run)) {
                    pages += table.dirty.count(run, run - table.lengths.get(run));
                }
            }
        }
        return pages;
    }

    private int first(int range) {
        return free.runs.first(true, range);
    }

    // ---- at work -----------------------------------------------------------------------------

    /// @param waits for a thread that is at work
    /// @return false if there is one
    private boolean begin(int now, boolean waits) {
        synchronized (lock) {
            while (isAtWork && waits) {
                FreePages.await(lock);
            }
            if (isAtWork) {
                return false;
            }
            due = now + (decay >> LOG_LOOKS);
            isAtWork = true;
            return true;
        }
    }

    /// @param most pages, at least; a run is given back whole
    /// @return pages
    private long giveBack(long most, int now, long age) {
        long pages = 0;
        try {
            long some;
            do {
                some = giveBackSome(most - pages, now, age);
                pages += some;
            } while (some > 0);
        } finally {
            synchronized (lock) {
                isAtWork = false;
                lock.notifyAll();
            }
        }
        return pages;
    }

    /// @return pages; 0 if there are none, or the system refuses all
    private long giveBackSome(long most, int now, long age) {
        synchronized (lock) {
            withdraw(most, now, age);
        }
        discard();
        synchronized (lock) {
            return putBack(now);
        }
    }

    /// Fills the batch, with the longest runs first.
    private void withdraw(long most, int now, long age) {
        long pages = 0;
        count = 0;
        for (int range = FreeRuns.RANGES - 1; range >= 0; range--) {
            int run = first(range);
            while (run != NONE && count < BATCH && pages < most) {
                int next = table.next.get(run);
                if (now - table.freedAt.get(run) >= age) {
                    pages += withdraw(run);
                }
                run = next;
            }
        }
    }

    private int withdraw(int run) {
        int end = run - table.lengths.get(run);
        batch[count] = run;
        firsts[count] = table.dirty.nextSet(run, end);
        ends[count] = table.dirty.endOfSet(run, end);
        free.withdraw(run);
        return table.dirty.count(firsts[count], ends[count++]);
    }

    /// What the system refuses, because the program has locked it in memory, stays dirty, and is
    /// not offered again soon.
    private void discard() {
        for (int i = 0; i < count; i++) {
            if (!discard(firsts[i], ends[i])) {
                ends[i] = firsts[i];
            }
        }
    }

    /// The clean pages between dirty ones cost nothing.
    private boolean discard(int first, int end) {
        for (int from = first; from < end; from += PORTION) {
            int pages = Math.min(PORTION, end - from);
            if (!region.discard(table.addressOf(from), (long) pages << LOG_PAGE)) {
                return false;
            }
        }
        return true;
    }

    private long putBack(int now) {
        long pages = 0;
        for (int i = 0; i < count; i++) {
            pages += table.dirty.count(firsts[i], ends[i]);
            table.dirty.clear(firsts[i], ends[i]);
            free.putBack(batch[i], now);
        }
        return pages;
    }
}
