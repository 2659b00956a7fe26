package io.javalloc.kit.bench;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/// An allocator that serves programs.
///
/// @param name      the heap's expression, or the allocator's name
/// @param isHeap    whether it is one of javalloc's, and not a native allocator
/// @param library   what is preloaded; null for glibc, which is there anyway
/// @param variables what else programs must have in their environment
public record Contender(String name, boolean isHeap, Path library, Map<String, String> variables) {

    /// The name of the contender that all others are compared with.
    public static final String GLIBC = "glibc";

    private static final String PRELOAD = "LD_PRELOAD";

    /// The allocator of the C library: nothing is preloaded.
    public static Contender glibc() {
        return new Contender(GLIBC, false, null, Map.of());
    }

    /// A heap of this build.
    ///
    /// @param library   `libjavalloc.so`
    /// @param classPath where heaps of the user's own are; empty if there are none
    public static Contender heap(String expression, Path library, String classPath) {
        Map<String, String> variables = new LinkedHashMap<>();
        variables.put("JAVALLOC_HEAP", expression);
        variables.put("JAVALLOC_STRICT", "1");
        variables.put("JAVALLOC_CLASSPATH", classPath);
        return new Contender(expression, true, library, variables);
    }

    /// A native allocator.
    public static Contender preloaded(String name, Path library) {
        return new Contender(name, false, library, Map.of());
    }

    /// Where it comes from, with its version; asks the system.
    public String origin() {
        if (isHeap) {
            return "a heap of this build";
        }
        return library == null ? Origin.ofCLibrary() : Origin.of(library);
    }

    /// What must be in a program's environment.
    public Map<String, String> environment() {
        return environment(PRELOAD);
    }

    /// The same, for a script that hands the library on to the program that is measured.
    ///
    /// @param preload the variable that names the library
    Map<String, String> environment(String preload) {
        Map<String, String> environment = new LinkedHashMap<>(variables);
        if (library != null) {
            environment.put(preload, library.toString());
        }
        return environment;
    }

    /// Takes out of an environment what would choose an allocator. What chooses a JDK stays.
    public static void clear(Map<String, String> environment) {
        environment.keySet().removeIf(Contender::isChoice);
    }

    private static boolean isChoice(String name) {
        boolean choosesJdk = name.equals("JAVALLOC_JAVA_HOME");
        return name.equals(PRELOAD) || (name.startsWith("JAVALLOC") && !choosesJdk);
    }
}
