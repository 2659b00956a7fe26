package io.javalloc.heaps;

import io.javalloc.BlockVisitor;
import io.javalloc.Heap;
import io.javalloc.HeapArguments;
import io.javalloc.HeapCorruption;
import io.javalloc.HeapOption;
import io.javalloc.HeapProvider;
import io.javalloc.memory.Chunks;
import io.javalloc.memory.FreeLists;
import io.javalloc.memory.Memory;
import io.javalloc.memory.PageBlocks;
import io.javalloc.memory.PageRuns;
import io.javalloc.memory.Region;
import java.util.List;

/// The hardened allocator of the Hare runtime (`rt/malloc.ha`): bins of logarithmic sizes, and a
/// check for every mistake that a word before and after each block can show.
///
/// ```
///  chunk   meta     block               second meta of that block, meta of the next
///  │       │        │                   │
///  ├───────┼────────┼───────────────────┼──────────┬──────────────────┬────────┬─ ─ ─
///  │       │  size  │ in use: size bytes│ link | 1 │ free: 69 69 ...  │  size  │
///  ├───────┼────────┼───────────────────┼──────────┼──────────────────┼────────┼─ ─ ─
///  │◄─ 8 ─►│◄─ 8 ──►│◄─ 8, 24, 40, ... ►│◄── 8 ───►│                  │◄─ 8 ──►│
///
///  pages   meta     block                                    second meta, the last word
///  ├───────┬────────┬───────────────────────────────────────────────────┬────────┤
///  │  16   │  size  │ large block, in use: size bytes                   │  size  │
///  ├───────┴────────┴───────────────────────────────────────────────────┴────────┤
/// ```
///
/// *Small* blocks have nine sizes: 8, 24, 40, 72, 136, 264, 520, 1032 and 2056 bytes. They are cut
/// from chunks of 2 MiB, and when they are free they are in the list of their bin, last in first
/// out: their meta is the link to the next one's meta with the lowest bit set, and their bytes are
/// poison. The second meta of the last block of a chunk is a copy of its size. *Large* blocks have
/// pages of their own, with a copy of the size as well, and give them back when they are freed.
///
/// What it promises:
/// - A free small block is the next of its size to be used.
/// - A block that already has the size which a new one would have stays where it is.
/// - It knows how many blocks are live.
///
/// What it refuses, each with words of its own, see [HareChecks]: a block that is freed already; a
/// pointer that is not a block, mostly; a block whose second meta was overwritten; on reuse, and of
/// all free blocks when the program ends, one that was written to since it was freed; a list that
/// leads to what is not free. With the option `live=1`, blocks that are live when the program ends.
///
/// A pointer into a block is not refused if the bytes around it happen to look like metas; in the
/// document neither.
///
/// Different from the document, on purpose:
/// - Any alignment is served: above 16, by a large block whose address is a multiple, because the
///   bytes before it are skipped. That costs a page at least. Such a block is one like the others.
/// - A link is followed only if there is memory where it leads, and a large size is believed only
///   if pages of that length are in use.
/// - A second meta that is damaged so that it looks free is an out-of-bounds write, too; the
///   document calls it a damaged list.
/// - A pointer into a free block is called freed already; the document follows the poison. So is a
///   large block, until its pages are used again; the document's is unmapped, and faults.
/// - What is left of a chunk when a new one is begun becomes free blocks; the document loses it.
/// - Chunks in which nothing is live are given back when there is no other memory; where memory is
///   limited, chunks are smaller. The document keeps a chunk for ever.
/// - A block that cannot be moved to a smaller place stays; the document's reallocation fails.
/// - Leaks, which the document counts and has no check for yet, are an option, and the first of
///   them is named. Where each was allocated tells `--leaks`, the variable `JAVALLOC_LEAKS`, with
///   any heap.
public final class Hare implements Heap {

    /// Makes [Hare] heaps. Options: `max`, the bytes it may use, all of the region if absent;
    /// `live`, not 0 if live blocks are a leak when the program ends.
    public static final class Provider implements HeapProvider {

        private static final HeapOption LIVE =
                new HeapOption(
                        "live",
                        "NUMBER",
                        "1: a block that is live when the program ends is a leak; so is the buffer of"
                                + " glibc's stdout");

        @Override
        public String name() {
            return "hare";
        }

        @Override
        public String summary() {
            return "Nine bins, a meta before and after each block, poison, many checks";
        }

        @Override
        public Heap create(HeapArguments arguments) {
            boolean refusesLeaks = arguments.number(LIVE.name(), 0) != 0;
            return new Hare(arguments.region(), arguments.max(), refusesLeaks);
        }

        @Override
        public List<HeapOption> options() {
            return List.of(HeapOption.MAX, LIVE);
        }

        @Override
        public String document() {
            return "Hare's rt/malloc.ha, the rewrite";
        }

        @Override
        public String checks() {
            return "double free, overflow, use after free, pointers that are not a block, leaks";
        }
    }

    private static final int LOG_PAGE = 12;
    private static final long CHUNK = 1 << 21;

    final PageRuns pages;
    final PageBlocks large;
    final Chunks chunks;
    private final Contents contents = new Contents();
    final HareChecks checks;

    /// The metas of the free blocks of each bin.
    final FreeLists lists;

    private final boolean refusesLeaks;

    /// The chunk that blocks are cut from; 0 for none.
    private long chunk;

    /// The meta of the next block that is cut from it.
    private long top;

    /// Where the chunk ends.
    private long end;

    /// Blocks in use.
    long live;

    /// @param max the bytes it may use, from the region's base; no more than the region has
    /// @throws IllegalArgumentException if this is not even one page
    Hare(Region region, long max, boolean refusesLeaks) {
        this.refusesLeaks = refusesLeaks;
        pages = new PageRuns(region, max, LOG_PAGE);
        if (pages.bytes() == 0) {
            throw new IllegalArgumentException(
                    "hare needs a max of at least 4k, one page, not " + max);
        }
        large = new PageBlocks(pages, region, LOG_PAGE);
        chunks = new Chunks(pages, LOG_PAGE, CHUNK);
        checks = new HareChecks(region, large);
        lists = new FreeLists(HareMeta.BINS, checks);
    }

    @Override
    public long allocate(long size, long alignment) {
        if (size > HareMeta.LARGEST_SMALL || alignment > MIN_ALIGNMENT) {
            return allocateLarge(size, alignment);
        }
        int bin = HareMeta.bin(size);
        long meta = lists.isEmpty(bin) ? cut(bin) : lists.pop(bin);
        if (meta == 0) {
            return 0;
        }
        HareMeta.setSize(meta, HareMeta.binSize(bin));
        live++;
        return meta + HareMeta.BYTES;
    }

    @Override
    public long allocateZeroed(long size, long alignment) {
        long dirtyEnd = pages.fresh();
        return Memory.cleared(allocate(size, alignment), size, dirtyEnd);
    }

    @Override
    public void free(long address) {
        release(checks.inUse(address));
    }

    @Override
    public long usableSize(long address) {
        return HareMeta.size(checks.inUse(address));
    }

    @Override
    public long reallocate(long address, long size) {
        long before = usableSize(address);
        if (size > pages.bytes()) {
            return 0;
        }
        if (before == realSize(address, size)) {
            return address;
        }
        long moved = move(address, Math.min(size, before), size);
        return moved == 0 && size <= before ? address : moved;
    }

    /// The size that a block for so many bytes would have. If it is large, at this one's place.
    private long realSize(long address, long size) {
        return HareMeta.isSmall(size)
                ? HareMeta.binSize(HareMeta.bin(size))
                : large.roomFor(address, size + HareMeta.BYTES) - HareMeta.BYTES;
    }

    private void release(long meta) {
        long size = HareMeta.size(meta);
        live--;
        if (HareMeta.isSmall(size)) {
            push(HareMeta.bin(size), meta);
        } else {
            HareMeta.setFree(meta, 0); // seen by a second free until the page is used again
            large.give(meta + HareMeta.BYTES);
        }
    }

    private long allocateLarge(long size, long alignment) {
        long wanted = Math.max(size, HareMeta.LARGEST_SMALL + 1) + HareMeta.BYTES;
        long block = chunks.takeLarge(large, wanted, alignment, lists, contents);
        if (block == 0) {
            return 0;
        }
        long real = large.room(block) - HareMeta.BYTES;
        HareMeta.setSize(block - HareMeta.BYTES, real);
        HareMeta.setSize(block + real, real);
        live++;
        return block;
    }

    // ---- the bins

    private void push(int bin, long meta) {
        HareMeta.poison(meta, HareMeta.binSize(bin));
        lists.push(bin, meta);
    }

    /// Cuts a new block, from a new chunk if there is no room in this one.
    ///
    /// @return its meta, or 0 if there is no memory
    private long cut(int bin) {
        return hasRoom(bin) || beginChunk() ? cutHere(bin) : 0;
    }

    private boolean hasRoom(int bin) {
        return HareMeta.second(top, HareMeta.binSize(bin)) + HareMeta.BYTES <= end;
    }

    private long cutHere(int bin) {
        long size = HareMeta.binSize(bin);
        long meta = top;
        top = HareMeta.second(meta, size);
        HareMeta.setSize(meta, size);
        HareMeta.setSize(top, size);
        return meta;
    }

    private boolean beginChunk() {
        long next = chunks.take(lists, contents);
        if (next == 0) {
            return false;
        }
        cutTheRest();
        chunk = next;
        top = next + HareMeta.FIRST;
        end = chunks.end(next);
        return true;
    }

    /// Makes free blocks of what is left of the chunk, so that blocks fill it to its end.
    private void cutTheRest() {
        for (int bin = HareMeta.BINS - 1; bin >= 0; bin--) {
            while (hasRoom(bin)) {
                push(bin, cutHere(bin));
            }
        }
    }

    // ---- looking at all of it

    /// What is in the chunks.
    private final class Contents implements Chunks.Contents {

        @Override
        public long bytesOfOne(int list) {
            return HareMeta.BYTES + HareMeta.binSize(list);
        }

        @Override
        public long bytesOfAll(int index, int list) {
            return lastMeta(index) - firstMeta(index);
        }

        @Override
        public void givenBack(long start) {
            if (start == chunk) {
                chunk = 0;
                top = 0;
                end = 0;
            }
        }
    }

    /// The first meta of a chunk.
    long firstMeta(int index) {
        return chunks.start(index) + HareMeta.FIRST;
    }

    /// The second meta of the last block that was cut from a chunk.
    long lastMeta(int index) {
        long start = chunks.start(index);
        return start == chunk ? top : chunks.end(start) - HareMeta.BYTES;
    }

    @Override
    public void atExit() {
        lists.check();
        if (refusesLeaks && live != 0) {
            throw new HeapCorruption(
                    "memory leak (live allocations: " + live + "), the first",
                    new HareAudit(this).firstLive());
        }
    }

    @Override
    public void verify() {
        new HareAudit(this).verify();
    }

    @Override
    public void walk(BlockVisitor visitor) {
        new HareAudit(this).walk(visitor);
    }
}
