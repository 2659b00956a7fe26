package io.javalloc.kit.bench.report;

import io.javalloc.kit.bench.Contender;
import io.javalloc.kit.bench.Kind;
import io.javalloc.kit.bench.Latency;
import io.javalloc.kit.bench.Quantity;
import io.javalloc.kit.bench.Results;
import io.javalloc.kit.bench.Score;
import io.javalloc.kit.bench.Summary;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.BiFunction;
import java.util.function.ToDoubleFunction;

/// The tables that can be made of results.
public final class Tables {

    private final Results results;
    private final List<String> contenders;

    /// @param contenders who is shown, in order
    public Tables(Results results, List<String> contenders) {
        this.results = results;
        this.contenders = contenders;
    }

    /// A row for each contender: how many times as much as glibc, in the geometric mean of tasks.
    public Table scores() {
        List<String> head =
                List.of(
                        "times glibc",
                        "workloads",
                        "less start-up",
                        "programs",
                        "less start-up",
                        "CPU of both",
                        "peak, workloads",
                        "peak, programs");
        List<List<String>> rows = new ArrayList<>();
        for (String contender : contenders) {
            rows.add(
                    List.of(
                            contender,
                            wall(contender, Kind.WORKLOAD),
                            Figures.score(Score.withoutStartUp(results, contender, Kind.WORKLOAD)),
                            wall(contender, Kind.PROGRAM),
                            Figures.score(Score.withoutStartUp(results, contender, Kind.PROGRAM)),
                            score(contender, Kind.WORKLOAD, Quantity.CPU)
                                    + ", "
                                    + score(contender, Kind.PROGRAM, Quantity.CPU),
                            score(contender, Kind.WORKLOAD, Quantity.PEAK),
                            score(contender, Kind.PROGRAM, Quantity.PEAK)));
        }
        return new Table(head, rows);
    }

    private String wall(String contender, Kind kind) {
        return score(contender, kind, Quantity.WALL);
    }

    private String score(String contender, Kind kind, Quantity quantity) {
        return Figures.score(Score.of(results, contender, kind, quantity));
    }

    /// A row for each task of that kind: the quantity, and how many times as much as glibc.
    public Table quantity(Kind kind, Quantity quantity) {
        return perTask(
                results.tasks(kind),
                quantity.words() + " (" + quantity.unit() + ")",
                (task, contender) -> cell(task, contender, quantity));
    }

    private String cell(String task, String contender, Quantity quantity) {
        String failure = results.failure(task, contender);
        if (!failure.isEmpty()) {
            return "failed: " + failure;
        }
        Summary summary = results.summary(task, contender, quantity);
        double factor = results.ratio(task, contender, Contender.GLIBC, quantity);
        boolean isBase = contender.equals(Contender.GLIBC) || !Double.isFinite(factor);
        String value = Figures.value(summary, quantity);
        return isBase ? value : value + " " + Figures.factor(factor);
    }

    /// A row for each task whose calls were timed: half, all but one in 100, in 1,000, and all of
    /// the calls took no longer.
    public Table latency(String operation) {
        return perTask(
                timed(operation),
                operation + ": p50 p99 p99.9 max (ns)",
                (task, contender) ->
                        nanoseconds(task, contender, operation, Latency::p50)
                                + " "
                                + nanoseconds(task, contender, operation, Latency::p99)
                                + " "
                                + nanoseconds(task, contender, operation, Latency::p999)
                                + " "
                                + nanoseconds(task, contender, operation, Latency::most));
    }

    /// A row for each task: what the first calls took in the mean.
    public Table firstCalls() {
        return perTask(
                timed(Latency.FIRST),
                "first 100,000 calls: mean (ns)",
                (task, contender) -> nanoseconds(task, contender, Latency.FIRST, Latency::mean));
    }

    /// A row for each task: how many of the calls that come later took longer than a millisecond,
    /// in a round, and the longest of all rounds.
    public Table slowCalls() {
        return perTask(timed(Latency.LATE), "above 1 ms, of so many; longest", this::slowCalls);
    }

    private String slowCalls(String task, String contender) {
        Summary slow = results.latency(task, contender, Latency.LATE, Latency::slow);
        if (!slow.isKnown()) {
            return Figures.UNKNOWN;
        }
        Summary calls = results.latency(task, contender, Latency.LATE, Latency::calls);
        Summary longest = results.latency(task, contender, Latency.LATE, Latency::most);
        return String.format(
                Locale.ROOT,
                "%.0f of %.0fk; %s",
                slow.median(),
                calls.median() / 1e3,
                Figures.milliseconds(longest.median() / 1e6));
    }

    private String nanoseconds(
            String task, String contender, String operation, ToDoubleFunction<Latency> value) {
        return Figures.nanoseconds(results.latency(task, contender, operation, value).median());
    }

    private List<String> timed(String operation) {
        return results.tasks(Kind.WORKLOAD).stream()
                .filter(task -> results.operations(task).contains(operation))
                .toList();
    }

    private Table perTask(
            List<String> tasks, String title, BiFunction<String, String, String> cell) {
        List<String> head = new ArrayList<>(List.of(title));
        head.addAll(contenders);
        List<List<String>> rows = new ArrayList<>();
        for (String task : tasks) {
            List<String> row = new ArrayList<>(List.of(task));
            contenders.forEach(contender -> row.add(cell.apply(task, contender)));
            rows.add(row);
        }
        return new Table(head, rows);
    }
}
