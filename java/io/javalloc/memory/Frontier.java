package io.javalloc.memory;

/// How far a heap has gone into its region: for heaps that take memory from below, and go on behind
/// what they have when nothing that came back serves.
///
/// ```
///  base                 end             fresh                      limit
///  ├────────────────────┼───────────────┼──────────────────────────┤
///  │ taken              │ taken before  │ never written: all zeros │
///  └────────────────────┴───────────────┴──────────────────────────┘
/// ```
///
/// What is taken is committed. Not thread-safe: it belongs to one heap.
public final class Frontier {

    private final Region region;
    private final long base;
    private final long limit;
    private long end;
    private long fresh;

    /// @param max   the bytes that may be taken; no more than the region has
    /// @param grain power of two that the base and the limit are multiples of
    public Frontier(Region region, long max, long grain) {
        this.region = region;
        base = Region.roundUp(region.base(), grain);
        limit = base + (Math.max(0, Math.min(max, region.limit() - base)) & -grain);
        end = base;
        fresh = base;
    }

    /// The first address that may be taken.
    public long base() {
        return base;
    }

    /// The first address that may not be taken.
    public long limit() {
        return limit;
    }

    /// How many bytes may be taken at most, now or ever.
    public long room() {
        return limit - base;
    }

    /// The first address that is not taken.
    public long end() {
        return end;
    }

    /// From here on nothing has been written since the system zeroed it.
    public long fresh() {
        return fresh;
    }

    /// Takes what lies before the address.
    ///
    /// @param to not before [#end], unless it overflowed
    /// @return false if that is behind the limit, or the memory is not to be had; nothing has
    ///         changed then
    public boolean advance(long to) {
        if (to > limit || to < end || !region.commit(to)) {
            return false;
        }
        end = to;
        fresh = Math.max(fresh, to);
        return true;
    }

    /// Gives back what lies from the address on.
    public void retreat(long to) {
        end = to;
    }
}
