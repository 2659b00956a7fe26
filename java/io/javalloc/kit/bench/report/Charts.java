package io.javalloc.kit.bench.report;

import io.javalloc.kit.bench.Contender;
import io.javalloc.kit.bench.Kind;
import io.javalloc.kit.bench.Quantity;
import io.javalloc.kit.bench.Results;
import io.javalloc.kit.bench.Score;
import io.javalloc.kit.bench.Summary;
import io.javalloc.kit.bench.report.BarChart.Bar;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The charts that can be made of results.
final class Charts {

    private final Results results;

    Charts(Results results) {
        this.results = results;
    }

    /// The means over all tasks, one chart for each sort of task.
    List<String> scores() {
        List<String> charts = new ArrayList<>();
        for (Kind kind : List.of(Kind.WORKLOAD, Kind.PROGRAM)) {
            for (Quantity quantity : List.of(Quantity.WALL, Quantity.PEAK)) {
                if (!results.tasks(kind).isEmpty()) {
                    charts.add(scores(kind, quantity));
                }
            }
        }
        return charts;
    }

    private String scores(Kind kind, Quantity quantity) {
        List<Bar> bars = new ArrayList<>();
        for (String contender : results.contenders()) {
            Score score = Score.of(results, contender, kind, quantity);
            Summary value = score.tasks() == 0 ? Summary.NONE : Summary.of(score.factor());
            bars.add(new Bar(contender, value, Figures.score(score)));
        }
        return BarChart.svg(kind + "s, " + quantity.words() + ", times glibc", 1, bars);
    }

    /// Time and memory of each task of that kind.
    List<String> tasks(Kind kind) {
        List<String> charts = new ArrayList<>();
        for (String task : results.tasks(kind)) {
            charts.add(task(task, Quantity.WALL));
            charts.add(task(task, Quantity.PEAK));
        }
        return charts;
    }

    private String task(String task, Quantity quantity) {
        List<Bar> bars = new ArrayList<>();
        for (String contender : results.contenders()) {
            Summary value = results.summary(task, contender, quantity);
            bars.add(new Bar(contender, value, words(task, contender, quantity, value)));
        }
        String title = task + ", " + quantity.words() + " (" + quantity.unit() + ")";
        double base = results.summary(task, Contender.GLIBC, quantity).median();
        return BarChart.svg(title, base, bars);
    }

    private String words(String task, String contender, Quantity quantity, Summary value) {
        if (!value.isKnown()) {
            return "failed: " + results.failure(task, contender);
        }
        double factor = results.ratio(task, contender, Contender.GLIBC, quantity);
        String median = String.format(Locale.ROOT, "%.3g", value.median());
        boolean isBase = contender.equals(Contender.GLIBC) || !Double.isFinite(factor);
        return isBase ? median : median + " " + Figures.factor(factor);
    }
}
