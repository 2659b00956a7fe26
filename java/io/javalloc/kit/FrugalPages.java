package io.javalloc.kit;

import io.javalloc.memory.Region;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Set;

/// The system's side of a region, as stingy as it may be: the first try for more memory, the
/// generous one, is always refused, so that a heap which touches what it has not committed is found
/// out. Refuses beyond a budget, and remembers what it gave, also when the region is divided.
///
/// Thread-safe, because the parts of a divided region may be.
public final class FrugalPages implements Region.Pages {

    /// No region has more; a [BitSet] would not reach.
    private static final long MOST_BYTES = Region.SYSTEM_PAGE * Integer.MAX_VALUE;

    private final long base;
    private final Region.Pages system;

    /// By page of the system: whether it has been committed.
    private final BitSet committed = new BitSet();

    /// By page of the system: whether it has been made inaccessible.
    private final BitSet inaccessible = new BitSet();

    /// Where the generous try has been refused, and the modest one has not come yet.
    private final Set<Long> refusedOnce = new HashSet<>();

    private long committedBytes;
    private long budget = Long.MAX_VALUE;

    /// @param base   the first address of the region
    /// @param system what makes memory usable in the end
    public FrugalPages(long base, Region.Pages system) {
        this.base = base;
        this.system = system;
    }

    @Override
    public synchronized boolean commit(long address, long bytes) {
        boolean isGenerous = refusedOnce.add(address);
        if (isGenerous) {
            return false;
        }
        refusedOnce.remove(address);
        if (bytes > budget - committedBytes || !system.commit(address, bytes)) {
            return false;
        }
        committed.set(page(address), page(address + bytes));
        committedBytes += bytes;
        return true;
    }

    @Override
    public synchronized boolean protect(long address, long bytes, boolean accessible) {
        boolean done = system.protect(address, bytes, accessible);
        if (done) {
            inaccessible.set(page(address), page(address + bytes), !accessible);
        }
        return done;
    }

    @Override
    public boolean discard(long address, long bytes) {
        return system.discard(address, bytes);
    }

    /// From now on refuses to have more than so many bytes committed.
    public synchronized void refuseBeyond(long bytes) {
        budget = bytes;
    }

    /// How many bytes have been committed.
    public synchronized long committedBytes() {
        return committedBytes;
    }

    /// Whether all of these bytes have been committed, and are accessible.
    public synchronized boolean isUsable(long address, long bytes) {
        long end = address + bytes + Region.SYSTEM_PAGE - 1;
        if (address < base || bytes < 0 || end < address || end - base > MOST_BYTES) {
            return false;
        }
        int first = page(address);
        int hole = inaccessible.nextSetBit(first);
        return committed.nextClearBit(first) >= page(end) && (hole < 0 || hole >= page(end));
    }

    /// The first address of the first committed range that ends behind `address`; -1 if none does.
    public synchronized long nextCommitted(long address) {
        int page = committed.nextSetBit(page(address));
        return page < 0 ? -1 : base + page * Region.SYSTEM_PAGE;
    }

    /// The end of the committed range that `address` lies in.
    public synchronized long endOfCommitted(long address) {
        return base + committed.nextClearBit(page(address)) * Region.SYSTEM_PAGE;
    }

    private int page(long address) {
        return (int) ((address - base) / Region.SYSTEM_PAGE);
    }
}
