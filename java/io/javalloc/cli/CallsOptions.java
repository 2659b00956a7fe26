package io.javalloc.cli;

import io.javalloc.kit.bench.calls.Benchmark;
import picocli.CommandLine.Option;

/// How long is measured.
final class CallsOptions {

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "5",
            description = "How often each heap has its turn (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(
            names = "--milliseconds",
            paramLabel = "N",
            defaultValue = "150",
            description =
                    "How long each workload is measured in a round, and as long again to warm up"
                            + " (default: ${DEFAULT-VALUE}).")
    private double milliseconds;

    int rounds() {
        if (rounds < 1) {
            throw new Refusal(Status.USAGE, "--rounds: at least 1");
        }
        return rounds;
    }

    /// @throws Refusal if the build lacks something
    Benchmark benchmark(String classPath) {
        if (!(milliseconds > 0)) {
            throw new Refusal(Status.USAGE, "--milliseconds: more than 0");
        }
        try {
            return new Benchmark(NativeBuild.directory(), classPath, milliseconds);
        } catch (IllegalStateException e) {
            throw new Refusal(Status.UNAVAILABLE, e.getMessage());
        }
    }
}
