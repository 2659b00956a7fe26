package io.javalloc.heaps;

import io.javalloc.BlockVisitor;
import io.javalloc.Heap;
import io.javalloc.HeapArguments;
import io.javalloc.HeapCorruption;
import io.javalloc.HeapOption;
import io.javalloc.HeapProvider;
import io.javalloc.memory.Frontier;
import io.javalloc.memory.LiveBlocks;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import java.util.List;

/// Whole pages of 64 KiB and a bit for each, after Zig's `WasmPageAllocator`. Every block takes at
/// least a page, so this is for few and large blocks; of a page that is hardly used, the system
/// gives no more than the 4 KiB that are.
///
/// ```
///  │◄──────── conventional: 2,048 pages ────────►│◄──── extended: up to 524,288 pages ────►│
///  page 0   1       2       3               2047   2048    2049    2050            end
///  ├───────┬───────┬───────┬───────┬─ ─ ─ ┬──────┬───────┬───────┬───────┬─ ─ ─ ─┤─ ─ ─ ─
///  │bitmap │ block         │ free  │      │ block        │ free  │bitmap │       │ not taken
///  ├───────┼───────┬───────┼───────┼─ ─ ─ ┼──────┬───────┼───────┼───────┼─ ─ ─ ─┤─ ─ ─ ─
///  bit: 0    0       0       1              0      0       1       0               0
/// ```
///
/// What it promises, and what it refuses:
/// - A block is the first run of free pages that is long enough and aligned: of the conventional
///   part, else of the extended part. No such run crosses from the one to the other.
/// - When there is none, memory grows by as many pages as are asked for, even if the last ones are
///   free. Pages that are left out for the sake of the alignment are free.
/// - A freed block's pages are used again. A block that shrinks stays, and its upper pages are
///   free; it never grows beyond its pages: then it moves.
/// - The bitmap of the conventional part has its place from the beginning, in page 0, which stands
///   for a WebAssembly module's own data; the one of the extended part is *stolen*: it takes the
///   last page of the first run that is freed there, for ever.
///
/// Different from the document, on purpose:
/// - The document is told the length when a block is freed; C's `free` is not. A table in Java,
///   [LiveBlocks], knows where blocks start and end: two bits for each page. So an address where no
///   live block starts is refused, and a double free too.
/// - The bitmaps lie in memory that the program can write to, as in the document. A page that they
///   call free is handed out only if the table knows of no block there.
/// - An aligned place is found in the midst of a free run too, and whatever the alignment; the
///   document only looks at the beginning of a run, and takes the extended part to begin at 0.
/// - The bitmap of the extended part ends after 32 GiB, and so does the heap; the document's memory
///   has 4 GiB.
public final class ZigPages implements Heap {

    /// Makes [ZigPages] heaps. Option `max`: the bytes it may use, all of the region if absent.
    public static final class Provider implements HeapProvider {

        @Override
        public String name() {
            return "zig-pages";
        }

        @Override
        public String summary() {
            return "Whole pages of 64 KiB and a bitmap: for few and large blocks";
        }

        @Override
        public Heap create(HeapArguments arguments) {
            return new ZigPages(arguments.region(), arguments.max());
        }

        @Override
        public List<HeapOption> options() {
            return List.of(HeapOption.MAX);
        }

        @Override
        public String document() {
            return "Zig's WasmPageAllocator";
        }

        @Override
        public String checks() {
            return "double free, pointers that are not a block";
        }
    }

    private static final int LOG_PAGE = 16;
    private static final long PAGE = Region.PAGE;
    private static final int CONVENTIONAL_PAGES = 2048;

    /// As many as a page has bits.
    private static final int EXTENDED_PAGES = Byte.SIZE << LOG_PAGE;

    private final Frontier frontier;
    private final LiveBlocks live;
    private final ZigPagesBitmap conventional;

    /// Without pages until one of the extended part is freed for the first time.
    private ZigPagesBitmap extended;

    /// The page with the bits of the extended part, 0 as long as there are none.
    private long stolen;

    /// @param max the bytes it may use, from the region's base; no more than the region has
    /// @throws IllegalArgumentException if there is no page to hand out
    /// @throws IllegalStateException    if the first page of the region is not to be had
    ZigPages(Region region, long max) {
        long most = (CONVENTIONAL_PAGES + (long) EXTENDED_PAGES) * PAGE;
        frontier = new Frontier(region, Math.min(max, most), PAGE);
        if (frontier.room() < 2 * PAGE) {
            throw new IllegalArgumentException(
                    "zig-pages needs a max of at least 128k, two pages, not " + max);
        }
        long base = frontier.base();
        if (!frontier.advance(base + PAGE)) {
            throw new IllegalStateException("zig-pages gets no memory from the system");
        }
        live = new LiveBlocks(base, LOG_PAGE);
        conventional = new ZigPagesBitmap(base, base, CONVENTIONAL_PAGES);
        extended = new ZigPagesBitmap(0, conventional.end(), 0);
    }

    @Override
    public long allocate(long size, long alignment) {
        if (size > frontier.room()) {
            return 0;
        }
        long bytes = Region.roundUp(size, PAGE);
        long block = recycled(conventional, bytes, alignment);
        if (block == 0) {
            block = recycled(extended, bytes, alignment);
        }
        return block != 0 ? block : grow(bytes, alignment);
    }

    @Override
    public long allocateZeroed(long size, long alignment) {
        long dirtyEnd = frontier.fresh();
        return Memory.cleared(allocate(size, alignment), size, dirtyEnd);
    }

    @Override
    public void free(long address) {
        long bytes = usableSize(address);
        live.remove(address, bytes);
        freePages(address, address + bytes);
    }

    @Override
    public long usableSize(long address) {
        long bytes = live.bytesAt(address);
        if (bytes == 0) {
            throw new HeapCorruption(
                    "No block starts at this address, or it has already been freed", address);
        }
        return bytes;
    }

    @Override
    public long reallocate(long address, long size) {
        long before = usableSize(address);
        if (size > before) {
            return Heap.super.reallocate(address, size);
        }
        long after = Region.roundUp(size, PAGE);
        if (live.resize(address, before, after)) {
            freePages(address + after, address + before);
        }
        return address;
    }

    private long recycled(ZigPagesBitmap part, long bytes, long alignment) {
        long block = part.find(bytes, alignment);
        if (block == 0) {
            return 0;
        }
        if (isMisled(block, bytes)) {
            throw new HeapCorruption(
                    "The page bitmap has been overwritten: it says that what is in use is free",
                    block);
        }
        if (!live.add(block, bytes)) {
            return 0;
        }
        part.use(block, bytes);
        return block;
    }

    private boolean isMisled(long block, long bytes) {
        boolean hasStolen = block <= stolen && stolen < block + bytes;
        return hasStolen || block + bytes > frontier.end() || live.touches(block, bytes);
    }

    private long grow(long bytes, long alignment) {
        long gap = frontier.end();
        long start = Region.roundUp(gap, alignment);
        if (start + bytes > frontier.limit() || !live.add(start, bytes)) {
            return 0;
        }
        if (!frontier.advance(start + bytes)) {
            live.remove(start, bytes);
            return 0;
        }
        freePages(gap, start);
        return start;
    }

    private void freePages(long start, long end) {
        long border = conventional.end();
        if (start < Math.min(border, end)) {
            conventional.recycle(start, Math.min(border, end) - start);
        }
        if (Math.max(border, start) < end) {
            freeExtended(Math.max(border, start), end);
        }
    }

    private void freeExtended(long start, long end) {
        long free = end;
        if (stolen == 0) {
            free -= PAGE;
            stolen = free;
            Memory.fill(stolen, PAGE, (byte) 0);
            extended = new ZigPagesBitmap(stolen, conventional.end(), EXTENDED_PAGES);
        }
        extended.recycle(start, free - start);
    }

    @Override
    public void verify() {
        long page = frontier.base();
        while (page < frontier.end()) {
            long block = live.bytesAt(page);
            long next = page + Math.max(block, PAGE);
            boolean isInUse = block != 0 || page == frontier.base() || page == stolen;
            if (isInUse == hasFree(page, next)) {
                throw new HeapCorruption(
                        isInUse ? "What is in use is marked free" : "A free page is lost", page);
            }
            page = next;
        }
        if (hasFree(page, frontier.limit())) {
            throw new HeapCorruption("Pages not yet taken are marked free, from", page);
        }
    }

    private boolean hasFree(long start, long end) {
        return conventional.hasFree(start, end) || extended.hasFree(start, end);
    }

    @Override
    public void walk(BlockVisitor visitor) {
        live.walk(visitor::block);
    }
}
