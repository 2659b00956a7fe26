package io.javalloc.heaps;

import io.javalloc.BlockVisitor;
import io.javalloc.Heap;
import io.javalloc.HeapArguments;
import io.javalloc.HeapOption;
import io.javalloc.HeapProvider;
import io.javalloc.memory.Region;
import java.util.List;

/// Blocks one behind another, and no way back but for all at once: the `BumpAllocator` of the Vais
/// module `std/allocator`, an arena. `io.javalloc.std` has the table of names.
///
/// ```
///  chunk    block                          chunk    block        top
///  │        │                              │        │            │
///  ├────────┬──────────────────────────────┼────────┬────────────┼─ ─ ─ ─
///  │ length │  usable: length - 8 bytes    │ length │            │
///  ├────────┴──────────────────────────────┼────────┴────────────┼─ ─ ─ ─
///  │◄─ 8 ──►│                              │
///  │◄───────────── length ────────────────►│
/// ```
///
/// The document promises allocation in a step, out of an own buffer or a given one, zeroed too; 0
/// when the buffer is full; [#reset], which frees all; [#remaining] and [#totalAllocated]; [#drop],
/// which gives back an own buffer, and leaves a given one alone.
///
/// To a C program this is a `malloc` that never runs out of speed, but of memory: [#free] only
/// marks the block, so that a second one is refused and [#walk] does not show it. Its memory comes
/// back with [#reset].
///
/// Different from the document, on purpose:
/// - Every block has a header of 8 bytes: its size, which `realloc` and `malloc_usable_size` need,
///   and whether it was freed. The document's blocks have none.
/// - Every block is aligned to 16 at least, as C wants it.
/// - What is left over is told as what can be had: [#remaining] is the largest block.
/// - A size is changed in place at the top; the document has no reallocation.
public final class Bump implements Heap {

    /// Makes [Bump] heaps. Option `max`: the bytes of the buffer, all of the region if absent.
    public static final class Provider implements HeapProvider {

        @Override
        public String name() {
            return "bump";
        }

        @Override
        public String summary() {
            return "One block behind another; free does nothing; all are freed at once";
        }

        @Override
        public Heap create(HeapArguments arguments) {
            return new Bump(arguments.region(), arguments.max());
        }

        @Override
        public List<HeapOption> options() {
            return List.of(HeapOption.MAX);
        }

        @Override
        public String document() {
            return "Vais std/allocator, BumpAllocator";
        }

        @Override
        public String checks() {
            return "double free, pointers that are not a block, overwritten headers";
        }
    }

    private final Buffer buffer;
    private final ChunkRow row;
    private long totalAllocated;

    /// @param max the bytes of the buffer, from the region's base; no more than the region has
    /// @throws IllegalArgumentException if not even one block would fit
    Bump(Region region, long max) {
        this(Buffer.of(region, max));
    }

    private Bump(Buffer buffer) {
        this.buffer = buffer;
        row = new ChunkRow("bump", buffer, ChunkHeader.BYTES);
    }

    /// Makes one with a buffer of its own.
    ///
    /// @param parent   where the buffer comes from, and where [#drop] returns it to
    /// @param capacity bytes of the buffer
    /// @throws IllegalArgumentException if not even one block would fit
    /// @throws IllegalStateException    if the parent has no memory for the buffer
    public static Bump create(Heap parent, long capacity) {
        return new Bump(Buffer.from(parent, capacity, MIN_ALIGNMENT));
    }

    /// Makes one in memory that stays the caller's, and that nobody else may write to.
    ///
    /// @param buffer   the first address
    /// @param capacity bytes of it
    /// @throws IllegalArgumentException if not even one block would fit
    public static Bump fromBuffer(long buffer, long capacity) {
        return new Bump(Buffer.borrowed(buffer, capacity));
    }

    @Override
    public long allocate(long size, long alignment) {
        long chunk = row.place(size, alignment);
        if (chunk == 0) {
            return 0;
        }
        totalAllocated += row.usable(chunk);
        return row.block(chunk);
    }

    @Override
    public long allocateZeroed(long size, long alignment) {
        return buffer.allocateZeroed(this, size, alignment);
    }

    /// Marks the block as freed. Its memory comes back with [#reset].
    @Override
    public void free(long address) {
        long chunk = row.liveChunk(address);
        row.setFree(chunk, row.length(chunk));
    }

    @Override
    public long usableSize(long address) {
        return row.usable(row.liveChunk(address));
    }

    @Override
    public long reallocate(long address, long size) {
        long chunk = row.liveChunk(address);
        long usable = row.usable(chunk);
        if (row.resizeTop(chunk, size)) {
            totalAllocated += Math.max(0, row.usable(chunk) - usable);
            return address;
        }
        return size <= usable ? address : Heap.super.reallocate(address, size);
    }

    /// Frees all blocks at once: the buffer is as empty as it was in the beginning.
    public void reset() {
        row.reset();
    }

    /// The bytes of the largest block that there is room for.
    public long remaining() {
        return row.remaining();
    }

    /// The usable bytes of all blocks that were ever handed out, for statistics: neither [#free]
    /// nor [#reset] takes from it.
    public long totalAllocated() {
        return totalAllocated;
    }

    /// Ends the allocator and all its blocks. A buffer of its own goes back to where it came from.
    public void drop() {
        row.drop();
    }

    @Override
    public void verify() {
        row.verify();
    }

    @Override
    public void walk(BlockVisitor visitor) {
        row.walk(visitor);
    }
}
