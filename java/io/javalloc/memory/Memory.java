package io.javalloc.memory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Raw loads and stores at absolute addresses, through one segment over the whole address space.
///
/// There is no bounds check, so a wrong address ends the process: callers check that an address
/// lies in their [Region] before they come here. Words must be naturally aligned; one that is not
/// is an [IllegalArgumentException], which catches an interior pointer that was taken for a header.
///
/// One `static final` segment, and no slices, means that compiled code is a plain `mov` and that
/// nothing is allocated on the Java heap.
public final class Memory {

    private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private Memory() {}

    /// The 8-byte word at `address`.
    public static long getLong(long address) {
        return ALL.get(ValueLayout.JAVA_LONG, address);
    }

    /// Stores the 8-byte word at `address`.
    public static void putLong(long address, long value) {
        ALL.set(ValueLayout.JAVA_LONG, address, value);
    }

    /// The 4-byte word at `address`.
    public static int getInt(long address) {
        return ALL.get(ValueLayout.JAVA_INT, address);
    }

    /// Stores the 4-byte word at `address`.
    public static void putInt(long address, int value) {
        ALL.set(ValueLayout.JAVA_INT, address, value);
    }

    /// The byte at `address`.
    public static byte getByte(long address) {
        return ALL.get(ValueLayout.JAVA_BYTE, address);
    }

    /// Stores the byte at `address`.
    public static void putByte(long address, byte value) {
        ALL.set(ValueLayout.JAVA_BYTE, address, value);
    }

    /// Sets `bytes` bytes from `address` on to `value`.
    public static void fill(long address, long bytes, byte value) {
        ALL.asSlice(address, bytes).fill(value);
    }

    /// Makes what lies before `dirtyEnd` of `bytes` bytes from `address` on zero; from there on
    /// they are zero already.
    public static void clear(long address, long bytes, long dirtyEnd) {
        if (address < dirtyEnd) {
            fill(address, Math.min(bytes, dirtyEnd - address), (byte) 0);
        }
    }

    /// Copies `bytes` bytes from `source` to `target`; the two may overlap.
    public static void copy(long source, long target, long bytes) {
        MemorySegment.copy(ALL, source, ALL, target, bytes);
    }
}
