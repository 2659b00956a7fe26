package io.javalloc.layers;

import io.javalloc.HeapCorruption;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import io.javalloc.memory.SplitMix64;

/// What stands around the blocks of [Canary].
///
/// ```
///  block inside                                 block
///  ├────────┬─ ─ ─ ─ ─┬────────┬────────┬────────┼────────────────────────┬────────────┤
///  │ shape  │ nothing │ canary │ shape  │ canary │ usable: what was asked │   canary   │
///  ├────────┴─ ─ ─ ─ ─┴────────┴────────┴────────┼────────────────────────┴────────────┤
///  │◄────────── front: 32, or the alignment ────►│◄──────── size ────────►│◄ 32 to 39 ►│
/// ```
///
/// The *shape* is the block's size and front in one word. It stands at the start of the block
/// inside, so that a walk finds the block, and right before the block, so that a free finds the
/// start. A *canary* is a word that is known and that nobody writes by chance; no byte of it is 0,
/// so that the most usual overflow, by the 0 at the end of a text, is always seen. Of the 32 bytes
/// before a block none is without guard; behind it are the last bytes of a canary, up to a multiple
/// of 8, and four more.
///
/// All words are masked with a mixture of the secret and the place of the block: what is copied
/// from another one is wrong.
///
/// @param secret a number that differs in each process
record CanaryGuards(long secret) {

    /// The least bytes before a block.
    static final long LEAST_FRONT = 32;

    /// Offset of the nearer shape from the block.
    private static final long SHAPE = -16;

    /// Offset of the nearest canary before the block from the block.
    private static final long BEFORE = -8;

    /// The same of the next one, and of the furthest, if that is not where the shape is.
    private static final long FURTHER = -24;

    private static final long FURTHEST = -32;

    /// What the canaries behind the block are aligned to, and the bytes of one.
    private static final long WORD = 8;

    /// The bytes of those behind it that are whole.
    static final long TAIL = 4 * WORD;

    private static final int SIZE_BITS = 56;
    private static final long SIZE_MASK = (1L << SIZE_BITS) - 1;

    /// More than any region has.
    private static final long TOO_MUCH = 1L << 48;

    private static final long NO_ZEROS = 0x0101010101010101L;

    /// The front of a block.
    static long frontFor(long alignment) {
        return Math.max(LEAST_FRONT, alignment);
    }

    /// The bytes of a block inside that holds a block and its guards; 0 if no region has so many.
    static long around(long size, long front) {
        if (size >= TOO_MUCH || front >= TOO_MUCH) {
            return 0;
        }
        return front + Region.roundUp(size, WORD) + TAIL;
    }

    /// Writes everything around a block.
    void write(long address, long front, long size) {
        long shape = shape(front, size);
        long before = canary(address + BEFORE);
        Memory.putLong(address + FURTHEST, before);
        Memory.putLong(address - front, shape ^ mask(address - front));
        Memory.putLong(address + FURTHER, before);
        Memory.putLong(address + SHAPE, shape ^ mask(address + SHAPE));
        Memory.putLong(address + BEFORE, before);
        long behind = Region.roundUp(address + size, WORD);
        long canary = canary(behind);
        if (size % WORD != 0) {
            long lastWord = Memory.getLong(behind - WORD);
            Memory.putLong(behind - WORD, lastWord ^ (lastWord ^ canary) & notTheBlocks(size));
        }
        for (long word = behind; word < behind + TAIL; word += WORD) {
            Memory.putLong(word, canary);
        }
    }

    private static long shape(long front, long size) {
        return (long) Long.numberOfTrailingZeros(front) << SIZE_BITS | size;
    }

    /// Notes that a block has been freed. The heap inside may write over it.
    void markFreed(long address) {
        Memory.putLong(address + BEFORE, ~canary(address + BEFORE));
    }

    boolean isFreed(long address) {
        return Memory.getLong(address + BEFORE) == ~canary(address + BEFORE);
    }

    /// The size of a block, or anything if its shape has been overwritten.
    long size(long address) {
        return sizeIn(address + SHAPE);
    }

    /// How far a block is behind the start of the block inside; 0 if that cannot be.
    long front(long address) {
        return frontIn(address + SHAPE);
    }

    /// The size in the shape that stands at a place.
    long sizeIn(long place) {
        return (Memory.getLong(place) ^ mask(place)) & SIZE_MASK;
    }

    /// The front in the shape that stands at a place; 0 if that cannot be.
    long frontIn(long place) {
        long log = (Memory.getLong(place) ^ mask(place)) >>> SIZE_BITS;
        long front = log < Long.SIZE ? 1L << log : 0;
        return front >= LEAST_FRONT && front < TOO_MUCH ? front : 0;
    }

    /// Checks the canaries of a block whose shape can be right.
    ///
    /// @throws HeapCorruption if one has been overwritten
    void check(long address) {
        long size = size(address);
        long front = front(address);
        long before = canary(address + BEFORE);
        checkBefore(address, size, BEFORE, before);
        checkBefore(address, size, FURTHER, before);
        if (front != LEAST_FRONT) {
            checkBefore(address, size, FURTHEST, before);
        }
        checkBefore(address, size, -front, shape(front, size) ^ mask(address - front));
        long behind = Region.roundUp(address + size, WORD);
        long canary = canary(behind);
        if (size % WORD != 0) { // else that word is the program's alone, and may be out of reach
            long changed = (Memory.getLong(behind - WORD) ^ canary) & notTheBlocks(size);
            if (changed != 0) {
                throw overflow(address, size, behind - WORD, changed);
            }
        }
        for (long word = behind; word < behind + TAIL; word += WORD) {
            if (Memory.getLong(word) != canary) {
                throw overflow(address, size, word, Memory.getLong(word) ^ canary);
            }
        }
    }

    private static void checkBefore(long address, long size, long offset, long expected) {
        if (Memory.getLong(address + offset) != expected) {
            throw underflow(address, size, offset, expected);
        }
    }

    /// What to say of a block, of about that size, whose guard before it has been overwritten.
    HeapCorruption underflow(long address, long size) {
        return underflow(address, size, BEFORE, canary(address + BEFORE));
    }

    private static HeapCorruption underflow(long address, long size, long offset, long expected) {
        long changed = Memory.getLong(address + offset) ^ expected;
        int last = Long.SIZE - 1 - Long.numberOfLeadingZeros(changed);
        return Damage.underflow(address, size, offset + Math.floorDiv(last, Byte.SIZE));
    }

    private static HeapCorruption overflow(long address, long size, long word, long changed) {
        long first = word + Long.numberOfTrailingZeros(changed) / Byte.SIZE;
        return Damage.overflow(address, size, first - address);
    }

    /// The bits that do not belong to the block in the last word that has bytes of it, on a machine
    /// that stores the low byte of a word first.
    ///
    /// @param size not a multiple of a word
    private static long notTheBlocks(long size) {
        return -1L << size % WORD * Byte.SIZE;
    }

    private long canary(long place) {
        return mask(place) | NO_ZEROS;
    }

    private long mask(long place) {
        return SplitMix64.mix(secret ^ place);
    }
}
