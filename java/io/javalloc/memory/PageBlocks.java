package io.javalloc.memory;

/// Blocks that have a run of pages each, at any alignment: what heaps with bins serve large
/// requests from.
///
/// ```
///  run                                           block
///  │                                             │
///  ├──────────┬─ ─ ─ ─ ─ ─ ─ ─┬──────────┬───────┬─────────────────────────┤
///  │ distance │ skipped       │ distance │ heap's│ room                    │
///  ├──────────┴─ ─ ─ ─ ─ ─ ─ ─┴──────────┴───────┼─────────────────────────┤
///  │◄──────────────── distance ─────────────────►│         end of the last page
/// ```
///
/// The distance is the alignment. With one of 16 nothing is skipped, and the two words are one. The
/// word right before the block is for the heap. The program can write to all of this, so nothing of
/// it is believed that the table of runs does not confirm.
public final class PageBlocks {

    /// Where the words are.
    private static final class Header {

        /// Offset in the run of how far the block is from its beginning.
        static final long DISTANCE = 0;

        /// The same before the block, so that one finds the other.
        static final long DISTANCE_BEFORE = -16;

        /// The smallest distance: a word for it, and one for the heap.
        static final long BYTES = 16;
    }

    private final PageRuns pages;
    private final Region region;
    private final long page;

    /// @param pages   where the runs come from
    /// @param region  where they lie
    /// @param logPage log2 of the bytes of their pages
    public PageBlocks(PageRuns pages, Region region, int logPage) {
        this.pages = pages;
        this.region = region;
        page = 1L << logPage;
    }

    /// Whether there could be room for a block if all pages were free.
    public boolean canHold(long bytes, long alignment) {
        long distance = Math.max(alignment, Header.BYTES);
        return distance <= pages.bytes() && bytes <= pages.bytes() - distance;
    }

    /// Takes a run for a block.
    ///
    /// @param bytes     what is needed from the block on, at least 1
    /// @param alignment power of two that the block's address is a multiple of
    /// @return the block's address, or 0 if there is no memory for it
    public long take(long bytes, long alignment) {
        if (!canHold(bytes, alignment)) {
            return 0;
        }
        long distance = Math.max(alignment, Header.BYTES);
        long run = pages.take(pages.pagesFor(distance + bytes), Math.max(alignment, page));
        if (run == 0) {
            return 0;
        }
        Memory.putLong(run + Header.DISTANCE, distance);
        Memory.putLong(run + distance + Header.DISTANCE_BEFORE, distance);
        return run + distance;
    }

    /// Whether a block that was taken starts at the address, which may be anything.
    public boolean contains(long block) {
        long start = block + Header.DISTANCE_BEFORE;
        boolean isReadable = start >= region.base() && start < region.committed();
        if (block % Header.BYTES != 0 || !isReadable) {
            return false;
        }
        long distance = distance(block);
        long run = block - distance;
        return distance >= Header.BYTES && distance < lengthOf(run) && distanceIn(run) == distance;
    }

    /// The bytes from a block that [#contains] to the end of its run.
    public long room(long block) {
        long distance = distance(block);
        return lengthOf(block - distance) - distance;
    }

    /// The bytes from a block that [#contains] to the end of its run, if it had been taken with so
    /// many.
    ///
    /// @param bytes not many more than there are pages for
    public long roomFor(long block, long bytes) {
        long distance = distance(block);
        return Region.roundUp(distance + bytes, page) - distance;
    }

    /// The block of a run that is in use for one; 0 if its distance has been overwritten.
    public long blockIn(long run) {
        long distance = distanceIn(run);
        long block = run + distance;
        return contains(block) && distance(block) == distance ? block : 0;
    }

    /// Gives back the run of a block that [#contains].
    public void give(long block) {
        pages.give(block - distance(block));
    }

    private long lengthOf(long run) {
        return pages.pagesAt(run) * page;
    }

    private static long distance(long block) {
        return Memory.getLong(block + Header.DISTANCE_BEFORE);
    }

    private static long distanceIn(long run) {
        return Memory.getLong(run + Header.DISTANCE);
    }
}
