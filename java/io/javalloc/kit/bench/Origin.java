package io.javalloc.kit.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// Where a file comes from: its package and version where the system is Debian's, else its name.
final class Origin {

    private static final int PATIENCE_SECONDS = 10;
    private static final String MERGED = "/usr";

    private Origin() {}

    /// What is known of a file, in a few words.
    static String of(Path file) {
        Path real = real(file);
        return owner(real).flatMap(Origin::version).orElse(real.getFileName().toString());
    }

    /// What is known of the C library.
    static String ofCLibrary() {
        return firstLine("getconf", "GNU_LIBC_VERSION").orElse("of an unknown version");
    }

    private static Path real(Path file) {
        try {
            return file.toRealPath();
        } catch (IOException e) {
            return file;
        }
    }

    /// Debian knows some files by the names that they had before `/lib` became `/usr/lib`.
    private static Optional<String> owner(Path file) {
        String name = file.toString();
        String older = name.startsWith(MERGED) ? name.substring(MERGED.length()) : name;
        return firstLine("dpkg-query", "--search", name)
                .or(() -> firstLine("dpkg-query", "--search", older))
                .map(line -> line.substring(0, Math.max(0, line.lastIndexOf(": "))));
    }

    private static Optional<String> version(String owner) {
        return firstLine("dpkg-query", "--show", "--showformat=${Package} ${Version}\\n", owner);
    }

    /// What a command says; empty if it cannot be run, or fails.
    static Optional<String> firstLine(String... command) {
        try {
            ProcessBuilder builder =
                    new ProcessBuilder(List.of(command))
                            .redirectError(ProcessBuilder.Redirect.DISCARD);
            Contender.clear(builder.environment());
            Process process = builder.start();
            process.getOutputStream().close();
            String said =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            boolean isWell =
                    process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) && process.exitValue() == 0;
            return isWell ? said.lines().findFirst() : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }
}
