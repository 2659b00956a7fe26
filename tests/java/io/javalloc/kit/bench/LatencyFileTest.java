package io.javalloc.kit.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

/// What `workloads-timed` writes becomes percentiles.
class LatencyFileTest {

    private static List<Latency> rows(String... lines) {
        return new LatencyFile(List.of(lines)).rows("server", "knr", 2);
    }

    @Test
    void percentiles_count_calls() {
        List<Latency> rows =
                rows(
                        "javalloc-latency 1",
                        "overhead 12.5",
                        "malloc 20.4 9000",
                        "malloc 100.0 990",
                        "malloc 900.0 9",
                        "malloc 1000.0 1",
                        "free 30.0 1");
        assertEquals(2, rows.size());
        Latency malloc = rows.get(0);
        assertEquals("malloc", malloc.operation());
        assertEquals(10000, malloc.calls());
        assertEquals(20, malloc.p50());
        assertEquals(100, malloc.p99());
        assertEquals(100, malloc.p999());
        assertEquals(1000, malloc.most());
        assertEquals(28.81, malloc.mean(), 0.01);
        assertEquals(12.5, malloc.overhead());
        assertEquals(
                new Latency("server", "knr", 2, "free", 1, 30, 30, 30, 30, 30, 0, 12.5),
                rows.get(1));
    }

    @Test
    void calls_above_a_millisecond_are_counted() {
        List<Latency> rows =
                rows(
                        "javalloc-latency 1",
                        "overhead 12.5",
                        "late 20.0 1000000",
                        "late 900000.0 5",
                        "late 1100000.0 2",
                        "late 30000000.0 1");
        assertEquals(3, rows.get(0).slow());
        assertEquals(1000008, rows.get(0).calls());
    }

    @Test
    void another_file_is_refused() {
        assertThrows(IllegalArgumentException.class, () -> new LatencyFile(List.of()));
        assertThrows(IllegalArgumentException.class, () -> rows("malloc 20 1"));
        assertThrows(
                IllegalArgumentException.class, () -> rows("javalloc-latency 1", "malloc 1 2 3"));
    }
}
