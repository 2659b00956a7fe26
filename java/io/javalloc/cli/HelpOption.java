package io.javalloc.cli;

import picocli.CommandLine.Option;

/// The option that every command has.
final class HelpOption {

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this text.")
    private boolean isAsked;
}
