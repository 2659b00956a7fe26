package io.javalloc.heaps;

import io.javalloc.BlockVisitor;
import io.javalloc.Heap;
import io.javalloc.HeapArguments;
import io.javalloc.HeapCorruption;
import io.javalloc.HeapOption;
import io.javalloc.HeapProvider;
import io.javalloc.memory.Region;
import java.util.List;

/// A list of free blocks, and the first that fits: the `FreeListAllocator` of the Vais module
/// `std/allocator`. `io.javalloc.std` has the table of names.
///
/// ```
///  chunk           block                                    next chunk
///  │               │                                        │
///  ├───────┬───────┬────────────────────────────────────────┼───────┬───
///  │ size  │ next  │      usable: size - 16 bytes           │ size  │
///  ├───────┴───────┴────────────────────────────────────────┼───────┴───
///  │◄─ header: 16 ►│                                        │
///  │◄───────────────────────── size ───────────────────────►│
/// ```
///
/// The document promises first fit; splitting when a free block is larger than what is asked for;
/// chunks of 32 bytes at least, with their header of 16: the size, which includes the header, and
/// the next free block; freeing in a step, by pushing to the front of the list; [#totalAllocated]
/// and [#remaining]; [#drop], which gives the buffer back.
///
/// What was never handed out is no free block here, but the memory above the *top* of a
/// [ChunkRow]. When no free block fits, it serves; but if much was freed since the last time, a
/// *sweep* comes first: it goes through the chunks in the order of addresses, makes one of free
/// ones side by side, lowers the top below those that end there, and leaves a list in that order.
///
/// Different from the document, on purpose:
/// - The sweep: the document never joins what it has split, so a buffer ends as crumbs.
/// - Any power-of-two alignment is served from every free block; what is left before an aligned
///   block is a free one, or 16 bytes that wait for the next sweep.
/// - A double free, and a pointer that is no block, are refused: the size is sealed, see
///   [ChunkHeader].
/// - A size is changed in place where it shrinks, or at the top; the document has no reallocation.
public final class FreeList implements Heap {

    /// Makes [FreeList] heaps. Option `max`: the bytes of the buffer, all of the region if absent.
    public static final class Provider implements HeapProvider {

        @Override
        public String name() {
            return "freelist";
        }

        @Override
        public String summary() {
            return "First fit in a list of free blocks, which are joined when nothing fits";
        }

        @Override
        public Heap create(HeapArguments arguments) {
            return new FreeList(arguments.region(), arguments.max());
        }

        @Override
        public List<HeapOption> options() {
            return List.of(HeapOption.MAX);
        }

        @Override
        public String document() {
            return "Vais std/allocator, FreeListAllocator";
        }

        @Override
        public String checks() {
            return "double free, pointers that are not a block, overwritten headers";
        }
    }

    /// The shortest chunk that is in the list, or is split off.
    static final long MIN_CHUNK = 32;

    /// A sweep comes before the top moves if this part of the row was freed since the last one, so
    /// that what was freed pays for a look at the rest.
    private static final int LOG_SWEEP_PART = 2;

    private final Buffer buffer;
    private final ChunkRow row;

    /// The first free chunk, 0 for none.
    private long free;

    /// How many chunks are in the list.
    private long listed;

    /// No chunk in the list is longer. Spares a search that finds nothing.
    private long longest;

    /// The bytes of the chunks that were freed since the last sweep.
    private long freed;

    private long liveChunks;
    private long liveBytes;

    /// @param max the bytes of the buffer, from the region's base; no more than the region has
    /// @throws IllegalArgumentException if not even one block would fit
    FreeList(Region region, long max) {
        this(Buffer.of(region, max));
    }

    private FreeList(Buffer buffer) {
        this.buffer = buffer;
        row = new ChunkRow("freelist", buffer, ChunkHeader.BYTES_WITH_LINK);
    }

    /// Makes one with a buffer of its own.
    ///
    /// @param parent   where the buffer comes from, and where [#drop] returns it to
    /// @param capacity bytes of the buffer
    /// @throws IllegalArgumentException if not even one block would fit
    /// @throws IllegalStateException    if the parent has no memory for the buffer
    public static FreeList create(Heap parent, long capacity) {
        return new FreeList(Buffer.from(parent, capacity, MIN_ALIGNMENT));
    }

    @Override
    public long allocate(long size, long alignment) {
        long chunk = size > row.capacity() ? 0 : take(size, alignment);
        if (chunk == 0) {
            return 0;
        }
        liveChunks++;
        liveBytes += row.length(chunk);
        return row.block(chunk);
    }

    @Override
    public long allocateZeroed(long size, long alignment) {
        return buffer.allocateZeroed(this, size, alignment);
    }

    @Override
    public void free(long address) {
        long chunk = row.liveChunk(address);
        long length = row.length(chunk);
        liveChunks--;
        liveBytes -= length;
        push(chunk, length);
    }

    @Override
    public long usableSize(long address) {
        return row.usable(row.liveChunk(address));
    }

    @Override
    public long reallocate(long address, long size) {
        long chunk = row.liveChunk(address);
        long before = row.length(chunk);
        if (size > row.capacity()) {
            return 0;
        }
        if (!row.resizeTop(chunk, size)) {
            long length = row.chunkLength(size);
            if (length > before) {
                return Heap.super.reallocate(address, size);
            }
            shrink(chunk, length);
        }
        liveBytes += row.length(chunk) - before;
        return address;
    }

    /// The usable bytes of the live blocks.
    public long totalAllocated() {
        return liveBytes - liveChunks * ChunkHeader.BYTES_WITH_LINK;
    }

    /// The bytes that are in no live block. What can be had of them is less, by a header for each
    /// block, and by what lies apart.
    public long remaining() {
        return row.capacity() - liveBytes;
    }

    /// Ends the allocator and all its blocks. A buffer of its own goes back to where it came from.
    public void drop() {
        row.drop();
        forgetFree();
        liveChunks = 0;
        liveBytes = 0;
    }

    /// Takes a chunk, which is live then.
    ///
    /// @return 0 if there is no memory for it
    private long take(long size, long alignment) {
        long chunk = takeFirstFit(size, alignment);
        if (chunk == 0 && freed > row.top() - row.base() >> LOG_SWEEP_PART) {
            sweep();
            chunk = takeFirstFit(size, alignment);
        }
        if (chunk == 0) {
            chunk = takeTop(size, alignment);
        }
        if (chunk == 0 && freed > 0) {
            sweep();
            chunk = takeFirstFit(size, alignment);
        }
        return chunk != 0 ? chunk : takeTop(size, alignment);
    }

    private long takeFirstFit(long size, long alignment) {
        long length = row.chunkLength(size);
        if (length > longest) {
            return 0;
        }
        long previous = 0;
        long longestSeen = 0;
        long seen = 0;
        for (long chunk = entry(free); chunk != 0; chunk = behind(chunk, ++seen)) {
            long start = row.aligned(chunk, alignment);
            if (start + length <= row.end(chunk)) {
                carve(previous, chunk, start, length);
                return start;
            }
            longestSeen = Math.max(longestSeen, row.length(chunk));
            previous = chunk;
        }
        longest = longestSeen;
        return 0;
    }

    /// Cuts a live chunk out of a free one. What is before it and behind it stays in the list, in
    /// the old place.
    ///
    /// @param previous the chunk before the free one in the list, 0 if that is the first
    private void carve(long previous, long chunk, long start, long length) {
        long chunkEnd = row.end(chunk);
        long end = start + length;
        long next = ChunkHeader.link(chunk);
        listed--;
        if (chunkEnd - end >= MIN_CHUNK) {
            listed++;
            row.setFree(end, chunkEnd - end);
            ChunkHeader.setLink(end, next);
            next = end;
        } else {
            end = chunkEnd;
        }
        if (start != chunk) {
            row.setFree(chunk, start - chunk);
        }
        boolean hasGap = start - chunk >= MIN_CHUNK;
        listed += hasGap ? 1 : 0;
        setNext(hasGap ? chunk : previous, next);
        row.setLive(start, end - start);
    }

    private long takeTop(long size, long alignment) {
        long top = row.top();
        long chunk = row.place(size, alignment);
        if (chunk - top >= MIN_CHUNK) {
            push(top, chunk - top);
        }
        return chunk;
    }

    private void push(long chunk, long length) {
        row.setFree(chunk, length);
        ChunkHeader.setLink(chunk, free);
        free = chunk;
        listed++;
        longest = Math.max(longest, length);
        freed += length;
    }

    private void shrink(long chunk, long length) {
        long rest = row.length(chunk) - length;
        if (rest >= MIN_CHUNK) {
            row.setLive(chunk, length);
            push(chunk + length, rest);
        }
    }

    /// Makes one of free chunks side by side, and a new list of them, in the order of addresses.
    private void sweep() {
        forgetFree();
        long previous = 0;
        long run = 0;
        long chunk = row.base();
        while (chunk < row.top()) {
            long end = row.end(row.checked(chunk));
            if (row.isLive(chunk)) {
                previous = append(previous, run, chunk);
                run = 0;
            } else if (run == 0) {
                run = chunk;
            } else {
                ChunkHeader.erase(chunk);
            }
            chunk = end;
        }
        if (run != 0) {
            row.cutAt(run);
        }
    }

    private void forgetFree() {
        free = 0;
        listed = 0;
        longest = 0;
        freed = 0;
    }

    /// Makes `[run, end)` one free chunk behind the last of the list, if it is a run at all.
    ///
    /// @return the last of the list now
    private long append(long previous, long run, long end) {
        if (run == 0) {
            return previous;
        }
        row.setFree(run, end - run);
        if (end - run < MIN_CHUNK) {
            return previous;
        }
        ChunkHeader.setLink(run, 0);
        setNext(previous, run);
        listed++;
        longest = Math.max(longest, end - run);
        return run;
    }

    private void setNext(long previous, long next) {
        if (previous == 0) {
            free = next;
        } else {
            ChunkHeader.setLink(previous, next);
        }
    }

    /// A link of the list, 0 for its end.
    ///
    /// @throws HeapCorruption if it leads to no free chunk: somebody has written over a header
    private long entry(long link) {
        if (link != 0 && (!row.isChunk(link) || row.isLive(link))) {
            throw new HeapCorruption("The free list leads to what is not a free chunk", link);
        }
        return link;
    }

    /// The chunk behind one in the list, 0 for none.
    ///
    /// @param seen how many chunks of the list have been seen, with this one
    /// @throws HeapCorruption also if the list leads back, so that it has no end
    private long behind(long chunk, long seen) {
        long next = entry(ChunkHeader.link(chunk));
        if (next != 0 && seen >= listed) {
            throw new HeapCorruption(
                    "The free list goes on behind all of its " + listed + " chunks, to", next);
        }
        return next;
    }

    @Override
    public void verify() {
        row.verify();
        long unlisted = 0;
        long bytes = 0;
        for (long chunk = row.base(); chunk < row.top(); chunk = row.end(chunk)) {
            boolean isLive = row.isLive(chunk);
            bytes += isLive ? row.length(chunk) : 0;
            unlisted += isLive || row.length(chunk) < MIN_CHUNK ? 0 : 1;
        }
        if (bytes != liveBytes) {
            throw new HeapCorruption(
                    "The live blocks have " + bytes + " bytes, but should have " + liveBytes);
        }
        if (unlisted != listed) {
            throw new HeapCorruption(
                    "There are " + unlisted + " free chunks, but should be " + listed);
        }
        // A list that leads to a chunk twice never ends: the count finds that, too.
        for (long chunk = entry(free); chunk != 0; chunk = entry(ChunkHeader.link(chunk))) {
            if (row.length(chunk) < MIN_CHUNK || unlisted-- == 0) {
                throw new HeapCorruption("The free list leads to no free chunk, or twice", chunk);
            }
        }
        if (unlisted != 0) {
            throw new HeapCorruption("Free chunks are missing from the list: " + unlisted);
        }
    }

    @Override
    public void walk(BlockVisitor visitor) {
        row.walk(visitor);
    }
}
