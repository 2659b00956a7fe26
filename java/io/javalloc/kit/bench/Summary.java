package io.javalloc.kit.bench;

import java.util.Arrays;
import java.util.List;

/// What the rounds say together.
///
/// @param median NaN if nothing is known, as the others then
public record Summary(double median, double least, double most) {

    /// Nothing is known.
    public static final Summary NONE = new Summary(Double.NaN, Double.NaN, Double.NaN);

    /// Of so many values; [#NONE] if there are none.
    public static Summary of(double... values) {
        if (values.length == 0) {
            return NONE;
        }
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        double median =
                sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Summary(median, sorted[0], sorted[sorted.length - 1]);
    }

    /// Half of the distance between the least and the most.
    public double spread() {
        return (most - least) / 2;
    }

    /// Whether there is a number.
    public boolean isKnown() {
        return !Double.isNaN(median);
    }

    /// The mean of factors; NaN if there are none.
    static double geometricMean(List<Double> factors) {
        double sum = 0;
        for (double factor : factors) {
            sum += Math.log(factor);
        }
        return factors.isEmpty() ? Double.NaN : Math.exp(sum / factors.size());
    }
}
