package io.javalloc.bridge;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/// What the build runs to train the AOT cache: starts as every program's virtual machine starts,
/// and calls the operations often enough that the cache also knows how they are used.
final class Training {

    private static final int CALLS = 30_000;

    private Training() {}

    /// @param arguments the path of `libjavalloc.so`
    public static void main(String[] arguments) throws Throwable {
        Host.open(Path.of(arguments[0]), "");
        SymbolLookup symbols = SymbolLookup.loaderLookup();
        MethodHandle malloc = function(symbols, "javalloc_malloc");
        MethodHandle realloc = function(symbols, "javalloc_reallocarray");
        MethodHandle free = function(symbols, "javalloc_free");
        long[] live = new long[64];
        for (int i = 0; i < CALLS; i++) {
            int slot = i % live.length;
            long freed = (long) free.invokeExact(live[slot], 0L, 0L);
            live[slot] = (long) malloc.invokeExact((i * 37L) % 2000 + freed * 0, 0L, 0L);
            if (i % 8 == 0) {
                live[slot] = (long) realloc.invokeExact(live[slot], (i * 91L) % 5000 + 1, 1L);
            }
        }
    }

    private static MethodHandle function(SymbolLookup symbols, String name) {
        FunctionDescriptor signature =
                FunctionDescriptor.of(
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG);
        return Linker.nativeLinker().downcallHandle(symbols.findOrThrow(name), signature);
    }
}
