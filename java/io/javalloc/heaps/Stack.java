package io.javalloc.heaps;

import io.javalloc.BlockVisitor;
import io.javalloc.Heap;
import io.javalloc.HeapArguments;
import io.javalloc.HeapCorruption;
import io.javalloc.HeapOption;
import io.javalloc.HeapProvider;
import io.javalloc.memory.Region;
import java.util.List;

/// Blocks one on another, freed from the top: the `StackAllocator` of the Vais module
/// `std/allocator`. `io.javalloc.std` has the table of names.
///
/// ```
///  chunk               block                                 chunk              top
///  │                   │                                     │                  │
///  ├────────┬──────────┬─────────────────────────────────────┼────────┬─────────┼─ ─ ─
///  │ length │ previous │   usable: length - 16 bytes         │ length │         │
///  ├────────┴──────────┴─────────────────────────────────────┼────────┴─────────┼─ ─ ─
///  │◄─── header: 16 ──►│                                     │
///  │◄──────────────────────── length ───────────────────────►│
/// ```
///
/// The document promises allocation and [#pop] in a step, last in first out; 0 when the buffer is
/// full; [#reset], which frees all; [#remaining]; a header that stores the offset of the previous
/// block; [#drop], which gives the buffer back.
///
/// To a C program this is a `malloc` for programs that free in the opposite order of allocating: a
/// free below the top is marked in the header, and waits until all above it are free.
///
/// Different from the document, on purpose:
/// - The header has 16 bytes: besides the 8 of the previous offset the block's size, which
///   `realloc` and `malloc_usable_size` need, and whether it waits. It keeps every block aligned to
///   16, too.
/// - [#pop] tells which block it freed, and nothing happens when there is none.
/// - What is left over is told as what can be had: [#remaining] is the largest block.
/// - A size is changed in place at the top; the document has no reallocation.
public final class Stack implements Heap {

    /// Makes [Stack] heaps. Option `max`: the bytes of the buffer, all of the region if absent.
    public static final class Provider implements HeapProvider {

        @Override
        public String name() {
            return "stack";
        }

        @Override
        public String summary() {
            return "Last in, first out; a free below the top waits until it is the top";
        }

        @Override
        public Heap create(HeapArguments arguments) {
            return new Stack(arguments.region(), arguments.max());
        }

        @Override
        public List<HeapOption> options() {
            return List.of(HeapOption.MAX);
        }

        @Override
        public String document() {
            return "Vais std/allocator, StackAllocator";
        }

        @Override
        public String checks() {
            return "double free, pointers that are not a block, overwritten headers";
        }
    }

    /// The previous offset of the lowest chunk.
    private static final long NONE = -1;

    private final Buffer buffer;
    private final ChunkRow row;

    /// The topmost chunk, which is live; 0 for none.
    private long last;

    /// @param max the bytes of the buffer, from the region's base; no more than the region has
    /// @throws IllegalArgumentException if not even one block would fit
    Stack(Region region, long max) {
        this(Buffer.of(region, max));
    }

    private Stack(Buffer buffer) {
        this.buffer = buffer;
        row = new ChunkRow("stack", buffer, ChunkHeader.BYTES_WITH_LINK);
    }

    /// Makes one with a buffer of its own.
    ///
    /// @param parent   where the buffer comes from, and where [#drop] returns it to
    /// @param capacity bytes of the buffer
    /// @throws IllegalArgumentException if not even one block would fit
    /// @throws IllegalStateException    if the parent has no memory for the buffer
    public static Stack create(Heap parent, long capacity) {
        return new Stack(Buffer.from(parent, capacity, MIN_ALIGNMENT));
    }

    @Override
    public long allocate(long size, long alignment) {
        long top = row.top();
        long chunk = row.place(size, alignment);
        if (chunk == 0) {
            return 0;
        }
        if (chunk != top) {
            link(top); // what the alignment left over
        }
        link(chunk);
        return row.block(chunk);
    }

    private void link(long chunk) {
        ChunkHeader.setLink(chunk, last == 0 ? NONE : last - row.base());
        last = chunk;
    }

    @Override
    public long allocateZeroed(long size, long alignment) {
        return buffer.allocateZeroed(this, size, alignment);
    }

    /// Frees a block: at once if it is the topmost, together with those that waited below it; else
    /// when all above it have been freed.
    @Override
    public void free(long address) {
        long chunk = row.liveChunk(address);
        row.setFree(chunk, row.length(chunk));
        while (last != 0 && !row.isLive(row.checked(last))) {
            long previous = previous(last);
            row.cutAt(last);
            last = previous;
        }
    }

    /// Frees the topmost block, the most recent that has not been freed.
    ///
    /// @return its address, which is no longer to be used; 0 if there was none
    public long pop() {
        long address = last == 0 ? 0 : row.block(last);
        if (address != 0) {
            free(address);
        }
        return address;
    }

    /// The chunk below, 0 for none.
    ///
    /// @throws HeapCorruption if the offset in the header leads to no chunk that ends here
    private long previous(long chunk) {
        long offset = ChunkHeader.link(chunk);
        if (offset == NONE && chunk == row.base()) {
            return 0;
        }
        long previous = row.base() + offset;
        if (!row.isChunk(previous) || row.end(previous) != chunk) {
            throw new HeapCorruption(
                    "The header of a block was overwritten, maybe by the block before it",
                    row.block(chunk));
        }
        return previous;
    }

    @Override
    public long usableSize(long address) {
        return row.usable(row.liveChunk(address));
    }

    @Override
    public long reallocate(long address, long size) {
        long chunk = row.liveChunk(address);
        if (row.resizeTop(chunk, size) || size <= row.usable(chunk)) {
            return address;
        }
        return Heap.super.reallocate(address, size);
    }

    /// Frees all blocks at once.
    public void reset() {
        row.reset();
        last = 0;
    }

    /// The bytes of the largest block that there is room for.
    public long remaining() {
        return row.remaining();
    }

    /// Ends the allocator and all its blocks. A buffer of its own goes back to where it came from.
    public void drop() {
        row.drop();
        last = 0;
    }

    @Override
    public void verify() {
        row.verify();
        long below = 0;
        for (long chunk = row.base(); chunk < row.top(); chunk = row.end(chunk)) {
            if (previous(chunk) != below) {
                throw new HeapCorruption("A block has a false previous offset", row.block(chunk));
            }
            below = chunk;
        }
        if (below != last || (last != 0 && !row.isLive(last))) {
            throw new HeapCorruption("The top of the stack is not a live block", row.block(last));
        }
    }

    @Override
    public void walk(BlockVisitor visitor) {
        row.walk(visitor);
    }
}
