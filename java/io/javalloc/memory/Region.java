package io.javalloc.memory;

/// A contiguous range of reserved addresses that a heap serves from. It starts out unusable and is
/// *committed* (made readable and writable, zero-filled by the system) from its base upwards, in
/// steps that grow with what is in use, so that a heap which takes memory bit by bit does not enter
/// the system each time.
///
/// Not thread-safe: it belongs to one heap.
public final class Region {

    /// The page of the project, in bytes: the unit in which heaps divide a region.
    public static final long PAGE = 1 << 16;

    /// The smallest step by which a region is committed, in bytes.
    private static final long MIN_STEP = 1 << 20;

    /// Makes `[address, address + bytes)` usable.
    @FunctionalInterface
    public interface Committer {

        /// @return false if the system, or a resource limit of the process, refuses
        boolean commit(long address, long bytes);
    }

    private final long base;
    private final long limit;
    private final Committer committer;
    private long committed;

    /// @param base      first address; a multiple of the system's page size
    /// @param bytes     length; a multiple of the system's page size
    /// @param committer makes parts of it usable
    public Region(long base, long bytes, Committer committer) {
        this.base = base;
        this.limit = base + bytes;
        this.committer = committer;
        this.committed = base;
    }

    /// The first address of the region.
    public long base() {
        return base;
    }

    /// The first address behind the region.
    public long limit() {
        return limit;
    }

    /// The first address that is not usable yet: `[base, committed)` is.
    public long committed() {
        return committed;
    }

    /// Whether the address lies in the region, usable or not.
    public boolean contains(long address) {
        return address >= base && address < limit;
    }

    /// Makes the region usable up to `end` at least.
    ///
    /// @return false if `end` lies outside the region or the memory is not to be had; nothing has
    ///         changed then
    public boolean commit(long end) {
        if (end > limit || end < base) {
            return false;
        }
        if (end <= committed) {
            return true;
        }
        long step = Math.max(MIN_STEP, (committed - base) >> 3);
        long generous = Math.min(limit, roundUp(Math.max(end, committed + step), MIN_STEP));
        return commitTo(generous) || commitTo(Math.min(limit, roundUp(end, PAGE)));
    }

    private boolean commitTo(long end) {
        if (!committer.commit(committed, end - committed)) {
            return false;
        }
        committed = end;
        return true;
    }

    /// Rounds up to a multiple of a power of two.
    public static long roundUp(long value, long powerOfTwo) {
        return (value + powerOfTwo - 1) & -powerOfTwo;
    }
}
