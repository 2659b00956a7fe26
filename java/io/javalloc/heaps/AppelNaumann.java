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

/// The allocator of "Verified sequential malloc/free" by Appel and Naumann, as the Hare runtime had
/// it before [Hare]: bins of linear sizes, each a list that is filled a mebibyte at a time.
///
/// ```
///  chunk           block                       block
///  ├───────┬───────┬───────┬───────────┬───────┬───────┬───────────┬─ ─ ─
///  │       │ size  │ link ─┼───────────┼───────┼►link  │ free      │
///  ├───────┼───────┼───────┴───────────┼───────┼───────┴───────────┼─ ─ ─
///  │◄─ 8 ─►│◄─ 8 ─►│◄────── size ─────►│◄─ 8 ─►│
///
///  run of pages
///  ├───────┬───────┬───────────────────────────────────────────────┤
///  │  16   │ size  │ larger block, in use: to the end of the page  │
///  ├───────┴───────┴───────────────────────────────────────────────┤
/// ```
///
/// There are 50 bins of 8, 24, 40, ... 792 bytes. A bin that is empty gets a chunk of 1 MiB, which
/// is cut into blocks of its size and linked from the first to the last. To allocate is to take the
/// first of a list, to free is to put it back. Larger blocks have pages of their own and give them
/// back when they are freed.
///
/// What it promises: no search, and no splitting or merging; a block stays where it is when its
/// size is changed to one that fits. What it refuses: nothing. A small block that is freed twice is
/// in its list twice, and one that is written to after it was freed misleads its list. Only when
/// memory is short, and all lists are followed, are such lists refused: it is `malloc` that does.
///
/// Different from the document, on purpose:
/// - What would lead Java out of the memory that may be read is refused: a pointer outside of it,
///   or whose size word is no block's; a link to anything but a block of the bin.
/// - The last link of a chunk is 0; the document writes its end of the list to another place.
/// - Any alignment is served: above 16, by a block with pages of its own, whose address is a
///   multiple because the bytes before it are skipped.
/// - Larger blocks may use their last page to its end.
/// - Chunks in which nothing is live are given back when there is no other memory; where memory is
///   limited, chunks are smaller. The document keeps a chunk for ever.
public final class AppelNaumann implements Heap {

    /// Makes [AppelNaumann] heaps. Option `max`: the bytes it may use, all of the region if absent.
    public static final class Provider implements HeapProvider {

        @Override
        public String name() {
            return "appel-naumann";
        }

        @Override
        public String summary() {
            return "Fifty bins, each a list cut from mebibytes; no search, no merging";
        }

        @Override
        public Heap create(HeapArguments arguments) {
            return new AppelNaumann(arguments.region(), arguments.max());
        }

        @Override
        public List<HeapOption> options() {
            return List.of(HeapOption.MAX);
        }

        @Override
        public String document() {
            return "Hare's rt/malloc.ha, before the rewrite; Appel and Naumann";
        }
    }

    private static final int LOG_PAGE = 12;
    private static final long CHUNK = 1 << 20;

    final PageRuns pages;
    final PageBlocks large;
    final Chunks chunks;
    private final Contents contents = new Contents();
    private final Links links;

    /// The free blocks of each bin.
    final FreeLists lists;

    /// @param max the bytes it may use, from the region's base; no more than the region has
    /// @throws IllegalArgumentException if this is not even one page
    AppelNaumann(Region region, long max) {
        pages = new PageRuns(region, max, LOG_PAGE);
        if (pages.bytes() == 0) {
            throw new IllegalArgumentException(
                    "appel-naumann needs a max of at least 4k, one page, not " + max);
        }
        large = new PageBlocks(pages, region, LOG_PAGE);
        chunks = new Chunks(pages, LOG_PAGE, CHUNK);
        links = new Links(region);
        lists = new FreeLists(AppelNaumannBlock.BINS, links);
    }

    @Override
    public long allocate(long size, long alignment) {
        if (!isSmall(size, alignment)) {
            return allocateLarge(size, alignment);
        }
        int bin = AppelNaumannBlock.bin(size);
        return lists.isEmpty(bin) && !fill(bin) ? 0 : lists.pop(bin);
    }

    @Override
    public long allocateZeroed(long size, long alignment) {
        // A small block has had a link in it, even if its chunk is fresh.
        long dirtyEnd = isSmall(size, alignment) ? Long.MAX_VALUE : pages.fresh();
        return Memory.cleared(allocate(size, alignment), size, dirtyEnd);
    }

    @Override
    public void free(long address) {
        long size = usableSize(address);
        if (AppelNaumannBlock.isSmall(size)) {
            lists.push(AppelNaumannBlock.bin(size), address);
        } else {
            large.give(address);
        }
    }

    @Override
    public long usableSize(long address) {
        if (links.isReadable(address, Long.BYTES)) {
            long size = AppelNaumannBlock.size(address);
            boolean isBlock =
                    AppelNaumannBlock.isSmall(size)
                            ? AppelNaumannBlock.isBinSize(size) && links.isReadable(address, size)
                            : large.contains(address) && large.room(address) == size;
            if (isBlock) {
                return size;
            }
        }
        throw new HeapCorruption(
                "The word before this address is not the size of a block", address);
    }

    @Override
    public long reallocate(long address, long size) {
        long before = usableSize(address);
        if (size <= before) {
            return address;
        }
        return move(address, before, size);
    }

    private static boolean isSmall(long size, long alignment) {
        return size <= AppelNaumannBlock.LARGEST_SMALL && alignment <= MIN_ALIGNMENT;
    }

    private long allocateLarge(long size, long alignment) {
        long wanted = Math.max(size, AppelNaumannBlock.LARGEST_SMALL + 1);
        long block = chunks.takeLarge(large, wanted, alignment, lists, contents);
        if (block != 0) {
            AppelNaumannBlock.setSize(block, large.room(block));
        }
        return block;
    }

    /// Fills the list of a bin with the blocks of a new chunk.
    ///
    /// @return false if there is no memory for it
    private boolean fill(int bin) {
        long chunk = chunks.take(lists, contents);
        if (chunk == 0) {
            return false;
        }
        long blocks = AppelNaumannBlock.blocksIn(chunks.end(chunk) - chunk, bin);
        lists.fill(bin, link(chunk, bin, blocks), blocks);
        return true;
    }

    /// Cuts a chunk into linked blocks. In a short loop, because it is long and runs once or twice
    /// for each bin: before it is compiled.
    ///
    /// @return the first
    private static long link(long chunk, int bin, long blocks) {
        long size = AppelNaumannBlock.binSize(bin);
        long stride = AppelNaumannBlock.stride(bin);
        long first = chunk + AppelNaumannBlock.FIRST;
        long next = 0;
        for (long block = first + (blocks - 1) * stride; block >= first; block -= stride) {
            AppelNaumannBlock.setSize(block, size);
            AppelNaumannBlock.setLink(block, next);
            next = block;
        }
        return first;
    }

    @Override
    public void verify() {
        new AppelNaumannAudit(this).verify();
    }

    @Override
    public void walk(BlockVisitor visitor) {
        new AppelNaumannAudit(this).walk(visitor);
    }

    /// The links of free blocks, which the program may have overwritten.
    private static final class Links implements FreeLists.Links {

        private final Region region;

        Links(Region region) {
            this.region = region;
        }

        @Override
        public long next(long block, int bin) {
            long next = AppelNaumannBlock.link(block);
            if (next != 0 && !isBlock(next, AppelNaumannBlock.binSize(bin))) {
                throw damaged(block);
            }
            return next;
        }

        private boolean isBlock(long block, long size) {
            return isReadable(block, size) && AppelNaumannBlock.size(block) == size;
        }

        /// Whether there is memory for a block of that size.
        boolean isReadable(long block, long size) {
            return block % MIN_ALIGNMENT == 0
                    && block >= region.base() + AppelNaumannBlock.FIRST
                    && block <= region.committed() - size;
        }

        @Override
        public void setNext(long block, long next) {
            AppelNaumannBlock.setLink(block, next);
        }

        @Override
        public HeapCorruption damaged(long block) {
            return new HeapCorruption("A block was freed twice, or written to after that", block);
        }

        @Override
        public HeapCorruption endsEarly(int bin) {
            return new HeapCorruption(
                    "The list of free blocks of "
                            + AppelNaumannBlock.binSize(bin)
                            + " bytes ends too early: one was freed twice, or written to after"
                            + " that");
        }
    }

    /// What is in the chunks.
    private final class Contents implements Chunks.Contents {

        @Override
        public long bytesOfOne(int list) {
            return AppelNaumannBlock.stride(list);
        }

        @Override
        public long bytesOfAll(int index, int list) {
            long bytes = chunks.end(chunks.start(index)) - chunks.start(index);
            return AppelNaumannBlock.blocksIn(bytes, list) * AppelNaumannBlock.stride(list);
        }

        @Override
        public void givenBack(long chunk) {
            // All that is known of a chunk is in the lists.
        }
    }
}
