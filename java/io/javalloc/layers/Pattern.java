package io.javalloc.layers;

import io.javalloc.memory.Memory;

/// Memory that is filled with one byte, so that a write to it can be seen later.
final class Pattern {

    private Pattern() {}

    /// How many bytes from the address on still have the value; all of `bytes` if nobody wrote.
    static long intact(long address, long bytes, byte value) {
        long word = Byte.toUnsignedLong(value) * 0x0101010101010101L;
        long at = intactBytes(address, 0, Math.min(bytes, -address & Long.BYTES - 1), value);
        if ((address + at & Long.BYTES - 1) != 0) {
            return at;
        }
        while (at + Long.BYTES <= bytes && Memory.getLong(address + at) == word) {
            at += Long.BYTES;
        }
        return intactBytes(address, at, bytes, value);
    }

    private static long intactBytes(long address, long from, long to, byte value) {
        long at = from;
        while (at < to && Memory.getByte(address + at) == value) {
            at++;
        }
        return at;
    }
}
