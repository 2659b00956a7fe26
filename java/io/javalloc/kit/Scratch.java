package io.javalloc.kit;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A folder for the files of one task, deleted with all that is in it: also when the task is ended
/// from outside. Then nothing can be made in it any more, whatever still goes on.
public final class Scratch implements AutoCloseable {

    private final Path folder;
    private final Thread deletion = new Thread(this::delete);

    /// Makes the folder.
    ///
    /// @param task what its name begins with
    public Scratch(String task) throws IOException {
        folder = Files.createTempDirectory(task);
        Runtime.getRuntime().addShutdownHook(deletion);
    }

    /// The folder.
    public Path folder() {
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
