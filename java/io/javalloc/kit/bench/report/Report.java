package io.javalloc.kit.bench.report;

import io.javalloc.kit.bench.Contender;
import io.javalloc.kit.bench.Kind;
import io.javalloc.kit.bench.Latency;
import io.javalloc.kit.bench.Quantity;
import io.javalloc.kit.bench.Results;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/// All that is said of results, in the order of a page.
public final class Report {

    static final String TITLE = "javalloc against native allocators";

    private static final String HOW =
            "Each run is a process of its own, start-up included. Contenders take turns, so that what"
                    + " else the machine does hits all of them alike. Figures are medians of the rounds,"
                    + " with half of the distance between the least and the most; x1.50: one and a half"
                    + " times as much as on glibc. Processor time is that of the program and of what it"
                    + " waited for; peak memory that of the largest of its processes. Level: nearer than"
                    + " 5 % to each other, or than half of the range of the rounds. Who fails in one"
                    + " round has no figure, and is missing in the means.";

    private static final String SCORES =
            "Geometric means of how many times as much each takes as glibc: less is better. Less"
                    + " start-up: what a program that does nothing takes on the same allocator is taken"
                    + " off once.";

    private static final String CALLS =
            "Runs of their own, with less work, in which each call is timed. Reading the clock takes"
                    + " OVERHEAD ns, which are in every figure, and figures"
                    + " come in steps of the clock.";

    private static final String SLOW_CALLS =
            "Of what comes after the first 100,000 calls of each thread: how many took longer, and the"
                    + " longest; medians of the rounds. Most of them are not the allocator's: the"
                    + " system has taken the thread's processor away meanwhile.";

    private static final Map<String, String> TITLES =
            Map.of(
                    Latency.FIRST, "the first 100,000, all sorts",
                    Latency.LATE, "after the first 100,000, all sorts");

    private static final String RESIDENT =
            "What the process has resident when all blocks are freed: what the allocator keeps.";

    private final Results results;
    private final Reasons reasons;
    private final Tables tables;
    private final Charts charts;
    private final List<Section> sections = new ArrayList<>();

    private Report(Results results, Reasons reasons) {
        if (!results.contenders().contains(Contender.GLIBC)) {
            throw new IllegalArgumentException("there are no runs on glibc to compare with");
        }
        this.results = results;
        this.reasons = reasons;
        tables = new Tables(results, results.contenders());
        charts = new Charts(results);
    }

    /// The page for `BENCHMARKS.md`.
    ///
    /// @param command what it is made by
    /// @throws IllegalArgumentException if there are no runs on glibc
    public static String markdown(Results results, Reasons reasons, String command) {
        return Markdown.page(TITLE, command, new Report(results, reasons).sections());
    }

    /// The page for a browser, with charts; it needs nothing else.
    public static String html(Results results, Reasons reasons, String command) {
        int contenders = results.contenders().size();
        return Html.page(TITLE, command, contenders, new Report(results, reasons).sections());
    }

    private List<Section> sections() {
        sections.add(Section.of("What was measured", HOW, setting()));
        sections.add(new Section("All in all", List.of(SCORES), charts.scores(), tables.scores()));
        for (String heap : results.heaps()) {
            sections.addAll(new Verdicts(results, reasons, heap).sections());
        }
        addKind(Kind.START_UP, "Start-up alone", "A program that does nothing.");
        addKind(Kind.WORKLOAD, "Workloads", "Programs of our own, in `tests/bench/workloads`.");
        addQuantity(Kind.WORKLOAD, "Workloads: processor time", Quantity.CPU, "");
        addQuantity(Kind.WORKLOAD, "Workloads: peak memory", Quantity.PEAK, "");
        addQuantity(Kind.WORKLOAD, "Workloads: memory kept", Quantity.RESIDENT, RESIDENT);
        addKind(Kind.PROGRAM, "Programs", "Scripts are in `tests/bench/programs`.");
        addQuantity(Kind.PROGRAM, "Programs: processor time", Quantity.CPU, "");
        addQuantity(Kind.PROGRAM, "Programs: peak memory", Quantity.PEAK, "");
        addCalls();
        return sections;
    }

    private Table setting() {
        List<List<String>> rows = new ArrayList<>();
        for (Map.Entry<String, String> entry : results.setting("").entrySet()) {
            rows.add(List.of(entry.getKey(), entry.getValue()));
        }
        return new Table(List.of("what", "which"), rows);
    }

    private void addKind(Kind kind, String title, String words) {
        if (results.tasks(kind).isEmpty()) {
            return;
        }
        Table table = tables.quantity(kind, Quantity.WALL);
        sections.add(new Section(title, List.of(words), charts.tasks(kind), table));
    }

    private void addQuantity(Kind kind, String title, Quantity quantity, String words) {
        if (!results.tasks(kind).isEmpty()) {
            sections.add(Section.of(title, words, tables.quantity(kind, quantity)));
        }
    }

    private void addCalls() {
        Set<String> operations = new LinkedHashSet<>();
        results.tasks(Kind.WORKLOAD).forEach(task -> operations.addAll(results.operations(task)));
        if (operations.isEmpty()) {
            return;
        }
        String overhead = String.format(Locale.ROOT, "%.0f", results.overhead().median());
        sections.add(
                Section.of(
                        "Single calls: the first 100,000",
                        CALLS.replace("OVERHEAD", overhead),
                        tables.firstCalls()));
        if (operations.contains(Latency.LATE)) {
            sections.add(
                    Section.of(
                            "Single calls: above a millisecond", SLOW_CALLS, tables.slowCalls()));
        }
        for (String operation : operations) {
            String title = "Single calls: " + TITLES.getOrDefault(operation, operation);
            sections.add(Section.of(title, "", tables.latency(operation)));
        }
    }
}
