package io.javalloc.bridge;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;

/// What the build runs to train the AOT cache: starts as every program's virtual machine starts,
/// and calls the operations often enough that the cache also knows how they are used.
///
/// It also loads what a program may need later: a class that is not in the cache is read from a
/// file, through a descriptor that the program may have closed by then, and used for a file of its
/// own. But for jextract's classes, which only the host mode needs: all classes of the cache are
/// loaded when a program starts.
final class Training {

    private static final int CALLS = 50_000;

    /// Of the JDK, that operations need when they have been called often.
    private static final List<String> LATE =
            List.of("java.lang.invoke.MethodHandle$1", "java.lang.Thread$ThreadNumbering");

    private Training() {}

    private static void loadOwnClasses() throws IOException, ClassNotFoundException {
        try (JarFile jar = new JarFile(System.getProperty("java.class.path"))) {
            for (JarEntry entry : Collections.list(jar.entries())) {
                String file = entry.getName();
                if (file.endsWith(".class") && !file.contains("/abi/")) {
                    load(file.replace(".class", "").replace('/', '.'));
                }
            }
        }
    }

    private static void load(String name) throws ClassNotFoundException {
        Class.forName(name, false, Training.class.getClassLoader());
    }

    /// @param arguments the path of `libjavalloc.so`
    public static void main(String[] arguments) throws IOException, ClassNotFoundException {
        Host.open(Path.of(arguments[0]), "");
        loadOwnClasses();
        for (String name : LATE) {
            load(name);
        }
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
