package io.javalloc.heaps;

import io.javalloc.BlockVisitor;
import io.javalloc.Heap;
import io.javalloc.HeapArguments;
import io.javalloc.HeapCorruption;
import io.javalloc.HeapOption;
import io.javalloc.HeapProvider;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import java.util.List;

/// The allocator of Kernighan and Ritchie over a fixed range of memory, after the Swift
/// `SingleCoreAllocator`: one free list, first fit, every chunk headed by a link and a length.
///
/// ```
///  chunk             block (what the caller gets)             next chunk
///  │                 │                                        │
///  ├────────┬────────┬────────────────────────────────────────┬────────
///  │  link  │ length │       usable: length - 16 bytes        │  link
///  ├────────┴────────┴────────────────────────────────────────┴────────
///  │◄── header: 16 ─►│                                        │
///  │◄──────────────────────── length ────────────────────────►│
/// ```
///
/// The chunks tile the range without gaps. A free chunk's link is the next free chunk or 0, in no
/// order of addresses; no two free chunks are neighbours. An allocated chunk's link is its own
/// address.
///
/// What it promises, and what it refuses:
/// - The range is all there is: what does not fit into one of its free chunks is not served.
/// - The first free chunk in the list that is long enough is taken. Its front is handed out; the
///   rest stays in the list, in the old place.
/// - A size is rounded up to 16: what the document's rounding, to a multiple of 8 and of the
///   alignment, makes of the alignment that `malloc` has.
/// - A chunk that is freed becomes one with the free chunks before and behind it. If there are
///   none, it is the first of the list.
/// - A pointer is taken back only if it lies in the range with its header, and the chunk's length
///   is sane and does not lead out of the range.
/// - It is for one core: one thread at a time.
///
/// Different from the document, on purpose:
/// - The link of an allocated chunk points at itself, so that double frees and interior pointers
///   are refused too, and not only what lies outside of the range or has no sane length.
/// - Any power-of-two alignment is served, and no size rounded up for it; the document does only
///   the latter.
/// - A chunk splits only if the rest can hold a header and 16 bytes; the document splits off rests
///   that are too small for their own header. A chunk that is not split keeps its length; the
///   document shortens it, and the rest is in no chunk any more.
/// - A free merges with both neighbours; the document stops at the first that it meets.
/// - The head of the list is in a Java field, not in the first word of the range; and the range is
///   used to its end, where the document leaves 16 bytes.
/// - A size is changed in place where the neighbour allows; the document has no reallocation.
public final class Knr implements Heap {

    /// Makes [Knr] heaps. Option `max`: the bytes of the range, all of the region if absent.
    public static final class Provider implements HeapProvider {

        @Override
        public String name() {
            return "knr";
        }

        @Override
        public String summary() {
            return "Kernighan and Ritchie: one free list, first fit, a fixed range";
        }

        @Override
        public Heap create(HeapArguments arguments) {
            return new Knr(arguments.region(), arguments.max());
        }

        @Override
        public List<HeapOption> options() {
            return List.of(HeapOption.MAX);
        }

        @Override
        public String document() {
            return "SingleCoreAllocator (Swift), Kernighan and Ritchie";
        }

        @Override
        public String checks() {
            return "double free, pointers that are not a block";
        }
    }

    private static final String FOREIGN =
            "Attempt to free a pointer not allocated by this allocator";

    private final Region region;
    final long base;
    final long limit;

    /// The first free chunk, 0 for none.
    long free;

    /// How many free chunks there are.
    long freeChunks;

    /// From here on nothing has been written since the system zeroed it.
    private long fresh;

    /// @param max the bytes of the range, from the region's base; no more than the region has
    /// @throws IllegalArgumentException if not even one block would fit
    /// @throws IllegalStateException    if the first page of the region is not to be had
    Knr(Region region, long max) {
        this.region = region;
        base = Region.roundUp(region.base(), KnrHeader.GRAIN);
        limit = base + (Math.min(max, region.limit() - base) & -KnrHeader.GRAIN);
        if (limit - base < KnrHeader.MIN_CHUNK) {
            throw new IllegalArgumentException(
                    "knr needs a max of at least " + KnrHeader.MIN_CHUNK + " bytes, not " + max);
        }
        if (!region.commit(base + KnrHeader.BYTES)) {
            throw new IllegalStateException("knr gets no memory from the system");
        }
        KnrHeader.write(base, 0, limit - base);
        free = base;
        freeChunks = 1;
        fresh = base + KnrHeader.BYTES;
    }

    @Override
    public long allocate(long size, long alignment) {
        if (size > limit - base) {
            return 0;
        }
        long length = chunkLength(size);
        long previous = 0;
        long seen = 0;
        for (long chunk = entry(free); chunk != 0; chunk = behind(chunk, ++seen)) {
            long start = alignedStart(chunk, alignment);
            if (start + length <= KnrHeader.end(chunk) && carve(previous, chunk, start, length)) {
                return start + KnrHeader.BYTES;
            }
            previous = chunk;
        }
        return 0;
    }

    @Override
    public long allocateZeroed(long size, long alignment) {
        long dirtyEnd = fresh;
        return Memory.cleared(allocate(size, alignment), size, dirtyEnd);
    }

    @Override
    public void free(long address) {
        release(allocatedChunk(address));
    }

    @Override
    public long usableSize(long address) {
        return KnrHeader.length(allocatedChunk(address)) - KnrHeader.BYTES;
    }

    @Override
    public long reallocate(long address, long size) {
        long chunk = allocatedChunk(address);
        if (size > limit - base) {
            return 0;
        }
        long length = chunkLength(size);
        if (length <= KnrHeader.length(chunk)) {
            shrink(chunk, length);
            return address;
        }
        return grow(chunk, length) ? address : Heap.super.reallocate(address, size);
    }

    private static long chunkLength(long size) {
        return Region.roundUp(size, KnrHeader.GRAIN) + KnrHeader.BYTES;
    }

    /// The first address in the chunk at which an allocated one can start so that its block is
    /// aligned, and so that what is left before it is a chunk of its own, or nothing.
    private static long alignedStart(long chunk, long alignment) {
        long start = Region.roundUp(chunk + KnrHeader.BYTES, alignment) - KnrHeader.BYTES;
        boolean gapTooShort = start != chunk && start - chunk < KnrHeader.MIN_CHUNK;
        return gapTooShort ? start + alignment : start;
    }

    /// Cuts an allocated chunk out of a free one. What is before it and behind it stays in the
    /// list, in the old place.
    ///
    /// @param previous the chunk before the free one in the list, 0 if that is the first
    /// @return false if the system gives no memory; nothing has changed then
    private boolean carve(long previous, long chunk, long start, long length) {
        long chunkEnd = KnrHeader.end(chunk);
        boolean hasRest = chunkEnd - (start + length) >= KnrHeader.MIN_CHUNK;
        long end = hasRest ? start + length : chunkEnd;
        long written = hasRest ? end + KnrHeader.BYTES : end;
        if (!region.commit(written)) {
            return false;
        }
        fresh = Math.max(fresh, written);
        long next = KnrHeader.link(chunk);
        if (hasRest) {
            KnrHeader.write(end, next, chunkEnd - end);
            next = end;
        }
        if (start != chunk) {
            KnrHeader.setLength(chunk, start - chunk);
            previous = chunk;
        }
        freeChunks += (hasRest ? 1 : 0) + (start != chunk ? 1 : 0) - 1;
        setNext(previous, next);
        KnrHeader.write(start, start, end - start);
        return true;
    }

    /// Makes an allocated chunk free, and one with the free neighbours before and after it.
    private void release(long chunk) {
        long end = KnrHeader.end(chunk);
        long before = 0;
        long after = 0;
        long previousOfAfter = 0;
        long previous = 0;
        long seen = 0;
        long entry = entry(free);
        while (entry != 0 && (before == 0 || after == 0)) {
            if (KnrHeader.end(entry) == chunk) {
                before = entry;
            } else if (entry == end) {
                after = entry;
                previousOfAfter = previous;
            }
            previous = entry;
            entry = behind(entry, ++seen);
        }
        freeChunks += 1 - (before != 0 ? 1 : 0) - (after != 0 ? 1 : 0);
        if (after != 0) {
            KnrHeader.setLength(chunk, KnrHeader.end(after) - chunk);
            setNext(previousOfAfter, before == 0 ? chunk : KnrHeader.link(after));
            KnrHeader.setLink(chunk, KnrHeader.link(after));
        } else if (before == 0) {
            KnrHeader.setLink(chunk, free);
            free = chunk;
        }
        if (before != 0) {
            KnrHeader.setLength(before, KnrHeader.end(chunk) - before);
            KnrHeader.setLink(chunk, 0); // a header inside another chunk must not look allocated
        }
    }

    private void shrink(long chunk, long length) {
        long rest = KnrHeader.length(chunk) - length;
        if (rest >= KnrHeader.MIN_CHUNK) {
            KnrHeader.setLength(chunk, length);
            KnrHeader.write(chunk + length, chunk + length, rest);
            release(chunk + length);
        }
    }

    /// Takes what is missing from the neighbour behind the chunk, if that is free and long enough.
    private boolean grow(long chunk, long length) {
        long end = KnrHeader.end(chunk);
        long missing = length - KnrHeader.length(chunk);
        long previous = 0;
        long seen = 0;
        long entry = entry(free);
        while (entry != 0 && entry != end) {
            previous = entry;
            entry = behind(entry, ++seen);
        }
        if (entry == 0 || KnrHeader.length(entry) < missing) {
            return false;
        }
        if (!carve(previous, entry, entry, missing)) {
            return false;
        }
        KnrHeader.setLength(chunk, KnrHeader.end(entry) - chunk);
        KnrHeader.setLink(entry, 0); // as in release
        return true;
    }

    private void setNext(long previous, long next) {
        if (previous == 0) {
            free = next;
        } else {
            KnrHeader.setLink(previous, next);
        }
    }

    /// A link of the free list, 0 for its end. Refuses one that leads to no free chunk: somebody
    /// has written over a header.
    long entry(long link) {
        if (link != 0 && (!isSane(link) || KnrHeader.isAllocated(link))) {
            throw new HeapCorruption("The free list leads to what is not a free chunk", link);
        }
        return link;
    }

    /// The chunk behind a free one in the list, 0 for none.
    ///
    /// @param seen how many chunks of the list have been seen, with this one. There are not more
    ///             than are free: else a link leads back, and the list has no end
    private long behind(long chunk, long seen) {
        long next = entry(KnrHeader.link(chunk));
        if (next != 0 && seen >= freeChunks) {
            throw new HeapCorruption(
                    "The free list goes on behind all of its " + freeChunks + " chunks, to", next);
        }
        return next;
    }

    private long allocatedChunk(long address) {
        long chunk = address - KnrHeader.BYTES;
        if (!isSane(chunk) || !KnrHeader.isAllocated(chunk)) {
            throw new HeapCorruption(FOREIGN, address);
        }
        return chunk;
    }

    /// Whether there can be a header at the address: in memory that may be read, and with a length
    /// that does not lead out of the range.
    boolean isSane(long chunk) {
        if (chunk < base || chunk >= limit || chunk % KnrHeader.GRAIN != 0) {
            return false;
        }
        if (chunk + KnrHeader.BYTES > region.committed()) {
            return false;
        }
        long length = KnrHeader.length(chunk);
        return length >= KnrHeader.MIN_CHUNK
                && length <= limit - chunk
                && length % KnrHeader.GRAIN == 0;
    }

    @Override
    public void verify() {
        new KnrAudit(this).verify();
    }

    @Override
    public void walk(BlockVisitor visitor) {
        new KnrAudit(this).walk(visitor);
    }
}
