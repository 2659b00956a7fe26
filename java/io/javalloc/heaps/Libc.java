package io.javalloc.heaps;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// The allocation functions of the C library. All take and return words; each is called through a
/// `static final` handle, which makes no Java objects.
final class Libc {

    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG;

    private static final MethodHandle MALLOC = function("malloc", 1);
    private static final MethodHandle CALLOC = function("calloc", 2);
    private static final MethodHandle ALIGNED_ALLOC = function("aligned_alloc", 2);
    private static final MethodHandle REALLOC = function("realloc", 2);
    private static final MethodHandle USABLE_SIZE = function("malloc_usable_size", 1);

    private static final MethodHandle FREE =
            Linker.nativeLinker()
                    .downcallHandle(
                            Linker.nativeLinker().defaultLookup().findOrThrow("free"),
                            FunctionDescriptor.ofVoid(WORD));

    private Libc() {}

    private static MethodHandle function(String name, int words) {
        FunctionDescriptor descriptor =
                words == 1
                        ? FunctionDescriptor.of(WORD, WORD)
                        : FunctionDescriptor.of(WORD, WORD, WORD);
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor);
    }

    /// Calls everything so often that what the virtual machine makes classes for, at the first call
    /// of a handle and at the 128th, is made now and not in the midst of a program.
    static void prepare() {
        for (int i = 0; i <= 128; i++) {
            long block = realloc(malloc(1), 2);
            usableSize(block);
            free(block);
            free(calloc(1));
            free(alignedAlloc(64, 64));
        }
    }

    static long malloc(long size) {
        try {
            return (long) MALLOC.invokeExact(size);
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    /// Zeroed memory.
    static long calloc(long size) {
        try {
            return (long) CALLOC.invokeExact(1L, size);
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    static long alignedAlloc(long alignment, long size) {
        try {
            return (long) ALIGNED_ALLOC.invokeExact(alignment, size);
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    static long realloc(long address, long size) {
        try {
            return (long) REALLOC.invokeExact(address, size);
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    static long usableSize(long address) {
        try {
            return (long) USABLE_SIZE.invokeExact(address);
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    static void free(long address) {
        try {
            FREE.invokeExact(address);
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    /// A downcall throws nothing of its own.
    private static AssertionError broken(Throwable thrown) {
        return new AssertionError("a call of the C library failed", thrown);
    }
}
