package io.javalloc.kit.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/// All that was measured in one benchmark, and where.
public final class Results implements Sink {

    private final Map<String, String> setting;
    private final List<Sample> samples = new ArrayList<>();
    private final List<Latency> latencies = new ArrayList<>();

    /// @param setting the machine, versions and options, in order
    public Results(Map<String, String> setting) {
        this.setting = new LinkedHashMap<>(setting);
    }

    @Override
    public void add(Sample sample) {
        samples.add(sample);
    }

    @Override
    public void add(Latency latency) {
        latencies.add(latency);
    }

    /// The entries of the setting whose names begin so, in order, without that beginning.
    public Map<String, String> setting(String beginning) {
        Map<String, String> found = new LinkedHashMap<>();
        setting.forEach(
                (name, value) -> {
                    if (name.startsWith(beginning)) {
                        found.put(name.substring(beginning.length()), value);
                    }
                });
        return found;
    }

    /// All runs, in the order in which they were made.
    public List<Sample> samples() {
        return List.copyOf(samples);
    }

    /// Everybody that had a turn.
    public List<String> contenders() {
        return samples.stream().map(Sample::contender).distinct().toList();
    }

    /// The contenders that are javalloc's.
    public List<String> heaps() {
        return contenders().stream().filter(setting("heap ")::containsKey).toList();
    }

    /// The contenders that are neither javalloc's nor glibc.
    public List<String> natives() {
        return contenders().stream()
                .filter(name -> !name.equals(Contender.GLIBC) && !heaps().contains(name))
                .toList();
    }

    /// What had to be done, of that kind.
    public List<String> tasks(Kind kind) {
        return samples.stream()
                .filter(sample -> sample.kind() == kind)
                .map(Sample::task)
                .distinct()
                .toList();
    }

    /// How the contender failed at the task in the first round in which it did; empty if it never
    /// did.
    public String failure(String task, String contender) {
        return samples.stream()
                .filter(sample -> is(sample, task, contender) && !sample.isOk())
                .map(Sample::status)
                .findFirst()
                .orElse("");
    }

    /// What the rounds say; nothing if the contender failed in one of them.
    public Summary summary(String task, String contender, Quantity quantity) {
        if (!failure(task, contender).isEmpty()) {
            return Summary.NONE;
        }
        return Summary.of(
                samples.stream()
                        .filter(sample -> is(sample, task, contender))
                        .mapToDouble(quantity::of)
                        .toArray());
    }

    private static boolean is(Sample sample, String task, String contender) {
        return sample.task().equals(task) && sample.contender().equals(contender);
    }

    /// How many times as much as another contender; NaN if one of them failed.
    public double ratio(String task, String contender, String other, Quantity quantity) {
        return summary(task, contender, quantity).median()
                / summary(task, other, quantity).median();
    }

    /// The operations that were timed one by one, of that task.
    public List<String> operations(String task) {
        return latencies.stream()
                .filter(latency -> latency.task().equals(task))
                .map(Latency::operation)
                .distinct()
                .toList();
    }

    /// What the rounds say of single calls.
    public Summary latency(
            String task, String contender, String operation, ToDoubleFunction<Latency> value) {
        return Summary.of(
                latencies.stream()
                        .filter(
                                latency ->
                                        latency.task().equals(task)
                                                && latency.contender().equals(contender)
                                                && latency.operation().equals(operation))
                        .mapToDouble(value)
                        .toArray());
    }

    /// What reading the clock takes, in nanoseconds.
    public Summary overhead() {
        return Summary.of(latencies.stream().mapToDouble(Latency::overhead).toArray());
    }
}
