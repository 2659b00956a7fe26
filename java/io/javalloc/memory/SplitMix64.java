package io.javalloc.memory;

/// Random numbers after Steele, Lea and Flood ("Fast splittable pseudorandom number generators"):
/// the same seed gives the same numbers. Good for choices and for values that nobody writes by
/// chance; not against somebody who has seen some of the numbers.
public final class SplitMix64 {

    private static final long STEP = 0x9e3779b97f4a7c15L;

    private long state;

    public SplitMix64(long seed) {
        state = seed;
    }

    /// A bijection under which neighbours have nothing in common any more.
    public static long mix(long value) {
        long z = (value ^ value >>> 30) * 0xbf58476d1ce4e5b9L;
        z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
        return z ^ z >>> 31;
    }

    public long next() {
        state += STEP;
        return mix(state);
    }

    /// A number from 0 up to a power of two, and less than it.
    public int below(int powerOfTwo) {
        return (int) next() & (powerOfTwo - 1);
    }

    /// A number from 0 up to 1, and less than it.
    public double fraction() {
        return (next() >>> 11) * 0x1p-53;
    }
}
