package io.javalloc.cli;

import io.javalloc.Heap;
import io.javalloc.HeapOption;
import io.javalloc.HeapProvider;
import io.javalloc.catalog.Catalog;
import io.javalloc.kit.Practical;
import io.javalloc.kit.ReservedMemory;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// Lists what there is.
@Command(
        name = "heaps",
        description = "Lists the heaps and the layers around heaps, with their options.")
final class HeapsCommand implements Callable<Integer> {

    private static final String INDENT = "    ";
    private static final long REGION = 1L << 30;

    @Spec private CommandSpec spec;
    @Mixin private HeapClassPath classPath;

    @Option(
            names = "--practical",
            description =
                    "Print instead, for each, the expression that real programs run on: name, tab,"
                            + " expression.")
    private boolean practical;

    @Override
    public Integer call() {
        classPath.load();
        PrintWriter out = spec.commandLine().getOut();
        List<String> faults = new ArrayList<>();
        List<HeapProvider> providers = Catalog.providers(faults::add);
        if (practical) {
            for (HeapProvider provider : providers) {
                out.println(provider.name() + "\t" + Practical.expression(provider));
            }
        } else {
            out.print(table(providers));
        }
        out.flush();
        faults.forEach(fault -> spec.commandLine().getErr().println("javalloc: " + fault));
        return faults.isEmpty() ? Status.OK : Status.USAGE;
    }

    private static TextTable table(List<HeapProvider> providers) {
        TextTable table = new TextTable(24, 7, 40, 43);
        table.row("HEAPS", "threads", "made after", "notices");
        providers.stream().filter(p -> p.inner().isEmpty()).forEach(p -> describe(table, p));
        table.line("").row("LAYERS", "threads", "made after", "notices");
        providers.stream().filter(p -> !p.inner().isEmpty()).forEach(p -> describe(table, p));
        table.line("");
        table.line(
                "threads: safe, bears several at once; lock, one at a time. Programs come to slab as it"
                        + " is,");
        table.line("and to all others, and to layers around slab, through a lock.");
        table.line(
                "A heap is chosen with --heap EXPR: options and inner heaps go in parentheses, as in");
        table.line("'knr(max=64m)' or 'locked(knr)'. Sizes may end in k, m, g.");
        return table;
    }

    private static void describe(TextTable table, HeapProvider provider) {
        String name = provider.name();
        String form = provider.inner().isEmpty() ? name : name + "(" + provider.inner() + ")";
        table.row(form, threads(provider), orNone(provider.document()), orNone(provider.checks()));
        for (String line : TextTable.wrap(provider.summary(), 110)) {
            table.line(INDENT + line);
        }
        TextTable options = new TextTable(20, 90);
        for (HeapOption option : provider.options()) {
            options.row(option.name() + "=" + option.value(), option.meaning());
        }
        options.toString().lines().forEach(line -> table.line(INDENT + line));
    }

    private static String threads(HeapProvider provider) {
        try (ReservedMemory memory = new ReservedMemory(REGION)) {
            Heap heap = Catalog.create(Practical.expression(provider), memory.region(), 0);
            return heap.isThreadSafe() ? "safe" : "lock";
        } catch (RuntimeException | LinkageError e) {
            return "?";
        }
    }

    private static String orNone(String text) {
        return text.isEmpty() ? "-" : text;
    }
}
