package io.javalloc.slab;

import io.javalloc.memory.Region;

/// The pages of a hardened [Slab] that nobody may touch: one behind each run that is in use, and
/// the free ones.
///
/// ```
///  ├───────┼───────┼───────────────┼───────┼───────────────┼─ ─ ─
///  │ span  │▓guard▓│ large block   │▓guard▓│▓▓▓▓ free ▓▓▓▓▓│ never used
///  ├───────┼───────┼───────────────┼───────┼───────────────┼─ ─ ─
/// ```
///
/// A guard is addresses and no memory. Each divides what is memory to the kernel once more, and a
/// process may have 65,530 such mappings (`vm.max_map_count`), so there are at most [#MOST] guards:
/// what is taken beyond that, and what is free then, can be touched.
///
/// Belongs to [SlabPages], under the lock of the pages.
final class Guards {

    /// With the free run beside it, a guarded run makes four mappings at most.
    static final int MOST = 12_000;

    /// Pages behind each run: 1, or 0 if there are no guards.
    final int width;

    private final Region region;
    private final PageTable table;

    /// How many runs have a page behind them that cannot be touched.
    private int count;

    /// @param isOn whether there are guards at all
    Guards(Region region, PageTable table, boolean isOn) {
        this.region = region;
        this.table = table;
        width = isOn ? 1 : 0;
    }

    /// Makes the pages of a run accessible, and the one behind them not.
    ///
    /// @return false if the system refuses: nothing has changed then
    boolean open(int first, int pages) {
        if (width == 0) {
            return true;
        }
        if (!make(first, pages, true)) {
            return false;
        }
        int guard = first + pages;
        if (!isAccessible(guard) || (count < MOST && make(guard, 1, false))) {
            count++;
        }
        return true;
    }

    /// Makes the pages of a run inaccessible, which has been open, and is given back.
    void close(int first, int pages) {
        if (width == 0) {
            return;
        }
        forget(first + pages);
        if (count < MOST) {
            make(first, pages + 1, false);
        }
    }

    /// The page is no guard any more; who says so knows what it is now.
    void forget(int guard) {
        count -= width == 0 || isAccessible(guard) ? 0 : 1;
    }

    /// Makes pages accessible, or inaccessible, that are not.
    private boolean make(int first, int pages, boolean accessible) {
        int end = first + pages;
        for (int page = first; page < end; page++) {
            int start = page;
            while (page < end && isAccessible(page) != accessible) {
                page++;
            }
            long bytes = (long) (page - start) << PageTable.LOG_PAGE;
            if (bytes > 0 && !region.protect(table.addressOf(start), bytes, accessible)) {
                return false;
            }
        }
        return true;
    }

    private boolean isAccessible(int page) {
        return region.isUsable(table.addressOf(page), Region.PAGE);
    }
}
