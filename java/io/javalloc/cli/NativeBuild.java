package io.javalloc.cli;

import java.nio.file.Path;

/// Where the build has put what is not Java; the launcher says so.
final class NativeBuild {

    private NativeBuild() {}

    /// The folder.
    static Path directory() {
        return Path.of(System.getProperty("javalloc.native", "target/native"));
    }
}
