package io.javalloc.heaps;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// The allocation functions of the C library. All take and return words; each is called through a
/// `static final` handle, which makes no Java objects.
///
/// They are those that the process itself would call: where another library stands before libc, as
/// javalloc's own does in a C program, it comes first, and may guard libc against signal handlers.
final class Libc {

    private static final Linker LINKER = Linker.nativeLinker();
    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG;

    private static final FunctionDescriptor ONE_WORD = FunctionDescriptor.of(WORD, WORD);
    private static final FunctionDescriptor TWO_WORDS = FunctionDescriptor.of(WORD, WORD, WORD);

    private static final MethodHandle MALLOC = function("malloc", ONE_WORD);
    private static final MethodHandle CALLOC = function("calloc", TWO_WORDS);
    private static final MethodHandle ALIGNED_ALLOC = function("aligned_alloc", TWO_WORDS);
    private static final MethodHandle REALLOC = function("realloc", TWO_WORDS);
    private static final MethodHandle USABLE_SIZE = function("malloc_usable_size", ONE_WORD);
    private static final MethodHandle FREE = function("free", FunctionDescriptor.ofVoid(WORD));

    private Libc() {}

    private static MethodHandle function(String name, FunctionDescriptor descriptor) {
        return LINKER.downcallHandle(MemorySegment.ofAddress(find(name)), descriptor);
    }

    /// Where the process finds a function: the linker's own lookup goes to libc alone.
    private static long find(String name) {
        long firstOfAll = 0; // RTLD_DEFAULT
        try (Arena arena = Arena.ofConfined()) {
            MethodHandle dlsym =
                    LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow("dlsym"), TWO_WORDS);
            return (long) dlsym.invokeExact(firstOfAll, arena.allocateFrom(name).address());
        } catch (Throwable e) {
            throw broken(e);
        }
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
