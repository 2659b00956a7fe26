package io.javalloc.kit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The machine that figures come from.
public final class Machine {

    private static final Path PROCESSORS = Path.of("/proc/cpuinfo");

    private Machine() {}

    /// Processor, system and Java, in a line.
    public static String describe() throws IOException {
        String model =
                Files.readAllLines(PROCESSORS).stream()
                        .filter(line -> line.startsWith("model name"))
                        .map(line -> line.substring(line.indexOf(':') + 1).strip())
                        .findFirst()
                        .orElse("an unknown processor");
        return Runtime.getRuntime().availableProcessors()
                + " x "
                + model
                + ", Linux "
                + System.getProperty("os.version")
                + ", Java "
                + System.getProperty("java.runtime.version");
    }
}
