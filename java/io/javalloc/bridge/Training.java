package io.javalloc.bridge;

import java.nio.file.Path;

/// What the build runs to train the AOT cache: starts as every program's virtual machine starts,
/// and calls the operations often enough that the cache also knows how they are used. It loads
/// nothing that a program's start does not need: all classes of the cache are loaded at once.
final class Training {

    private static final int CALLS = 50_000;

    private Training() {}

    /// @param arguments the path of `libjavalloc.so`
    public static void main(String[] arguments) {
        Host.open(Path.of(arguments[0]), "");
        long[] live = new long[64];
        for (int i = 0; i < CALLS; i++) {
            int slot = i % live.length;
            if (live[slot] != 0) {
                Operations.release(live[slot], 0, 0);
            }
            live[slot] = Operations.allocate(1 + i * 37 % 2000, 16, i % 8 == 0 ? 1 : 0);
            if (i % 8 == 1) {
                live[slot] = Operations.resize(live[slot], 1 + i * 91 % 5000, 0);
            }
        }
    }
}
