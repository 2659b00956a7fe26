package io.javalloc.cli;

import io.javalloc.HeapProvider;
import io.javalloc.catalog.Catalog;
import io.javalloc.kit.ReservedMemory;
import java.io.File;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipFile;
import picocli.CommandLine.Option;

/// The option that says where a user's own heaps are.
final class HeapClassPath {

    private static final String SERVICES = "META-INF/services/" + HeapProvider.class.getName();

    /// As programs have it.
    private static final long REGION = 64L << 30;

    @Option(
            names = "--classpath",
            paramLabel = "P",
            defaultValue = "${env:JAVALLOC_CLASSPATH:-}",
            description = "Jars or folders with heaps of your own, separated by colons.")
    private String classPath = "";

    /// The class path; empty if there is none.
    ///
    /// @throws Refusal if a part of it is not there, or is neither a jar nor a folder; or if no
    /// part names a heap
    String get() {
        for (String part : parts()) {
            Path path = Path.of(part);
            if (!Files.exists(path)) {
                throw new Refusal(Status.USAGE, "--classpath: there is no '" + part + "'");
            }
            if (!Files.isDirectory(path) && !isJar(path)) {
                throw new Refusal(
                        Status.USAGE, "--classpath: '" + part + "' is neither a jar nor a folder");
            }
        }
        Refusal.require(
                classPath.isEmpty() || parts().stream().anyMatch(HeapClassPath::namesHeaps),
                "--classpath: '"
                        + classPath
                        + "' names no HeapProvider in "
                        + SERVICES
                        + ", so there is no heap in it");
        return classPath;
    }

    private static boolean namesHeaps(String part) {
        if (Files.isDirectory(Path.of(part))) {
            return Files.exists(Path.of(part, SERVICES));
        }
        try (ZipFile jar = new ZipFile(part)) {
            return jar.getEntry(SERVICES) != null;
        } catch (IOException e) {
            return false;
        }
    }

    private static boolean isJar(Path path) {
        try (ZipFile jar = new ZipFile(path.toFile())) {
            return jar.size() >= 0;
        } catch (IOException e) {
            return false;
        }
    }

    /// Makes the heaps known in this process.
    void load() {
        List<URL> urls = new ArrayList<>();
        get();
        for (String part : parts()) {
            try {
                urls.add(Path.of(part).toUri().toURL());
            } catch (MalformedURLException e) {
                throw new Refusal(Status.USAGE, "--classpath: " + e.getMessage());
            }
        }
        ClassLoader above = Main.class.getClassLoader();
        Thread.currentThread()
                .setContextClassLoader(new URLClassLoader(urls.toArray(URL[]::new), above));
    }

    /// Makes each heap once: words for mistakes come before minutes of measuring, not after them.
    ///
    /// @throws IllegalArgumentException if an expression is wrong
    void requireHeaps(List<String> expressions) {
        load();
        for (String expression : expressions) {
            try (ReservedMemory memory = new ReservedMemory(REGION)) {
                Catalog.create(expression, memory.region(), 0);
            } catch (IllegalArgumentException e) {
                throw e;
            } catch (RuntimeException | LinkageError e) {
                // Not the user's mistake, but the heap's: it shows as a contender that fails.
            }
        }
    }

    private List<String> parts() {
        return classPath.isEmpty() ? List.of() : List.of(classPath.split(File.pathSeparator, -1));
    }
}
