package io.javalloc.cli;

import io.javalloc.kit.survey.Survey;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// Makes the page that compares all heaps.
@Command(
        name = "survey",
        description = {
            "Writes heaps.md, a page that compares all heaps: what they cost in time and space, what"
                    + " they notice, and a map of each; with the raw figures beside it.",
            "",
            "Takes about 5 seconds for each heap and round; do it on a machine that does nothing else."
        })
final class SurveyCommand implements Callable<Integer> {

    @Spec private CommandSpec spec;
    @Mixin private CallsOptions options;

    @Option(
            names = "--output",
            paramLabel = "FOLDER",
            defaultValue = "docs",
            description = "Where to (default: ${DEFAULT-VALUE}).")
    private Path output;

    @Override
    public Integer call() throws InterruptedException {
        Progress progress = new Progress(spec.commandLine().getErr());
        Survey survey = new Survey(options.benchmark(""), options.rounds(), "javalloc survey");
        try {
            survey.write(output, progress::say);
        } catch (IOException e) {
            throw new Refusal(Status.IO, "cannot write to " + output + ": " + Output.reason(e));
        }
        progress.clear();
        spec.commandLine().getOut().println(output.resolve("heaps.md"));
        return Status.OK;
    }
}
