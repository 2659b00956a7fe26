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

    /// Bytes that [#fill] stores itself.
    private static final long LONGEST_BEGINNING = 64;

    /// Bytes that [#fill] copies at once, always the same, which then are in the fastest cache.
    private static final long LONGEST_COPY = 1 << 12;

    private static final long EVERY_BYTE = 0x0101_0101_0101_0101L;

    private Memory() {}

    /// The 8-byte word at `address`.
    public static long getLong(long address) {
        return ALL.get(ValueLayout.JAVA_LONG, address);
    }

    /// Stores the 8-byte word at `address`.
    public static void putLong(long address, long value) {
        ALL.set(ValueLayout.JAVA_LONG, address, value);
    }

    /// Reads 8-byte words from `address` on into the beginning of an array. One call for all: until
    /// code is compiled, a load through a segment takes as long as a hundred from an array.
    ///
    /// @param words [MemorySegment#ofArray] of them: for an array the JDK makes a class first
    public static void getLongs(long address, MemorySegment words, int count) {
        MemorySegment.copy(ALL, address, words, 0, (long) count * Long.BYTES);
    }

    /// Stores the 8-byte words at the beginning of an array at `address` and behind, as
    /// [#getLongs] reads them.
    public static void putLongs(long address, MemorySegment words, int count) {
        MemorySegment.copy(words, 0, ALL, address, (long) count * Long.BYTES);
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
    ///
    /// A beginning is stored, and copied on: a slice, which could be filled at once, is an object
    /// until the code is compiled at the highest level, and a forked child has no compiler.
    public static void fill(long address, long bytes, byte value) {
        long beginning = Math.min(bytes, LONGEST_BEGINNING);
        long done = 0;
        if (address % Long.BYTES == 0) {
            for (; done + Long.BYTES <= beginning; done += Long.BYTES) {
                putLong(address + done, (value & 0xffL) * EVERY_BYTE);
            }
        }
        for (; done < beginning; done++) {
            putByte(address + done, value);
        }
        while (done < bytes) {
            long more = Math.min(Math.min(done, bytes - done), LONGEST_COPY);
            copy(address, address + done, more);
            done += more;
        }
    }

    /// Makes what lies before `dirtyEnd` of `bytes` bytes from `address` on zero; from there on
    /// they are zero already.
    ///
    /// @param address of a block; 0 for none, of which nothing is cleared
    /// @return the address
    public static long cleared(long address, long bytes, long dirtyEnd) {
        if (address != 0 && address < dirtyEnd) {
            fill(address, Math.min(bytes, dirtyEnd - address), (byte) 0);
        }
        return address;
    }

    /// Copies `bytes` bytes from `source` to `target`; the two may overlap.
    public static void copy(long source, long target, long bytes) {
        MemorySegment.copy(ALL, source, ALL, target, bytes);
    }
}
