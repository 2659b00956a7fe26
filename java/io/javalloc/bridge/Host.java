package io.javalloc.bridge;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/// Host mode: a Java program that loads a C library and lets it allocate through the `javalloc_`
/// functions of `libjavalloc.so`, which this class binds to a heap in the running virtual machine.
/// The process keeps libc's `malloc`.
///
/// There is one heap in a process, chosen once.
public final class Host {

    private Host() {}

    /// Binds the `javalloc_` functions to a heap. Load the C library afterwards, or before: until
    /// this returns, libc serves them.
    ///
    /// @param library where `libjavalloc.so` lies
    /// @param heap    a heap expression such as `knr(max=64m)`; empty: the default heap
    /// @throws IllegalArgumentException if the expression is wrong, or is too long for the bridge
    /// @throws IllegalStateException    if a heap is bound already, the library and this jar do not
    ///     fit each other, the region cannot be reserved, or the heap fails to start
    public static void open(Path library, String heap) {
        System.load(library.toAbsolutePath().toString());
        SymbolLookup symbols = SymbolLookup.loaderLookup();
        long bridge = prepare(symbols, heap);
        int answer = Entry.start(bridge);
        if (answer != Table.STARTED) {
            String message =
                    answer == Table.BAD_ABI ? "the library is of another build" : Text.left();
            throw answer == Table.BAD_HEAP
                    ? new IllegalArgumentException(message)
                    : new IllegalStateException(message);
        }
        call(symbols, "javalloc_host_ready", FunctionDescriptor.ofVoid(), MemorySegment.NULL);
    }

    private static long prepare(SymbolLookup symbols, String heap) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocateFrom(heap);
            if (text.byteSize() > Table.HEAP_MAX) {
                throw new IllegalArgumentException(
                        "a heap expression has at most " + (Table.HEAP_MAX - 1) + " bytes");
            }
            MemorySegment bridge =
                    call(
                            symbols,
                            "javalloc_host_prepare",
                            FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.ADDRESS),
                            text);
            if (bridge.equals(MemorySegment.NULL)) {
                throw new IllegalStateException(
                        "a heap is bound already, or no address range could be reserved");
            }
            return bridge.address();
        }
    }

    private static MemorySegment call(
            SymbolLookup symbols,
            String name,
            FunctionDescriptor signature,
            MemorySegment argument) {
        var handle = Linker.nativeLinker().downcallHandle(symbols.findOrThrow(name), signature);
        try {
            if (signature.returnLayout().isEmpty()) {
                handle.invokeExact();
                return MemorySegment.NULL;
            }
            return (MemorySegment) handle.invokeExact(argument);
        } catch (Throwable e) {
            throw new IllegalStateException(name + " failed", e);
        }
    }
}
