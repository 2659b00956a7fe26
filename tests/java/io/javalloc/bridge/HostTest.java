package io.javalloc.bridge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Host mode: the C conformance rules hold for the `javalloc_` functions inside a Java program, on
/// every heap.
class HostTest {

    private static final List<String> HEAPS = List.of("slab", "knr");

    private static final List<String> PROGRAMS =
            List.of(
                    "standard",
                    "aligned",
                    "usable",
                    "model",
                    "overlap",
                    "threads",
                    "short-threads");

    private record Outcome(int status, String output) {}

    static Stream<Arguments> every_program_on_every_heap() {
        return HEAPS.stream()
                .flatMap(heap -> PROGRAMS.stream().map(program -> Arguments.of(program, heap)));
    }

    @ParameterizedTest(name = "{0} on {1}")
    @MethodSource
    void every_program_on_every_heap(String program, String heap) throws Exception {
        Outcome outcome = host(heap, NativeBuild.hosted(program));
        assertEquals(0, outcome.status(), outcome.output());
        assertTrue(outcome.output().contains("ok " + program), outcome.output());
    }

    @Test
    void an_unknown_heap_is_an_exception_that_names_the_known_ones() throws Exception {
        Outcome outcome = host("no-such-heap", NativeBuild.hosted("usable"));
        assertEquals(1, outcome.status());
        assertTrue(outcome.output().contains("IllegalArgumentException"), outcome.output());
        assertTrue(outcome.output().contains("zig-pages, zig-wasm"), outcome.output());
    }

    private static Outcome host(String heap, Path library)
            throws IOException, InterruptedException {
        String classes = System.getProperty("java.class.path");
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-cp", classes));
        command.add(HostProgram.class.getName());
        command.addAll(List.of(NativeBuild.library().toString(), heap, library.toString()));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("EXPECT_JAVALLOC", "1");
        builder.environment().put("SCALE", heap.equals("knr") ? "0.1" : "0.5");
        File output = File.createTempFile("host", ".log");
        try {
            Process process = builder.redirectOutput(output).start();
            boolean ended = process.waitFor(120, TimeUnit.SECONDS);
            process.destroyForcibly();
            String text = Files.readString(output.toPath());
            return new Outcome(ended ? process.exitValue() : -1, text);
        } finally {
            assertTrue(output.delete());
        }
    }
}
