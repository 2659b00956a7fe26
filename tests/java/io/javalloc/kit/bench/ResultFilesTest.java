package io.javalloc.kit.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Raw results on disk.
class ResultFilesTest {

    private static final String HEAP = "segregated(64:pool(64), *:\"zig\")";
    private static final Sample SAMPLE =
            new Sample("server", Kind.START_UP, HEAP, 2, "signal 6", 1, 2, 3, 4, 5, 6);
    private static final Latency LATENCY =
            new Latency("server", HEAP, 1, "malloc", 10, 20.5, 1, 2, 3, 4, 5, 12.5);

    @TempDir private Path folder;

    @Test
    void what_is_written_is_read() throws IOException {
        Path file = folder.resolve("results.csv");
        Map<String, String> setting = Map.of("heap " + HEAP, "made: here");
        try (ResultFiles files = new ResultFiles(file, setting)) {
            files.add(SAMPLE);
            files.add(LATENCY);
        }
        Results results = ResultFiles.read(file);
        assertEquals(List.of(SAMPLE), results.samples());
        assertEquals(setting, results.setting(""));
        assertEquals(List.of(HEAP), results.heaps());
        assertEquals(List.of("malloc"), results.operations("server"));
        assertEquals(20.5, results.latency("server", HEAP, "malloc", Latency::mean).median());
        assertEquals(5, results.latency("server", HEAP, "malloc", Latency::slow).median());
    }

    /// The benchmark may be ended at any time.
    @Test
    void each_run_is_on_disk_when_it_has_ended() throws IOException {
        Path file = folder.resolve("results.csv");
        try (ResultFiles files = new ResultFiles(file, Map.of())) {
            files.add(SAMPLE);
            assertEquals(List.of(SAMPLE), ResultFiles.read(file).samples());
        }
    }

    @Test
    void a_file_that_cannot_be_written_is_named() throws IOException {
        Path file = Files.createSymbolicLink(folder.resolve("full.csv"), Path.of("/dev/full"));
        String message =
                assertThrows(IOException.class, () -> new ResultFiles(file, Map.of())).getMessage();
        assertTrue(message.startsWith("cannot write " + file), message);
    }

    @Test
    void results_from_before_slow_calls_were_counted_are_read() throws IOException {
        Path file = folder.resolve("results.csv");
        try (ResultFiles files = new ResultFiles(file, Map.of())) {
            files.add(SAMPLE);
        }
        Files.writeString(
                folder.resolve("results-calls.csv"),
                """
                task,contender,round,operation,calls,mean_ns,p50_ns,p99_ns,p999_ns,max_ns,overhead_ns
                server,glibc,1,malloc,10,20.5,1,2,3,4,12.5
                """);
        Results results = ResultFiles.read(file);
        assertEquals(12.5, results.overhead().median());
        assertEquals(
                Latency.UNCOUNTED,
                results.latency("server", "glibc", "malloc", Latency::slow).median());
    }

    @Test
    void another_file_is_refused() throws IOException {
        Path file = folder.resolve("other.csv");
        Files.writeString(file, "a,b\n1,2\n");
        IllegalArgumentException wrong =
                assertThrows(IllegalArgumentException.class, () -> ResultFiles.read(file));
        assertTrue(wrong.getMessage().contains("not a file of javalloc bench"));
    }
}
