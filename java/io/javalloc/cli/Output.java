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
            throw cannotWrite(Status.IO, file, e);
        }
    }

    /// Looks whether a file can be written, before the work is done that would be in vain.
    static void prepare(Path file) {
        Refusal.require(!file.toString().isEmpty(), "cannot write: the file's name is empty");
        try {
            if (!Files.exists(file)) {
                Files.createFile(file);
                Files.delete(file);
            } else if (!Files.isWritable(file) || Files.isDirectory(file)) {
                throw new IOException("it is not a file that may be written");
            }
        } catch (IOException e) {
            throw cannotWrite(Status.USAGE, file, e);
        }
    }

    private static Refusal cannotWrite(int status, Path file, IOException why) {
        return new Refusal(status, "cannot write " + file + ": " + reason(why));
    }

    /// Why reading or writing failed, in words for the user.
    static String reason(IOException why) {
        if (why instanceof NoSuchFileException) {
            return "there is no such folder";
        }
        return why instanceof AccessDeniedException ? "permission denied" : why.getMessage();
    }
}
