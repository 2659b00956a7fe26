package io.javalloc.bridge;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// Host mode: a Java program that loads a C library and lets it allocate through the `javalloc_`
/// functions of `libjavalloc.so`, which this class binds to a heap in the running virtual machine.
/// The process keeps libc's `malloc`.
///
/// There is one heap in a process, chosen once. There is nothing of what a program's start and end
/// bring otherwise: no checks or reports at the end, no watch for calls that hang, and no memory
/// goes back to the system by itself.
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
        byte[] text = heap.getBytes(StandardCharsets.UTF_8);
        if (text.length >= Table.HEAP_MAX) {
            throw new IllegalArgumentException(
                    "a heap expression has at most " + (Table.HEAP_MAX - 1) + " bytes");
        }
        long bridge = prepare(text);
        if (bridge == 0) {
            throw new IllegalStateException(
                    "a heap is bound already, or javalloc is preloaded into this JVM, or no address"
                            + " range could be reserved");
        }
        int answer = Entry.start(bridge);
        if (answer == Table.BAD_HEAP) {
            throw new IllegalArgumentException(Text.left());
        }
        if (answer != Table.STARTED) {
            boolean isOther = answer == Table.BAD_ABI;
            throw new IllegalStateException(
                    isOther ? "the library is of another build" : Text.left());
        }
        if (!Stubs.makeAll(bridge)) {
            throw new IllegalStateException("Java has too little memory left for upcall stubs");
        }
        ready();
    }

    /// Makes the bridge ready for this heap expression.
    ///
    /// @return its address, or 0
    private static native long prepare(byte[] heap);

    /// Opens the bridge to callers.
    private static native void ready();
}
