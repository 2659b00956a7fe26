package io.javalloc.kit.bench;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A folder for the files of one benchmark, deleted with all that is in it: also when the benchmark
/// is ended from outside. Then nothing can be made in it any more, whatever still goes on.
public final class Scratch implements AutoCloseable {

    private final Path folder;
    private final Thread deletion = new Thread(this::delete);

    /// Makes the folder.
    public Scratch() throws IOException {
        folder = Files.createTempDirectory("javalloc-bench");
        Runtime.getRuntime().addShutdownHook(deletion);
    }

    /// The folder.
    Path folder() {
        return folder;
    }

    /// A file in it.
    public Path file(String name) {
        return folder.resolve(name);
    }

    @Override
    public void close() {
        Runtime.getRuntime().removeShutdownHook(deletion);
        delete();
    }

    /// What a program still writes meanwhile is left to the system.
    private void delete() {
        File[] files = folder.toFile().listFiles();
        for (File file : files == null ? new File[0] : files) {
            file.delete();
        }
        folder.toFile().delete();
    }
}
