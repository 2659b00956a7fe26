package io.javalloc.heaps;

import io.javalloc.memory.Memory;

/// What lies over the first bytes of a free block in a list of free blocks: the node inside the
/// block, which costs nothing. The program may have written over it.
final class FreeNode {

    /// Offset of the address of the next free block in the list, 0 for none.
    static final long NEXT = 0;

    private FreeNode() {}

    static long next(long block) {
        return Memory.getLong(block + NEXT);
    }

    static void setNext(long block, long next) {
        Memory.putLong(block + NEXT, next);
    }
}
