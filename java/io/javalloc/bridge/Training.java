package io.javalloc.bridge;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// What the build runs to train the AOT cache: starts as every program's virtual machine starts,
/// and calls the operations often enough that the cache also knows how they are used.
///
/// It also loads what a program may need later ([ClassFiles] says why), but for jextract's classes,
/// which only the host mode needs: all classes of the cache are loaded when a program starts.
final class Training {

    private static final int CALLS = 50_000;
    private static final int SOME_CLASS = 4;
    private static final int BATCH = 32;

    /// Of the JDK, that operations need when they have been called often, or by many threads.
    private static final List<String> LATE =
            List.of(
                    "java.lang.invoke.MethodHandle$1",
                    "java.lang.Thread$ThreadNumbering",
                    "java.util.concurrent.ThreadLocalRandom",
                    "java.util.concurrent.ConcurrentHashMap$CounterCell",
                    "jdk.internal.util.Architecture");

    private Training() {}

    /// @param arguments the path of `libjavalloc.so`
    public static void main(String[] arguments) throws IOException {
        Host.open(Path.of(arguments[0]), "");
        List<String> names = ClassFiles.names(new File(System.getProperty("java.class.path")));
        names.removeIf(name -> name.contains(".abi."));
        names.addAll(LATE);
        if (ClassFiles.load(names) < names.size()) {
            throw new IllegalStateException("a class of the jar, or of the JDK, cannot be loaded");
        }
        LambdaForms.use();
        long[] live = new long[64];
        long slots = Operations.allocate((long) BATCH * Long.BYTES, Long.BYTES, 0);
        for (int i = 0; i < CALLS; i++) {
            int slot = i % live.length;
            if (live[slot] != 0) {
                Operations.release(live[slot], 0, 0);
            }
            live[slot] = Operations.allocate(1 + i * 37 % 2000, 16, i % 8 == 0 ? 1 : 0);
            if (i % 8 == 1) {
                live[slot] = Operations.resize(live[slot], 1 + i * 91 % 5000, 0);
            }
            if (i % 8 == 2) {
                Operations.flush(SOME_CLASS, slots, Operations.fill(SOME_CLASS, slots, BATCH));
            }
        }
    }
}
