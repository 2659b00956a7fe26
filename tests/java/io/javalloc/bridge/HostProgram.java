package io.javalloc.bridge;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/// A Java program in host mode, as a user would write it: binds the `javalloc_` functions to a
/// heap, loads a C library that allocates through them, and calls it.
final class HostProgram {

    private HostProgram() {}

    /// @param arguments `libjavalloc.so`, a heap expression, and the C library, whose
    ///                  `javalloc_conformance_main` decides the exit status
    public static void main(String[] arguments) throws Throwable {
        Host.open(Path.of(arguments[0]), arguments[1]);
        try (Arena arena = Arena.ofConfined()) {
            SymbolLookup library = SymbolLookup.libraryLookup(Path.of(arguments[2]), arena);
            MethodHandle main =
                    Linker.nativeLinker()
                            .downcallHandle(
                                    library.findOrThrow("javalloc_conformance_main"),
                                    FunctionDescriptor.of(
                                            ValueLayout.JAVA_INT,
                                            ValueLayout.JAVA_INT,
                                            ValueLayout.ADDRESS));
            MemorySegment names = arena.allocate(ValueLayout.ADDRESS, 2);
            names.setAtIndex(ValueLayout.ADDRESS, 0, arena.allocateFrom(arguments[2]));
            int status = (int) main.invokeExact(1, names);
            System.exit(status);
        }
    }
}
