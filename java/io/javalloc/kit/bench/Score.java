package io.javalloc.kit.bench;

import java.util.ArrayList;
import java.util.List;

/// How a contender does in all tasks of a kind, compared with glibc.
///
/// @param factor the geometric mean of how many times as much; NaN if it did none of them
/// @param tasks  how many tasks it did
/// @param of     how many there are
public record Score(double factor, int tasks, int of) {

    /// Start-up included, as users have it.
    public static Score of(Results results, String contender, Kind kind, Quantity quantity) {
        List<Double> factors = new ArrayList<>();
        for (String task : results.tasks(kind)) {
            add(factors, results.ratio(task, contender, Contender.GLIBC, quantity));
        }
        return of(results, kind, factors);
    }

    /// Without what the contender takes to do nothing, once.
    public static Score withoutStartUp(Results results, String contender, Kind kind) {
        List<Double> factors = new ArrayList<>();
        for (String task : results.tasks(kind)) {
            double base = ownTime(results, task, Contender.GLIBC);
            add(factors, ownTime(results, task, contender) / base);
        }
        return of(results, kind, factors);
    }

    private static double ownTime(Results results, String task, String contender) {
        double startUp = 0;
        for (String start : results.tasks(Kind.START_UP)) {
            startUp = results.summary(start, contender, Quantity.WALL).median();
        }
        return results.summary(task, contender, Quantity.WALL).median() - startUp;
    }

    private static void add(List<Double> factors, double factor) {
        if (factor > 0 && Double.isFinite(factor)) {
            factors.add(factor);
        }
    }

    private static Score of(Results results, Kind kind, List<Double> factors) {
        double mean = Summary.geometricMean(factors);
        return new Score(mean, factors.size(), results.tasks(kind).size());
    }
}
