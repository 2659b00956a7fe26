package io.javalloc.kit;

import io.javalloc.memory.Memory;

/// What is written into a block, so that it is seen when it changes: words that come from a number.
/// All of a block, but of a large one only its two ends and a word here and there between them, so
/// that one of some gigabytes takes no longer, and no more memory, than one of a megabyte.
final class Contents {

    /// Blocks of so many bytes are written to the last.
    private static final long WHOLE = 1 << 20;

    /// Of larger ones, so many bytes at each end.
    private static final long END = 1 << 12;

    /// Between the ends, one word in each stretch of so many bytes, and of more if there would be
    /// too many stretches.
    private static final long STRETCH = 1 << 16;

    private static final long MOST_STRETCHES = 1 << 10;

    private Contents() {}

    /// Writes a block.
    static void write(long block, long bytes, long seed) {
        long words = bytes / Long.BYTES;
        for (long word = 0; word < words; word = after(word, bytes)) {
            Memory.putLong(block + word * Long.BYTES, mix(seed + word));
        }
        for (long at = words * Long.BYTES; at < bytes; at++) {
            Memory.putByte(block + at, byteOf(seed, at));
        }
    }

    /// Where the block is not as it was written.
    ///
    /// @param bytes that were written
    /// @param kept  bytes that are looked at: no more than were written
    /// @return the first such byte; -1 if there is none
    static long firstChange(long block, long bytes, long kept, long seed) {
        long words = kept / Long.BYTES;
        for (long word = 0; word < words; word = after(word, bytes)) {
            if (Memory.getLong(block + word * Long.BYTES) != mix(seed + word)) {
                return word * Long.BYTES;
            }
        }
        if (bytes > WHOLE && kept < bytes) {
            return -1; // the bytes behind the last whole word were not written, perhaps
        }
        for (long at = words * Long.BYTES; at < kept; at++) {
            if (Memory.getByte(block + at) != byteOf(seed, at)) {
                return at;
            }
        }
        return -1;
    }

    /// The first byte of the block that is not 0; -1 if there is none. Looks at all.
    static long firstNonZero(long block, long bytes) {
        long at = 0;
        while (at + Long.BYTES <= bytes && Memory.getLong(block + at) == 0) {
            at += Long.BYTES;
        }
        while (at < bytes && Memory.getByte(block + at) == 0) {
            at++;
        }
        return at < bytes ? at : -1;
    }

    /// The word that is written after this one, both counted from the start of the block.
    private static long after(long word, long bytes) {
        long next = word + 1;
        long end = (bytes - END) / Long.BYTES;
        if (bytes <= WHOLE || next < END / Long.BYTES || next > end) {
            return next;
        }
        long stretch = Math.max(STRETCH, bytes / MOST_STRETCHES) / Long.BYTES;
        long number = word / stretch + 1;
        return Math.min(end, number * stretch + Math.floorMod(mix(number), stretch));
    }

    /// Byte number `at` of the contents, on a machine that stores the low byte of a word first.
    private static byte byteOf(long seed, long at) {
        return (byte) (mix(seed + at / Long.BYTES) >>> Byte.SIZE * (at % Long.BYTES));
    }

    /// Never 0, so that a word which the heap has cleared is seen.
    private static long mix(long seed) {
        return (seed * 0x9e3779b97f4a7c15L ^ seed >>> 7) | 1;
    }
}
