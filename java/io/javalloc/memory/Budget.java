package io.javalloc.memory;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/// How much of Java's memory some tables may take together, however many heaps have one. What a
/// table has taken is given back when it is no longer used. Thread-safe: each heap has a lock of
/// its own.
public final class Budget {

    /// For what heaps remember in Java: half of Java's memory, because a JVM that has none left
    /// ends the process.
    public static final Budget OF_HEAPS = new Budget(Runtime.getRuntime().maxMemory() / 2);

    /// What one table takes.
    public static final class Share {
        private final Budget budget;
        private long bytes;

        private Share(Budget budget) {
            this.budget = budget;
        }

        /// Takes as much more.
        ///
        /// @return false if the budget has less
        public boolean take(long more) {
            return budget.take(this, more);
        }

        /// Gives back what was taken for what has not been made.
        public void giveBack(long less) {
            budget.giveBack(this, less);
        }
    }

    private final long most;
    private long taken;

    /// Those that are used, and some that no longer are.
    private final List<WeakReference<Share>> shares = new ArrayList<>();

    /// @param most bytes
    public Budget(long most) {
        this.most = most;
    }

    /// A new table's, which has nothing yet.
    public synchronized Share share() {
        Share share = new Share(this);
        shares.add(new WeakReference<>(share));
        return share;
    }

    private synchronized boolean take(Share share, long bytes) {
        if (bytes > most - taken) {
            count();
        }
        if (bytes > most - taken) {
            return false;
        }
        taken += bytes;
        share.bytes += bytes;
        return true;
    }

    private synchronized void giveBack(Share share, long bytes) {
        taken -= bytes;
        share.bytes -= bytes;
    }

    /// Counts what is taken by those that are still used.
    private void count() {
        taken = 0;
        for (Iterator<WeakReference<Share>> each = shares.iterator(); each.hasNext(); ) {
            Share share = each.next().get();
            if (share == null) {
                each.remove();
            } else {
                taken += share.bytes;
            }
        }
    }
}
