package io.javalloc.kit.bench;

import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Results as two files of comma-separated values: one of runs, with the setting in lines above
/// that begin with `#`, and one of single calls beside it. They are written line by line, so that
/// what was measured stays when the benchmark is ended.
public final class ResultFiles implements Sink, AutoCloseable {

    private static final String RUNS =
            "task,kind,contender,round,status,wall_ns,user_us,sys_us,peak_rss_kib,resident_kib,"
                    + "operations";
    private static final String CALLS =
            "task,contender,round,operation,calls,mean_ns,p50_ns,p99_ns,p999_ns,max_ns,above_1ms,overhead_ns";

    /// The same before calls above a millisecond were counted.
    private static final String UNCOUNTED_CALLS = CALLS.replace(",above_1ms", "");
    private static final String COMMENT = "# ";
    private static final String SEPARATOR = ": ";
    private static final String SUFFIX = ".csv";

    private final Lines runs;
    private final Lines calls;

    /// Begins both files anew.
    public ResultFiles(Path file, Map<String, String> setting) throws IOException {
        runs = new Lines(file, Files.newBufferedWriter(file));
        calls = new Lines(calls(file), Files.newBufferedWriter(calls(file)));
        for (Map.Entry<String, String> entry : setting.entrySet()) {
            runs.add(COMMENT + entry.getKey() + SEPARATOR + entry.getValue());
        }
        runs.add(RUNS);
        calls.add(CALLS);
    }

    /// A file that is written line by line. What goes wrong is told with its name.
    private record Lines(Path file, Writer writer) implements AutoCloseable {

        void add(String line) throws IOException {
            try {
                writer.write(line + "\n");
                writer.flush();
            } catch (IOException e) {
                throw new IOException("cannot write " + file + ": " + e.getMessage(), e);
            }
        }

        @Override
        public void close() throws IOException {
            writer.close();
        }
    }

    /// The file of single calls that belongs to a file of runs.
    public static Path calls(Path runs) {
        String name = runs.getFileName().toString();
        String stem =
                name.endsWith(SUFFIX) ? name.substring(0, name.length() - SUFFIX.length()) : name;
        return runs.resolveSibling(stem + "-calls" + SUFFIX);
    }

    @Override
    public void add(Sample sample) throws IOException {
        runs.add(
                CsvLine.of(
                        sample.task(),
                        sample.kind(),
                        sample.contender(),
                        sample.round(),
                        sample.status(),
                        sample.wallNs(),
                        sample.userUs(),
                        sample.sysUs(),
                        sample.peakKib(),
                        sample.residentKib(),
                        sample.operations()));
    }

    @Override
    public void add(Latency latency) throws IOException {
        calls.add(
                CsvLine.of(
                        latency.task(),
                        latency.contender(),
                        latency.round(),
                        latency.operation(),
                        latency.calls(),
                        String.format(Locale.ROOT, "%.1f", latency.mean()),
                        latency.p50(),
                        latency.p99(),
                        latency.p999(),
                        latency.most(),
                        latency.slow(),
                        latency.overhead()));
    }

    @Override
    public void close() throws IOException {
        try (calls) {
            runs.close();
        }
    }

    /// Reads what was written.
    ///
    /// @throws IllegalArgumentException if these are not such files
    public static Results read(Path file) throws IOException {
        List<String> lines = Files.readAllLines(file);
        Map<String, String> setting = new LinkedHashMap<>();
        int head = 0;
        while (head < lines.size() && lines.get(head).startsWith(COMMENT)) {
            String[] words = lines.get(head).substring(COMMENT.length()).split(SEPARATOR, 2);
            setting.put(words[0], words.length == 2 ? words[1] : "");
            head++;
        }
        Results results = new Results(setting);
        for (List<String> row : rows(file, lines.subList(head, lines.size()), RUNS)) {
            results.add(sample(row));
        }
        if (Files.exists(calls(file))) {
            Path callsFile = calls(file);
            List<String> calls = Files.readAllLines(callsFile);
            boolean isCounted = calls.isEmpty() || !calls.get(0).equals(UNCOUNTED_CALLS);
            for (List<String> row : rows(callsFile, calls, isCounted ? CALLS : UNCOUNTED_CALLS)) {
                results.add(latency(row, isCounted));
            }
        }
        return results;
    }

    private static List<List<String>> rows(Path file, List<String> lines, String head) {
        if (lines.isEmpty() || !lines.get(0).equals(head)) {
            throw new IllegalArgumentException(file + ": this is not a file of javalloc bench");
        }
        int columns = CsvLine.values(head).size();
        List<List<String>> rows =
                lines.subList(1, lines.size()).stream().map(CsvLine::values).toList();
        for (List<String> row : rows) {
            if (row.size() != columns) {
                throw new IllegalArgumentException(
                        file + ": " + columns + " values are wanted in each line, not " + row);
            }
        }
        return rows;
    }

    private static Sample sample(List<String> row) {
        return new Sample(
                row.get(0),
                Kind.of(row.get(1)),
                row.get(2),
                Integer.parseInt(row.get(3)),
                row.get(4),
                Long.parseLong(row.get(5)),
                Long.parseLong(row.get(6)),
                Long.parseLong(row.get(7)),
                Long.parseLong(row.get(8)),
                Long.parseLong(row.get(9)),
                Long.parseLong(row.get(10)));
    }

    private static Latency latency(List<String> row, boolean isCounted) {
        return new Latency(
                row.get(0),
                row.get(1),
                Integer.parseInt(row.get(2)),
                row.get(3),
                Long.parseLong(row.get(4)),
                Double.parseDouble(row.get(5)),
                Long.parseLong(row.get(6)),
                Long.parseLong(row.get(7)),
                Long.parseLong(row.get(8)),
                Long.parseLong(row.get(9)),
                isCounted ? Long.parseLong(row.get(10)) : Latency.UNCOUNTED,
                Double.parseDouble(row.get(row.size() - 1)));
    }
}
