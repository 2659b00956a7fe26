package io.javalloc.slab;

import io.javalloc.Heap;
import io.javalloc.memory.Region;

/// The sizes of small blocks: steps of 16 bytes to 128, then four in each doubling.
///
/// ```
///  class    1   2   3   4   5   6   7   8    9  10  11  12   13  14  15  16      37 ...  40
///  bytes   16  32  48  64  80  96 112 128  160 192 224 256  320 384 448 512 ... 20k ... 32k
/// ```
///
/// A request gets at most a quarter more than it asked for, above 64 bytes. Class 0 is none: the
/// request is for a run of pages.
final class SizeClasses {

    /// How many there are, with class 0.
    static final int COUNT = 41;

    /// The largest small block, in bytes.
    static final long LARGEST = 1 << 15;

    private static final int LOG_STEP = 4;

    /// The class from which on there are four in each doubling.
    private static final int FIRST_QUARTER = 9;

    /// log2 of the size up to which there are steps.
    private static final int LOG_STEPS_END = 7;

    private SizeClasses() {}

    /// The smallest class whose blocks have so many bytes.
    ///
    /// @param size at least 1
    /// @return 0 if there is none
    static int of(long size) {
        if (size <= 1 << LOG_STEPS_END) {
            return (int) (size + (1 << LOG_STEP) - 1 >>> LOG_STEP);
        }
        if (size > LARGEST) {
            return 0;
        }
        int last = (int) size - 1;
        int log = Integer.SIZE - 1 - Integer.numberOfLeadingZeros(last);
        int quarter = last >>> log - 2 & 3;
        return FIRST_QUARTER + 4 * (log - LOG_STEPS_END) + quarter;
    }

    /// The smallest class whose blocks have so many bytes, and all begin at a multiple of an
    /// alignment: so does the span, hence the alignment has to divide the size of the blocks.
    ///
    /// @param size      at least 1
    /// @param alignment power of two
    /// @return 0 if there is none
    static int of(long size, long alignment) {
        if (alignment <= Heap.MIN_ALIGNMENT) {
            return of(size);
        }
        if (size > LARGEST || alignment > LARGEST) {
            return 0;
        }
        int sizeClass = of(Region.roundUp(size, alignment));
        while ((bytes(sizeClass) & alignment - 1) != 0) {
            sizeClass++; // ends at a power of two
        }
        return sizeClass;
    }

    /// The bytes of a block.
    ///
    /// @param sizeClass 1 to 40; 0 gives 0
    static long bytes(int sizeClass) {
        if (sizeClass < FIRST_QUARTER) {
            return (long) sizeClass << LOG_STEP;
        }
        int quarters = sizeClass - FIRST_QUARTER;
        return (5L + (quarters & 3)) << LOG_STEPS_END - 2 + (quarters >> 2);
    }
}
