package io.javalloc.heaps;

import io.javalloc.BlockVisitor;
import io.javalloc.Heap;
import io.javalloc.HeapCorruption;
import io.javalloc.memory.Region;

/// Chunks one behind another in a buffer, each a header and a block: what [Bump], [Stack] and
/// [FreeList] have in common. It puts new ones at the top, and knows which there are and which are
/// live; what becomes of those that are not is the allocator's affair.
///
/// ```
///  base                                              top              limit
///  ├────────┬───────┬────────┬───┬────────┬──────────┼─ ─ ─ ─ ─ ─ ─ ─ ┤
///  │ header │ block │ header │ ▒ │ header │ block    │ not handed out │
///  ├────────┴───────┴────────┴───┴────────┴──────────┼─ ─ ─ ─ ─ ─ ─ ─ ┤
///  │◄──── live ────►│◄── free ──►│◄───── live ──────►│
/// ```
///
/// The chunks tile the row without gaps: what an alignment leaves over is a free chunk.
final class ChunkRow {

    private final Buffer buffer;
    private final long headerBytes;
    private long base;
    private long limit;
    private long top;

    /// How often the row began anew, see [ChunkHeader].
    private long era;

    /// @param heap        the allocator's name, for messages
    /// @param headerBytes [ChunkHeader#BYTES] or [ChunkHeader#BYTES_WITH_LINK]
    /// @throws IllegalArgumentException if not even one block would fit
    ChunkRow(String heap, Buffer buffer, long headerBytes) {
        this.buffer = buffer;
        this.headerBytes = headerBytes;
        base = aligned(buffer.base(), Heap.MIN_ALIGNMENT);
        limit = base + (buffer.limit() - base & -ChunkHeader.GRAIN);
        top = base;
        if (limit - base < chunkLength(1)) {
            long least = base - buffer.base() + chunkLength(1);
            buffer.drop();
            throw new IllegalArgumentException(
                    heap
                            + " needs a max of at least "
                            + least
                            + " bytes, not "
                            + (buffer.limit() - buffer.base()));
        }
    }

    long base() {
        return base;
    }

    long top() {
        return top;
    }

    /// The bytes of all chunks that there can be, with their headers.
    long capacity() {
        return limit - base;
    }

    /// The bytes of the largest block that there is room for at the top.
    long remaining() {
        return Math.max(0, limit - top - headerBytes);
    }

    // ---- one chunk ----

    /// The length of a chunk for a block of at least that size, which is at most [#capacity].
    long chunkLength(long size) {
        return ChunkHeader.chunkLength(size, headerBytes);
    }

    /// The first address from `from` on at which a chunk with an aligned block can start.
    long aligned(long from, long alignment) {
        return Region.roundUp(from + headerBytes, alignment) - headerBytes;
    }

    long block(long chunk) {
        return chunk + headerBytes;
    }

    long length(long chunk) {
        return ChunkHeader.length(word(chunk));
    }

    long usable(long chunk) {
        return length(chunk) - headerBytes;
    }

    long end(long chunk) {
        return chunk + length(chunk);
    }

    boolean isLive(long chunk) {
        return ChunkHeader.state(word(chunk)) == ChunkHeader.LIVE;
    }

    void setLive(long chunk, long length) {
        ChunkHeader.write(chunk, era, length, ChunkHeader.LIVE);
    }

    void setFree(long chunk, long length) {
        ChunkHeader.write(chunk, era, length, ChunkHeader.FREE);
    }

    /// Whether there is a chunk at the address, whatever the address.
    boolean isChunk(long chunk) {
        if (chunk < base || chunk >= top || (chunk - base) % ChunkHeader.GRAIN != 0) {
            return false;
        }
        long word = word(chunk);
        return ChunkHeader.isSealed(word) && ChunkHeader.length(word) <= top - chunk;
    }

    private long word(long chunk) {
        return ChunkHeader.word(chunk, era);
    }

    /// The chunk of a live block.
    ///
    /// @throws HeapCorruption if no live block starts at the address
    long liveChunk(long address) {
        long chunk = address - headerBytes;
        if (!isChunk(chunk)) {
            throw new HeapCorruption(
                    "No block of this heap starts here, or its header was overwritten", address);
        }
        if (!isLive(chunk)) {
            throw new HeapCorruption("This block has already been freed", address);
        }
        return chunk;
    }

    /// The chunk that must start at the address.
    ///
    /// @throws HeapCorruption if somebody has written over its header
    long checked(long chunk) {
        if (!isChunk(chunk)) {
            throw new HeapCorruption(
                    "The header of a block was overwritten, maybe by the block before it",
                    block(chunk));
        }
        return chunk;
    }

    // ---- the top ----

    /// Puts a live chunk at the top.
    ///
    /// @return its address, or 0 if there is no memory for it; nothing has changed then
    long place(long size, long alignment) {
        if (size > limit - top) {
            return 0;
        }
        long chunk = aligned(top, alignment);
        long end = chunk + chunkLength(size);
        if (end > limit || !buffer.use(end)) {
            return 0;
        }
        if (chunk != top) {
            setFree(top, chunk - top);
        }
        setLive(chunk, end - chunk);
        top = end;
        return chunk;
    }

    /// Gives the topmost chunk another size.
    ///
    /// @return false if the chunk is not the topmost, or there is no memory; nothing has changed
    ///         then
    boolean resizeTop(long chunk, long size) {
        if (end(chunk) != top || size > limit - chunk) {
            return false;
        }
        long end = chunk + chunkLength(size);
        if (end > limit || !buffer.use(end)) {
            return false;
        }
        setLive(chunk, end - chunk);
        top = end;
        return true;
    }

    /// Takes the chunks from this one on off the row.
    void cutAt(long chunk) {
        ChunkHeader.erase(chunk);
        top = chunk;
    }

    /// Takes all chunks off the row at once. No old pointer is taken for a live block any more.
    void reset() {
        era++;
        top = base;
    }

    /// Ends the row, and gives the buffer back. From now on there is no chunk and no room.
    void drop() {
        base = 0;
        limit = 0;
        top = 0;
        buffer.drop();
    }

    // ---- the tools' side ----

    /// Checks that the chunks tile the row.
    ///
    /// @throws HeapCorruption for the first header that was overwritten
    void verify() {
        long chunk = base;
        while (chunk < top) {
            chunk = end(checked(chunk));
        }
    }

    /// Shows every live block.
    void walk(BlockVisitor visitor) {
        for (long chunk = base; chunk < top; chunk = end(checked(chunk))) {
            if (isLive(chunk)) {
                visitor.block(block(chunk), usable(chunk));
            }
        }
    }
}
