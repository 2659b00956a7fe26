package io.javalloc.cli;

import io.javalloc.kit.bench.ResultFiles;
import io.javalloc.kit.bench.Results;
import io.javalloc.kit.bench.report.Reasons;
import io.javalloc.kit.bench.report.Report;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// Makes pages from the raw results of a benchmark.
@Command(
        name = "report",
        description = {
            "Makes BENCHMARKS.md from the raw results that javalloc bench --csv has written: tables, where"
                    + " each heap wins and loses, and why.",
            "",
            "The same results make the same page. Reasons are written by hand, in a Markdown file with a"
                    + " heading '## TASK' for each.",
            ""
        })
final class BenchReportCommand implements Callable<Integer> {

    @Spec private CommandSpec spec;

    @Option(
            names = "--from",
            required = true,
            paramLabel = "CSV",
            description = "The raw results; single calls are looked for in CSV-calls.csv beside.")
    private Path from;

    @Option(
            names = "--reasons",
            paramLabel = "FILE",
            description = "Why tasks go as they do (default: reasons.md beside the raw results).")
    private Path reasons;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            defaultValue = "BENCHMARKS.md",
            description = "Where to (default: ${DEFAULT-VALUE}).")
    private Path output;

    @Option(
            names = "--html",
            paramLabel = "FILE",
            description = "Also write a page with charts there, which needs nothing else.")
    private Path html;

    @Override
    public Integer call() {
        Output.prepare(output);
        if (html != null) {
            Output.prepare(html);
        }
        Results results = read();
        Reasons why = reasons();
        String command = "javalloc bench report --from " + from;
        Output.write(output, Report.markdown(results, why, command));
        spec.commandLine().getOut().println(output);
        if (html != null) {
            Output.write(html, Report.html(results, why, command));
            spec.commandLine().getOut().println(html);
        }
        return Status.OK;
    }

    private Results read() {
        try {
            return ResultFiles.read(from);
        } catch (IOException e) {
            throw new Refusal(Status.USAGE, "--from: cannot read " + from);
        } catch (NumberFormatException e) {
            throw new Refusal(Status.USAGE, "--from: " + from + ": " + e.getMessage());
        }
    }

    private Reasons reasons() {
        Path file = reasons == null ? from.resolveSibling("reasons.md") : reasons;
        if (reasons == null && !Files.exists(file)) {
            return new Reasons(List.of());
        }
        try {
            return new Reasons(Files.readAllLines(file));
        } catch (IOException e) {
            throw new Refusal(Status.USAGE, "--reasons: cannot read " + file);
        }
    }
}
