package io.javalloc.cli;

import io.javalloc.kit.check.Conformance;
import io.javalloc.kit.check.Containment;
import io.javalloc.kit.check.Settings;
import io.javalloc.kit.check.Verdict;
import io.javalloc.kit.check.Verdict.Outcome;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// Tries the conformance rules on a heap.
@Command(
        name = "check",
        description = {
            "Tries on a heap what must hold of every heap, in processes of its own: a heap that"
                    + " crashes Java, or does not come back, is told so as well.",
            "",
            "A verdict is ok, note (worth a look: a heap may be so by its nature) or broken. A broken"
                    + " rule is shown with the command that tries it again, the same way."
        })
final class CheckCommand implements Callable<Integer> {

    private static final String INDENT = " ".repeat(8);

    /// A heap may print with each call: so many lines are shown for each rule.
    private static final int MOST_PRINTED = 10;

    private CommandSpec spec;
    @Mixin private HeapClassPath classPath;

    @Option(
            names = "--heap",
            required = true,
            paramLabel = "EXPR",
            description = "The heap: a name, with options and inner heaps in parentheses.")
    private String heap;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "What random choices are made from; a new number each time without it.")
    private Long seed;

    @Option(
            names = "--rule",
            paramLabel = "NAME",
            description = "Try this rule only; may be given several times.")
    private List<String> rules = List.of();

    @Option(
            names = "--seconds",
            paramLabel = "N",
            defaultValue = "" + Settings.SECONDS,
            description = "How long random operations are tried (default: ${DEFAULT-VALUE}).")
    private double seconds;

    @Option(
            names = "--patience",
            paramLabel = "N",
            defaultValue = "" + Settings.PATIENCE,
            description =
                    "Seconds after which a call counts as not coming back (default:"
                            + " ${DEFAULT-VALUE}).")
    private double patience;

    private final List<Verdict> verdicts = new ArrayList<>();

    /// Has the help end with the rules.
    @Spec
    void explain(CommandSpec command) {
        spec = command;
        List<String> footer = new ArrayList<>();
        footer.addAll(List.of("", "The rules:"));
        Conformance.claims()
                .forEach((rule, claim) -> footer.add(String.format("  %-14s%s", rule, claim)));
        footer.addAll(
                List.of(
                        "",
                        "Exit status: 0, no rule is broken; 1, some are; 64, the command line or the"
                                + " expression is wrong; 74, the verdicts cannot be written."));
        spec.usageMessage().footer(footer.toArray(new String[0]));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Refusal.require(seconds >= 0, "--seconds: 0 or more");
        Refusal.require(patience > 0, "--patience: more than 0");
        if (seed == null) {
            seed = System.nanoTime() & 0xffffff;
        }
        PrintWriter out = spec.commandLine().getOut();
        Settings settings = new Settings(seed, seconds, patience);
        List<String> chosen = rules.isEmpty() ? Conformance.ruleNames() : rules;
        Containment containment = new Containment(heap, classPath.get(), settings, chosen);
        Progress progress = new Progress(spec.commandLine().getErr());
        containment.run(
                new Containment.Listener() {
                    @Override
                    public void running(String rule, long calls) {
                        progress.show(rule + ": " + calls + " calls");
                    }

                    @Override
                    public void ended(Verdict verdict, String printed) {
                        progress.clear();
                        if (verdicts.isEmpty()) {
                            out.println("javalloc check: " + heap + ", seed " + seed);
                        }
                        verdicts.add(verdict);
                        print(out, verdict, printed);
                    }
                });
        out.println(summary());
        return count(Outcome.BROKEN) == 0 ? Status.OK : Status.BROKEN;
    }

    private void print(PrintWriter out, Verdict verdict, String printed) {
        String message = verdict.message();
        boolean isOk = verdict.outcome() == Outcome.OK;
        String line = new TextTable(6, 13).row(word(verdict.outcome()), verdict.rule()).toString();
        out.printf("%-23s%s%s%n", line.strip(), verdict.claim(), isOk ? remark(message) : "");
        if (!isOk) {
            message.lines().forEach(text -> out.println(INDENT + text));
        }
        printed.lines().limit(MOST_PRINTED).forEach(text -> out.println(INDENT + "| " + text));
        long more = printed.lines().count() - MOST_PRINTED;
        if (more > 0) {
            out.println(INDENT + "| ... " + more + " more lines");
        }
        if (verdict.outcome() == Outcome.BROKEN) {
            out.println(INDENT + "again: " + again(verdict));
        }
        out.flush();
    }

    private static String remark(String message) {
        return message.isEmpty() ? "" : " (" + message + ")";
    }

    private static String word(Outcome outcome) {
        return switch (outcome) {
            case OK -> "ok";
            case NOTE -> "note";
            case BROKEN -> "broken";
        };
    }

    /// The command that tries the rule again, the same way.
    private String again(Verdict verdict) {
        String where = classPath.get().isEmpty() ? "" : " --classpath " + quoted(classPath.get());
        return "javalloc check --heap "
                + quoted(heap)
                + where
                + " --rule "
                + verdict.rule()
                + " --seed "
                + verdict.seed();
    }

    private static String quoted(String text) {
        return text.matches("[\\w./:+-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
    }

    private String summary() {
        return String.format(
                "%d rules: %d ok, %d with a note, %d broken",
                verdicts.size(), count(Outcome.OK), count(Outcome.NOTE), count(Outcome.BROKEN));
    }

    private long count(Outcome outcome) {
        return verdicts.stream().filter(verdict -> verdict.outcome() == outcome).count();
    }
}
