package io.javalloc.kit.bench.calls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.javalloc.kit.bench.calls.Samples.Sample;
import io.javalloc.kit.survey.Survey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A script stands for the program that measures: it tells what it was given.
class BenchmarkTest {

    private static final String PROGRAM =
            """
            #!/bin/sh
            echo run >>"$0.runs"
            round=$(wc -l <"$0.runs")
            case ${JAVALLOC_HEAP-none} in
            none) printf 'pair,1,10\\npeak,0,1000\\n' ;;
            slow) printf 'pair,1,%d0\\npair,2,-\\nempty,1,5\\npeak,0,3000\\n' "$round" ;;
            dies) echo 'pair,1,30'; echo 'javalloc[7]: it hurts' >&2; exit 134 ;;
            slob) echo "javalloc[7]: heap 'slob', column 1: there is no heap" >&2; exit 64 ;;
            *) printf 'malloc,1,20\\nfree,1,25\\npeak,0,4000\\n' ;;
            esac
            """;

    @TempDir private Path build;

    @BeforeEach
    void makeTheBuild() throws IOException {
        Path program = build.resolve("tests/bench/operations");
        Files.createDirectories(program.getParent());
        Files.createDirectories(build.resolve("lib"));
        Files.writeString(build.resolve("lib/libjavalloc.so"), "");
        Files.writeString(program, PROGRAM);
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private Samples run(List<String> heaps, int rounds, List<String> told) throws Exception {
        return new Benchmark(build, "", 1).run(heaps, rounds, told::add, told::add);
    }

    @Test
    void contenders_take_turns_and_the_median_counts() throws Exception {
        List<String> told = new ArrayList<>();
        Samples samples = run(List.of("slow"), 3, told);
        // libc ran as the 1st, 3rd and 5th, the heap as the 2nd, 4th and 6th.
        assertEquals(40, samples.median("slow", new Figure("pair", 1)));
        assertEquals(20, samples.spread("slow", new Figure("pair", 1)));
        assertEquals(10, samples.median(Benchmark.LIBC, new Figure("pair", 1)));
        assertEquals(List.of("round 1 of 3: glibc", "round 1 of 3: slow"), told.subList(0, 2));
    }

    @Test
    void what_could_not_be_served_or_was_not_measured_is_no_number() throws Exception {
        Samples samples = run(List.of("slow"), 2, new ArrayList<>());
        assertEquals(Double.NaN, samples.median("slow", new Figure("pair", 2)));
        assertEquals(Double.NaN, samples.median(Benchmark.LIBC, new Figure("empty", 1)));
        assertTrue(samples.csv().contains("\"slow\",pair,2,1,\n"), samples.csv());
        assertTrue(samples.csv().contains("\"glibc\",pair,1,2,10.0\n"), samples.csv());
    }

    @Test
    void figures_are_shown_thread_by_thread_and_the_process_at_the_end() throws Exception {
        List<Figure> expected =
                List.of(
                        new Figure("empty", 1),
                        new Figure("pair", 1),
                        new Figure("pair", 2),
                        Figure.PEAK);
        assertEquals(expected, run(List.of("slow"), 1, new ArrayList<>()).figures());
    }

    @Test
    void a_heap_that_ends_the_program_is_told_and_what_was_measured_stays() throws Exception {
        List<String> told = new ArrayList<>();
        Samples samples = run(List.of("dies"), 1, told);
        assertEquals(30, samples.median("dies", new Figure("pair", 1)));
        assertTrue(told.toString().contains("dies: exit status 134"), told.toString());
        assertTrue(told.toString().contains("it hurts"), told.toString());
    }

    @Test
    void a_wrong_expression_is_explained_in_the_words_of_the_program() {
        IllegalArgumentException wrong =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> run(List.of("slob"), 1, new ArrayList<>()));
        assertEquals("heap 'slob', column 1: there is no heap", wrong.getMessage());
    }

    @Test
    void a_survey_goes_over_all_heaps() throws Exception {
        Path docs = build.resolve("docs");
        new Survey(new Benchmark(build, "", 1), 1, "javalloc survey").write(docs, told -> {});
        String page = Files.readString(docs.resolve("heaps.md"));
        assertTrue(page.contains("| `knr` | `knr` | 16 | 128 | 20 | 25 | 2."), page);
        assertTrue(page.contains("| `zig-wasm` | `zig-wasm` | 0 | 128 | 20 | 25 | 1."), page);
        assertTrue(page.contains("| `locked` | `locked(slab)` | 0 |"), page);
        assertTrue(page.contains("![knr](maps/knr.svg)"), page);
        assertTrue(Files.readString(docs.resolve("maps/knr.svg")).startsWith("<svg"));
        assertTrue(Files.readString(docs.resolve("heaps-bench.csv")).contains("\"knr\",malloc,1,"));
        String space = Files.readString(docs.resolve("heaps-space.csv"));
        assertTrue(space.contains("\nknr,\"knr\",80,64,128,112,19"), space);
    }

    @Test
    void a_sample_knows_where_it_comes_from() throws Exception {
        Sample first = run(List.of("slow"), 1, new ArrayList<>()).all().get(0);
        assertEquals(new Sample(Benchmark.LIBC, new Figure("pair", 1), 1, 10), first);
    }
}
