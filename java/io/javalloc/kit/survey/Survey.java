package io.javalloc.kit.survey;

import io.javalloc.HeapProvider;
import io.javalloc.catalog.Catalog;
import io.javalloc.kit.Machine;
import io.javalloc.kit.bench.calls.Benchmark;
import io.javalloc.kit.bench.calls.Figure;
import io.javalloc.kit.bench.calls.Samples;
import io.javalloc.kit.map.CommonStream;
import io.javalloc.kit.map.HeapMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/// Writes `heaps.md`: one table of all heaps, with what each costs and notices, and a map of each
/// after the same stream. Beside it the raw figures, and the maps.
public final class Survey {

    private static final Figure MALLOC = new Figure("malloc", 1);
    private static final Figure FREE = new Figure("free", 1);

    private static final String HOW =
            """
            - **What was measured**: the heap alone, or the composition that programs run on where the
              heap serves some sizes only.
            - **Header**: bytes of each block that are not its owner's: the distance between neighbours
              that were allocated with 64 bytes, less the usable size. **100 bytes take**: the same
              distance for 100 bytes asked for.
            - **malloc**, **free**: nanoseconds in a C program, on one thread: 1,000 blocks of 64 bytes,
              freed in scattered order (`tests/bench/operations.c`; median of ROUNDS rounds,
              all figures of all rounds in [heaps-bench.csv](heaps-bench.csv)). glibc: MALLOC and FREE.
            - **Taken**: bytes that the heap has taken from the system for each byte that is live after
              the common stream: STEPS operations that end with about LIVE live blocks
              (`CommonStream`, raw figures in [heaps-space.csv](heaps-space.csv)).
            """;

    private final Benchmark benchmark;
    private final int rounds;
    private final String command;

    /// @param rounds  how often each heap is measured
    /// @param command what the page says that it is made by
    public Survey(Benchmark benchmark, int rounds, String command) {
        this.benchmark = benchmark;
        this.rounds = rounds;
        this.command = command;
    }

    /// Surveys every heap and layer of the catalog.
    ///
    /// @param directory is made if it is not there
    /// @param progress  is told what is being done
    public void write(Path directory, Consumer<String> progress)
            throws IOException, InterruptedException {
        Files.createDirectories(directory.resolve("maps"));
        List<Entry> entries = new ArrayList<>();
        for (HeapProvider provider : Catalog.providers()) {
            progress.accept("the common stream on " + provider.name());
            Entry entry = Entry.of(provider);
            entries.add(entry);
            if (!entry.isLayer() && entry.snapshot() != null) {
                Files.writeString(directory.resolve(map(entry)), svg(entry));
            }
        }
        List<String> expressions = entries.stream().map(Entry::expression).distinct().toList();
        Samples samples = benchmark.run(expressions, rounds, progress, progress);
        Files.writeString(directory.resolve("heaps-bench.csv"), samples.csv());
        Files.writeString(directory.resolve("heaps-space.csv"), spaceCsv(entries));
        Files.writeString(directory.resolve("heaps.md"), page(entries, samples));
    }

    private static String map(Entry entry) {
        return "maps/" + entry.name() + ".svg";
    }

    private static String svg(Entry entry) {
        return HeapMap.svg(entry.snapshot(), entry.expression() + " after the common stream");
    }

    private String page(List<Entry> entries, Samples samples) throws IOException {
        StringBuilder page = new StringBuilder();
        page.append("# The heaps, compared\n");
        page.append("Made by `").append(command).append("`, all of it, on ");
        page.append(Machine.describe()).append(".\n\n");
        page.append(
                HOW.replace("ROUNDS", Integer.toString(rounds))
                        .replace("MALLOC", nanoseconds(samples.median(Benchmark.LIBC, MALLOC)))
                        .replace("FREE", nanoseconds(samples.median(Benchmark.LIBC, FREE)))
                        .replace("STEPS", String.format(Locale.ROOT, "%,d", CommonStream.STEPS))
                        .replace("LIVE", String.format(Locale.ROOT, "%,d", CommonStream.LIVE)));
        page.append("\n## Heaps\n");
        table(page, entries.stream().filter(entry -> !entry.isLayer()).toList(), samples);
        page.append("\n## Layers, around the default heap\n");
        table(page, entries.stream().filter(Entry::isLayer).toList(), samples);
        page.append("\n## Maps\n");
        for (Entry entry : entries) {
            if (!entry.isLayer() && entry.snapshot() != null) {
                page.append("\n### ").append(entry.name()).append('\n');
                page.append(entry.provider().summary()).append(".\n\n");
                page.append("![")
                        .append(entry.name())
                        .append("](")
                        .append(map(entry))
                        .append(")\n");
            }
        }
        return page.toString();
    }

    private static void table(StringBuilder page, List<Entry> entries, Samples samples) {
        page.append(
                "| name | what was measured | header | 100 bytes take | malloc | free | taken |");
        page.append(" notices |\n| --- | --- | --: | --: | --: | --: | --: | --- |\n");
        for (Entry entry : entries) {
            row(page, entry, samples);
        }
    }

    private static void row(StringBuilder page, Entry entry, Samples samples) {
        String expression = entry.expression();
        String checks = entry.provider().checks();
        boolean isServed = entry.header().distance() > 0;
        cell(page, "`" + entry.name() + "`");
        cell(page, entry.trouble().isEmpty() ? "`" + expression + "`" : entry.trouble());
        cell(page, isServed ? Long.toString(entry.header().overhead()) : "-");
        cell(page, isServed ? Long.toString(entry.hundred().distance()) : "-");
        cell(page, nanoseconds(samples.median(expression, MALLOC)));
        cell(page, nanoseconds(samples.median(expression, FREE)));
        cell(page, taken(entry));
        cell(page, checks.isEmpty() ? "-" : checks);
        page.append("|\n");
    }

    private static void cell(StringBuilder page, String text) {
        page.append("| ").append(text).append(' ');
    }

    private static String nanoseconds(double value) {
        return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%.0f", value);
    }

    private static String taken(Entry entry) {
        if (entry.snapshot() == null) {
            return "-";
        }
        double bytes = entry.snapshot().fragmentation();
        String refused = entry.snapshot().refused() == 0 ? "" : " (refuses some)";
        return String.format(Locale.ROOT, "%.2f%s", bytes, refused);
    }

    private static String spaceCsv(List<Entry> entries) {
        StringBuilder csv =
                new StringBuilder(
                        "heap,expression,distance_64,usable_64,distance_100,usable_100,"
                                + "live_blocks,live_bytes,taken_bytes,requests,refused\n");
        for (Entry entry : entries) {
            csv.append(entry.name()).append(",\"").append(entry.expression()).append("\",");
            csv.append(entry.header().distance()).append(',').append(entry.header().usable());
            csv.append(',').append(entry.hundred().distance());
            csv.append(',').append(entry.hundred().usable());
            if (entry.snapshot() == null) {
                csv.append(",,,,,\n");
                continue;
            }
            csv.append(',').append(entry.snapshot().blocks().size());
            csv.append(',').append(entry.snapshot().liveBytes());
            csv.append(',').append(entry.snapshot().takenBytes());
            csv.append(',').append(entry.snapshot().requests());
            csv.append(',').append(entry.snapshot().refused()).append('\n');
        }
        return csv.toString();
    }
}
