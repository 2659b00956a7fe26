package io.javalloc.kit.bench.calls;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/// What was measured, round by round.
public final class Samples {

    /// One measurement.
    ///
    /// @param contender the heap's expression, or [Benchmark#LIBC]
    /// @param round     counted from 1
    /// @param value     NaN if the heap could not serve it
    public record Sample(String contender, Figure figure, int round, double value) {}

    private final List<Sample> samples = new ArrayList<>();

    void add(Sample sample) {
        samples.add(sample);
    }

    /// All measurements, in the order in which they were made.
    public List<Sample> all() {
        return List.copyOf(samples);
    }

    /// What was measured of any contender, in the order in which it is shown.
    public List<Figure> figures() {
        Set<Figure> figures = new TreeSet<>();
        for (Sample sample : samples) {
            figures.add(sample.figure());
        }
        return List.copyOf(figures);
    }

    /// The median of the rounds; NaN if one could not be served, or none was measured.
    public double median(String contender, Figure figure) {
        double[] values = values(contender, figure);
        int middle = values.length / 2;
        if (values.length == 0) {
            return Double.NaN;
        }
        return values.length % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    }

    /// Half of the distance between the least and the most.
    public double spread(String contender, Figure figure) {
        double[] values = values(contender, figure);
        return values.length == 0 ? Double.NaN : (values[values.length - 1] - values[0]) / 2;
    }

    /// In order; empty if one of them is not a number.
    private double[] values(String contender, Figure figure) {
        double[] values =
                samples.stream()
                        .filter(s -> s.contender().equals(contender) && s.figure().equals(figure))
                        .mapToDouble(Sample::value)
                        .toArray();
        Arrays.sort(values); // what is not a number comes last
        boolean isServed = values.length > 0 && !Double.isNaN(values[values.length - 1]);
        return isServed ? values : new double[0];
    }

    /// The measurements as comma-separated values, with a line of names above.
    public String csv() {
        StringBuilder csv = new StringBuilder("heap,workload,threads,round,value\n");
        for (Sample sample : samples) {
            csv.append('"')
                    .append(sample.contender())
                    .append("\",")
                    .append(sample.figure().workload())
                    .append(',')
                    .append(sample.figure().threads())
                    .append(',')
                    .append(sample.round())
                    .append(',')
                    .append(Double.isNaN(sample.value()) ? "" : Double.toString(sample.value()))
                    .append('\n');
        }
        return csv.toString();
    }
}
