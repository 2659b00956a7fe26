package io.javalloc.kit.bench.report;

import io.javalloc.kit.bench.Contender;
import io.javalloc.kit.bench.Kind;
import io.javalloc.kit.bench.Quantity;
import io.javalloc.kit.bench.Results;
import io.javalloc.kit.bench.Summary;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// Where a heap wins, and where it loses, against glibc and against the fastest of the native
/// allocators.
final class Verdicts {

    /// Contenders that are nearer than this to each other are level; or nearer than half of the
    /// range of their rounds, if that is more.
    private static final double NOISE = 0.05;

    private static final List<String> HEAD =
            List.of(
                    "task",
                    "time, times glibc",
                    "times the fastest native",
                    "CPU, times glibc",
                    "peak, times glibc",
                    "why");

    private final Results results;
    private final Reasons reasons;
    private final String heap;
    private final List<String> tasks = new ArrayList<>();

    Verdicts(Results results, Reasons reasons, String heap) {
        this.results = results;
        this.reasons = reasons;
        this.heap = heap;
        for (Kind kind : Kind.values()) {
            tasks.addAll(results.tasks(kind));
        }
        tasks.sort(Comparator.comparingDouble(this::factor));
    }

    /// A section each for what is won, level, lost, and failed.
    List<Section> sections() {
        List<Section> sections = new ArrayList<>();
        add(sections, "wins against glibc", tasks.stream().filter(this::isWon).toList());
        add(sections, "is level with glibc", tasks.stream().filter(this::isLevel).toList());
        add(sections, "loses against glibc", tasks.stream().filter(this::isLost).toList());
        add(sections, "fails", tasks.stream().filter(t -> Double.isNaN(factor(t))).toList());
        return sections;
    }

    private boolean isWon(String task) {
        return factor(task) < 1 / (1 + noise(task));
    }

    private boolean isLost(String task) {
        return factor(task) > 1 + noise(task);
    }

    private boolean isLevel(String task) {
        return !Double.isNaN(factor(task)) && !isWon(task) && !isLost(task);
    }

    private double noise(String task) {
        double noise = NOISE;
        for (String contender : List.of(heap, Contender.GLIBC)) {
            Summary time = results.summary(task, contender, Quantity.WALL);
            noise = Math.max(noise, time.spread() / time.median());
        }
        return noise;
    }

    private void add(List<Section> sections, String verdict, List<String> found) {
        String title = "Where " + heap + " " + verdict;
        if (found.isEmpty()) {
            sections.add(new Section(title, List.of("Nowhere."), List.of(), null));
            return;
        }
        sections.add(
                Section.of(title, found.size() + " of " + tasks.size() + " tasks.", table(found)));
    }

    private Table table(List<String> found) {
        List<List<String>> rows = new ArrayList<>();
        for (String task : found) {
            String failure = results.failure(task, heap);
            rows.add(
                    List.of(
                            task,
                            failure.isEmpty() ? Figures.factor(factor(task)) : failure,
                            fastest(task),
                            times(task, Quantity.CPU),
                            times(task, Quantity.PEAK),
                            reasons.of(task)));
        }
        return new Table(HEAD, rows);
    }

    private double factor(String task) {
        return results.ratio(task, heap, Contender.GLIBC, Quantity.WALL);
    }

    private String times(String task, Quantity quantity) {
        return Figures.factor(results.ratio(task, heap, Contender.GLIBC, quantity));
    }

    private String fastest(String task) {
        String fastest = Contender.GLIBC;
        for (String other : results.natives()) {
            if (results.ratio(task, other, fastest, Quantity.WALL) < 1) {
                fastest = other;
            }
        }
        return Figures.factor(results.ratio(task, heap, fastest, Quantity.WALL)) + " " + fastest;
    }
}
