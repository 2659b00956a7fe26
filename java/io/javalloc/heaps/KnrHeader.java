package io.javalloc.heaps;

import io.javalloc.Heap;
import io.javalloc.memory.Memory;

/// Where the two words at the head of every chunk of [Knr] are.
final class KnrHeader {

    /// Offset of the address of the next free chunk, 0 for none; of an allocated chunk, its own.
    static final long LINK = 0;

    /// Offset of the chunk's length in bytes with the header, a multiple of [#GRAIN].
    static final long LENGTH = 8;

    /// Bytes of the header, and the offset of the block.
    static final long BYTES = 16;

    /// What addresses and lengths of chunks are multiples of.
    static final long GRAIN = Heap.MIN_ALIGNMENT;

    /// The shortest chunk.
    static final long MIN_CHUNK = BYTES + GRAIN;

    private KnrHeader() {}

    static void write(long chunk, long link, long length) {
        setLink(chunk, link);
        setLength(chunk, length);
    }

    static long link(long chunk) {
        return Memory.getLong(chunk + LINK);
    }

    static void setLink(long chunk, long link) {
        Memory.putLong(chunk + LINK, link);
    }

    static boolean isAllocated(long chunk) {
        return link(chunk) == chunk;
    }

    static long length(long chunk) {
        return Memory.getLong(chunk + LENGTH);
    }

    static void setLength(long chunk, long length) {
        Memory.putLong(chunk + LENGTH, length);
    }

    /// The first address behind the chunk.
    static long end(long chunk) {
        return chunk + length(chunk);
    }
}
