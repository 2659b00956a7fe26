package io.javalloc.memory;

import java.util.BitSet;

/// A contiguous range of reserved addresses that a heap serves from. It starts out unusable and is
/// *committed* (made readable and writable, zero-filled by the system) from its base upwards, in
/// steps that grow with what is in use, so that a heap which takes memory bit by bit does not enter
/// the system each time.
///
/// Not thread-safe: it belongs to one heap. But pages may be discarded beside whatever else is
/// done.
public final class Region {

    /// The page of the project, in bytes: the unit in which heaps divide a region.
    public static final long PAGE = 1 << 16;

    /// The page of the system, in bytes: the unit in which memory is protected and given back.
    public static final long SYSTEM_PAGE = 1 << 12;

    /// The smallest step by which a region is committed, in bytes.
    private static final long MIN_STEP = 1 << 20;

    /// The system's side of a region. Addresses and lengths are multiples of the system's page
    /// size.
    @FunctionalInterface
    public interface Pages {

        /// Makes `[address, address + bytes)` usable.
        ///
        /// @return false if the system, or a resource limit of the process, refuses
        boolean commit(long address, long bytes);

        /// Makes usable memory inaccessible, so that who touches it faults, or accessible again
        /// with the same contents.
        ///
        /// @return false if the system refuses, or cannot do such things
        default boolean protect(long address, long bytes, boolean accessible) {
            return false;
        }

        /// Gives usable memory back to the system: it stays usable, and is zero when it is read
        /// next.
        ///
        /// @return false if the system refuses, of some of it at least, or cannot do such things
        default boolean discard(long address, long bytes) {
            return false;
        }

        /// Gives Java's memory back to the system, as far as it lies on pages that an array has to
        /// itself. All of the array's words are zero, and nobody writes to it meanwhile: so nothing
        /// changes but what is resident.
        ///
        /// @return false if the system refuses, or cannot do such things
        default boolean discard(long[] zeros) {
            return false;
        }
    }

    /// Memory that is none of the system's side: whoever has it may use it, and no more.
    private static final class NoPages implements Pages {

        @Override
        public boolean commit(long address, long bytes) {
            return false;
        }
    }

    private final long base;
    private final long limit;
    private final Pages pages;
    private long committed;

    /// By page of the system: whether it has been made inaccessible.
    private final BitSet inaccessible = new BitSet();

    /// What it has been divided into.
    private Region[] parts = {};

    /// @param base  first address; a multiple of the system's page size
    /// @param bytes length; a multiple of the system's page size
    /// @param pages makes parts of it usable
    public Region(long base, long bytes, Pages pages) {
        this.base = base;
        this.limit = base + bytes;
        this.pages = pages;
        this.committed = base;
    }

    /// A region of memory that is usable already. It need not consist of whole pages, and nothing
    /// in it can be protected or discarded.
    ///
    /// @param base  first address
    /// @param bytes length
    public static Region ofUsable(long base, long bytes) {
        Region region = new Region(base, bytes, new NoPages());
        region.committed = region.limit;
        return region;
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

    /// Whether all of some memory can be read and written: in one of its parts, if the region has
    /// been divided, and on no page that is protected.
    public boolean isUsable(long address, long bytes) {
        for (Region part : parts) {
            if (part.contains(address)) {
                return part.isUsable(address, bytes);
            }
        }
        return address >= base
                && address <= committed
                && bytes <= committed - address
                && isAccessible(address, bytes);
    }

    private boolean isAccessible(long address, long bytes) {
        int obstacle = inaccessible.nextSetBit(page(address));
        return obstacle < 0 || base + obstacle * SYSTEM_PAGE >= address + bytes;
    }

    private int page(long address) {
        return (int) ((address - base) / SYSTEM_PAGE);
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
        if (!pages.commit(committed, end - committed)) {
            return false;
        }
        committed = end;
        return true;
    }

    /// Makes whole pages of the system, in the usable part, inaccessible or accessible again; see
    /// [Pages#protect].
    ///
    /// @return false also if Java has no memory to note the pages; nothing has changed then
    public boolean protect(long address, long bytes, boolean accessible) {
        if (!pages.protect(address, bytes, accessible)) {
            return false;
        }
        try {
            inaccessible.set(page(address), page(address + bytes), !accessible);
            return true;
        } catch (OutOfMemoryError e) {
            pages.protect(address, bytes, true);
            return false;
        }
    }

    /// Gives whole pages of the system, in the usable part, back to it; see [Pages#discard].
    public boolean discard(long address, long bytes) {
        return pages.discard(address, bytes);
    }

    /// Gives the memory of an array of zeros back to the system; see [Pages#discard].
    public boolean discard(long[] zeros) {
        return pages.discard(zeros);
    }

    /// Divides the region, of which nothing may be in use yet, into equal parts.
    ///
    /// @param count how many; each has at least one [#PAGE]
    /// @throws IllegalArgumentException if there is no room for so many
    public Region[] divide(int count) {
        long bytes = (limit - base) / count & -PAGE;
        if (bytes == 0) {
            throw new IllegalArgumentException("no room for " + count + " heaps in the region");
        }
        parts = new Region[count];
        for (int i = 0; i < count; i++) {
            parts[i] = new Region(base + i * bytes, bytes, pages);
        }
        return parts.clone();
    }

    /// Divides the region, of which nothing may be in use yet, in two.
    ///
    /// @param bytes of the second part; a multiple of [#PAGE], and less than there are
    public Region[] split(long bytes) {
        long middle = limit - bytes;
        parts =
                new Region[] {
                    new Region(base, middle - base, pages), new Region(middle, bytes, pages)
                };
        return parts.clone();
    }

    /// Rounds up to a multiple of a power of two.
    public static long roundUp(long value, long powerOfTwo) {
        return (value + powerOfTwo - 1) & -powerOfTwo;
    }
}
