package io.javalloc.cli;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// Files that the user wants written.
final class Output {

    private Output() {}

    /// Writes a file.
    ///
    /// @throws Refusal if that is not possible
    static void write(Path file, String text) {
        try {
            Files.writeString(file, text);
        } catch (IOException e) {
            throw cannotWrite(file, e);
        }
    }

    /// Looks whether a file can be written, before the work is done that would be in vain.
    static void prepare(Path file) {
        try {
            if (!Files.exists(file)) {
                Files.createFile(file);
                Files.delete(file);
            } else if (!Files.isWritable(file) || Files.isDirectory(file)) {
                throw new IOException("it is not a file that may be written");
            }
        } catch (IOException e) {
            throw cannotWrite(file, e);
        }
    }

    private static Refusal cannotWrite(Path file, IOException why) {
        String reason = why.getMessage();
        if (why instanceof NoSuchFileException) {
            reason = "there is no such folder";
        } else if (why instanceof AccessDeniedException) {
            reason = "permission denied";
        }
        return new Refusal(Status.USAGE, "cannot write " + file + ": " + reason);
    }
}
