package io.javalloc.cli;

import io.javalloc.kit.bench.Contender;
import io.javalloc.kit.bench.Latency;
import io.javalloc.kit.bench.Natives;
import io.javalloc.kit.bench.ResultFiles;
import io.javalloc.kit.bench.Results;
import io.javalloc.kit.bench.Rounds;
import io.javalloc.kit.bench.Sample;
import io.javalloc.kit.bench.Setting;
import io.javalloc.kit.bench.Sink;
import io.javalloc.kit.bench.Suite;
import io.javalloc.kit.bench.Task;
import io.javalloc.kit.bench.report.Reasons;
import io.javalloc.kit.bench.report.Report;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// Measures whole programs on heaps, glibc and native allocators.
@Command(
        name = "bench",
        subcommands = {BenchCallsCommand.class, BenchReportCommand.class},
        description = {
            "Measures what allocators cost whole programs, start-up included: workloads of our own, each"
                    + " an allocation pattern, and real programs, on glibc, on heaps, and on the native"
                    + " allocators that are installed, in turns.",
            "",
            "Takes some minutes for each heap; to see only a part: --only 'server|gcc' --rounds 1."
                    + " For a first look at a heap's calls alone: javalloc bench calls --heap EXPR;"
                    + " for its Java without a C program, in a checkout: javalloc bench java.",
            ""
        },
        footer = {
            "",
            "Exit status: 0, all runs came to their end; 2, some failed, and the tables say which; 64,"
                    + " the command line or an expression is wrong; 69, the build lacks something; 74,"
                    + " output cannot be written."
        })
final class BenchCommand implements Callable<Integer> {

    @Spec private CommandSpec spec;
    @Mixin private ContenderOptions choice;

    @Option(
            names = "--only",
            paramLabel = "TASKS",
            split = ",",
            description = "Only these tasks: names or regular expressions, separated by commas.")
    private List<String> only = new ArrayList<>();

    @Option(names = "--list", description = "List tasks and contenders, and measure nothing.")
    private boolean isList;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "3",
            description = "How often each contender does each task (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(
            names = "--scale",
            paramLabel = "F",
            defaultValue = "1",
            description =
                    "How much work a task is; at 1 workloads take two to five seconds on glibc, and"
                            + " programs half a second (default: ${DEFAULT-VALUE}).")
    private double scale;

    @Option(
            names = "--timeout",
            paramLabel = "S",
            defaultValue = "120",
            description = "A run that takes longer has failed (default: ${DEFAULT-VALUE} seconds).")
    private int seconds;

    @Option(
            names = "--no-latency",
            description = "Do not measure single calls, which takes runs of their own.")
    private boolean isWithoutLatency;

    @Option(
            names = "--csv",
            paramLabel = "FILE",
            description =
                    "Write each run there as it ends, and single calls beside it, into FILE-calls.csv:"
                            + " what was measured stays if you end it.")
    private Path csv;

    @Option(
            names = "--html",
            paramLabel = "FILE",
            description = "Write a page with charts there, which needs nothing else.")
    private Path html;

    private int failures;

    @Override
    public Integer call() throws IOException, InterruptedException {
        check();
        Suite suite = suite();
        List<Contender> contenders = choice.contenders();
        PrintWriter out = spec.commandLine().getOut();
        if (isList) {
            list(out, suite, contenders);
            return Status.OK;
        }
        Results results = measure(suite, contenders);
        BenchTables.print(out, results);
        if (html != null) {
            String page = Report.html(results, new Reasons(List.of()), "javalloc bench");
            Output.write(html, page);
        }
        if (failures > 0) {
            String runs = failures == 1 ? "1 run" : failures + " runs";
            spec.commandLine().getErr().println("javalloc: " + runs + " failed");
        }
        return failures == 0 ? Status.OK : Status.FAILED;
    }

    private void check() {
        Refusal.require(rounds >= 1, "--rounds: at least 1");
        Refusal.require(scale > 0 && scale <= 1000, "--scale: more than 0, at most 1000");
        Refusal.require(seconds >= 1, "--timeout: at least 1");
        if (csv != null) {
            Output.prepare(csv);
            Output.prepare(ResultFiles.calls(csv));
        }
        if (html != null) {
            Output.prepare(html);
        }
    }

    private Suite suite() {
        try {
            Suite all = Suite.of(NativeBuild.directory(), scale);
            return only.isEmpty() ? all : all.only(only);
        } catch (IllegalStateException e) {
            throw new Refusal(Status.UNAVAILABLE, e.getMessage());
        }
    }

    private static void list(PrintWriter out, Suite suite, List<Contender> contenders) {
        TextTable table = new TextTable(18, 10, 70);
        for (Task task : suite.tasks()) {
            table.row(task.name(), task.kind().toString(), task.about());
        }
        table.line("");
        for (Contender contender : contenders) {
            table.row(contender.name(), "contender", contender.origin());
        }
        out.print(table);
        if (!suite.missing().isEmpty()) {
            out.println("not installed: " + String.join(", ", suite.missing()));
        }
        out.println("native allocators come with: apt-get install " + Natives.packages());
    }

    private Results measure(Suite suite, List<Contender> contenders)
            throws IOException, InterruptedException {
        PrintWriter err = spec.commandLine().getErr();
        Progress progress = new Progress(err);
        if (!suite.missing().isEmpty()) {
            err.println("javalloc: not installed, left out: " + String.join(", ", suite.missing()));
        }
        Map<String, String> setting =
                Setting.of(NativeBuild.directory(), suite, contenders, rounds, scale);
        Results results = new Results(setting);
        Rounds benchmark = new Rounds(suite, contenders, rounds, seconds, !isWithoutLatency);
        try (ResultFiles files = csv == null ? null : new ResultFiles(csv, setting)) {
            Sink sink = files == null ? results : both(results, files);
            benchmark.run(
                    sink,
                    progress::show,
                    failure -> {
                        failures++;
                        progress.say(failure);
                    });
        }
        progress.clear();
        return results;
    }

    private static Sink both(Sink first, Sink second) {
        return new Sink() {
            @Override
            public void add(Sample sample) throws IOException {
                first.add(sample);
                second.add(sample);
            }

            @Override
            public void add(Latency latency) throws IOException {
                first.add(latency);
                second.add(latency);
            }
        };
    }
}
