package io.javalloc.bridge;

import io.javalloc.memory.Region;

/// The system's side of the region, through the shim, which knows the process's limits.
///
/// JNI methods and not Panama downcalls: the first downcall handle would cost 15 ms of every
/// program's start, and these calls are too rare for the difference of 30 ns each.
final class SystemPages implements Region.Pages {

    @Override
    public boolean commit(long address, long bytes) {
        return commitPages(address, bytes);
    }

    @Override
    public boolean protect(long address, long bytes, boolean accessible) {
        return protectPages(address, bytes, accessible);
    }

    @Override
    public boolean discard(long address, long bytes) {
        return discardPages(address, bytes);
    }

    @Override
    public boolean discard(long[] zeros) {
        return discardZeros(zeros);
    }

    // Implemented by native/src/jni.c; bound by the shim when it starts Java, by System.load in
    // host mode.

    private static native boolean commitPages(long address, long bytes);

    private static native boolean protectPages(long address, long bytes, boolean accessible);

    private static native boolean discardPages(long address, long bytes);

    private static native boolean discardZeros(long[] zeros);
}
