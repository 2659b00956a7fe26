package io.javalloc.cli;

import io.javalloc.kit.bench.Contender;
import io.javalloc.kit.bench.Kind;
import io.javalloc.kit.bench.Quantity;
import io.javalloc.kit.bench.Results;
import io.javalloc.kit.bench.report.Table;
import io.javalloc.kit.bench.report.Tables;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/// Results on a terminal.
final class BenchTables {

    /// More contenders than these beside glibc are shown in tables of their own, so that lines stay
    /// short.
    private static final int MOST_BESIDE = 4;

    private static final int FIRST_WIDTH = 20;
    private static final int LEAST_WIDTH = 9;

    private final PrintWriter out;
    private final Results results;

    private BenchTables(PrintWriter out, Results results) {
        this.out = out;
        this.results = results;
    }

    static void print(PrintWriter out, Results results) {
        new BenchTables(out, results).print();
    }

    private void print() {
        List<String> others =
                results.contenders().stream().filter(c -> !c.equals(Contender.GLIBC)).toList();
        out.println("Medians, +- half of the distance between least and most; x: times glibc.");
        for (int from = 0; from == 0 || from < others.size(); from += MOST_BESIDE) {
            List<String> shown = new ArrayList<>(List.of(Contender.GLIBC));
            shown.addAll(others.subList(from, Math.min(others.size(), from + MOST_BESIDE)));
            print(new Tables(results, shown));
        }
        print(new Tables(results, results.contenders()).scores());
        out.flush();
    }

    private void print(Tables tables) {
        for (Quantity quantity : List.of(Quantity.WALL, Quantity.CPU, Quantity.PEAK)) {
            for (Kind kind : Kind.values()) {
                print(tables.quantity(kind, quantity));
            }
        }
        print(tables.latency("malloc"));
        print(tables.latency("free"));
        print(tables.firstCalls());
    }

    private void print(Table table) {
        if (table.rows().isEmpty()) {
            return;
        }
        int[] widths = new int[table.head().size()];
        String[] head = table.head().toArray(String[]::new);
        for (int i = 0; i < widths.length; i++) {
            int width = i == 0 ? FIRST_WIDTH : LEAST_WIDTH;
            for (List<String> row : table.rows()) {
                width = Math.max(width, row.get(i).length());
            }
            widths[i] = i == 0 ? width : -width;
            head[i] = i == 0 || head[i].indexOf(' ') >= 0 ? head[i] : shortened(head[i], width);
        }
        TextTable text = new TextTable(widths).line("").row(head);
        table.rows().forEach(row -> text.row(row.toArray(String[]::new)));
        out.print(text);
    }

    private static String shortened(String name, int width) {
        return name.length() <= width ? name : name.substring(0, width - 3) + "...";
    }
}
