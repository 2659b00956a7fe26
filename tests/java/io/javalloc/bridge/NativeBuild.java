package io.javalloc.bridge;

import java.nio.file.Files;
import java.nio.file.Path;

/// Where the build has put the native side; Maven says so in the system property `javalloc.native`.
final class NativeBuild {

    private NativeBuild() {}

    static Path library() {
        return existing(directory().resolve("lib/libjavalloc.so"));
    }

    /// A conformance program, compiled as a library that allocates through the `javalloc_`
    /// functions.
    static Path hosted(String program) {
        return existing(directory().resolve("tests/native/libhosted-" + program + ".so"));
    }

    private static Path directory() {
        return Path.of(System.getProperty("javalloc.native", "target/native")).toAbsolutePath();
    }

    private static Path existing(Path file) {
        if (!Files.exists(file)) {
            throw new IllegalStateException(
                    file + " is missing; mvn process-test-classes builds it");
        }
        return file;
    }
}
