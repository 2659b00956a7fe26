package io.javalloc.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.javalloc.kit.PlantedHeaps;
import io.javalloc.kit.PlantedHeaps.Fault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// `javalloc check` as a process, on heaps that take their process along: the rule, the call and
/// the place are told, and the next rule is tried.
class CheckProcessTest {

    @TempDir private static Path heaps;

    @BeforeAll
    static void registerThePlantedHeaps() throws IOException {
        Path services = Files.createDirectories(heaps.resolve("META-INF/services"));
        Files.writeString(
                services.resolve("io.javalloc.HeapProvider"),
                PlantedHeaps.Provider.class.getName() + "\n");
    }

    private static Command.Outcome check(String heap, String... more) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("check", "--heap", heap));
        arguments.addAll(List.of("--classpath", heaps.toString()));
        arguments.addAll(List.of("--seed=42", "--seconds=0.5"));
        arguments.addAll(List.of(more));
        return Command.run(arguments);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    LOOPS              | free(Sized)?\\(base \\+ 0x\\w+(, \\d+)?\\) does not come back: no progress for 3 s, in call \\d+ of this rule\\R +step \\d+: .*\\R +rule \\(runnable\\) is at\\R +PlantedHeaps.*PlantedHeaps.java:\\d+
                    EXITS              | free(Sized)?\\(base \\+ 0x\\w+(, \\d+)?\\) ends the Java process\\R +step \\d+: .*\\R +rule .* is at\\R +PlantedHeaps.*free
                    HALTS              | free(Sized)?\\(base \\+ 0x\\w+(, \\d+)?\\) ends the Java process with status 6; call \\d+
                    EATS_THE_JAVA_HEAP | free(Sized)?\\(base \\+ 0x\\w+(, \\d+)?\\) throws OutOfMemoryError|The Java heap is full
                    CRASHES_OUTSIDE    | free(Sized)?\\(base \\+ 0x\\w+(, \\d+)?\\) crashes Java: SIGSEGV at 0x40, outside of the region, in PlantedHeaps.*free; call \\d+
                    WRITES_WHERE_NOTHING_IS_COMMITTED | allocate\\(.*\\) crashes Java: SIGSEGV at base \\+ 0x3ffffff8, where the region is not committed, in PlantedHeaps.*allocate
                    """)
    void what_would_end_the_process_is_told(Fault fault, String words) throws Exception {
        int patience = fault == Fault.LOOPS ? 3 : 60; // a full Java heap is collected for long
        Command.Outcome outcome =
                check(
                        fault.expression(),
                        "--rule=contents",
                        "--rule=serves",
                        "--patience=" + patience);
        String text = outcome.output();
        assertEquals(1, outcome.status(), text);
        assertTrue(Pattern.compile("broken  contents .*\\R +" + words).matcher(text).find(), text);
        assertTrue(text.contains("ok      serves "), "the next rule is tried\n" + text);
        String again =
                "again: javalloc check --heap '"
                        + fault.expression()
                        + "' --classpath "
                        + heaps
                        + " --rule contents --seed 42\n";
        assertTrue(text.contains(again), text);
        assertTrue(text.endsWith("2 rules: 1 ok, 0 with a note, 1 broken\n"), text);
    }

    @Test
    void a_heap_that_only_says_that_it_is_thread_safe_is_found() throws Exception {
        Command.Outcome outcome =
                check(Fault.CLAIMS_TO_BE_THREAD_SAFE.expression(), "--rule", "threads");
        assertEquals(1, outcome.status(), outcome.output());
        assertTrue(outcome.output().contains("broken  threads "), outcome.output());
    }

    @Test
    void a_crash_that_is_the_programs_fault_is_a_note() throws Exception {
        Command.Outcome outcome =
                check(Fault.FOLLOWS_WHAT_PROGRAMS_WRITE.expression(), "--rule", "damage");
        assertEquals(0, outcome.status(), outcome.output());
        assertTrue(outcome.output().contains("note    damage "), outcome.output());
        assertTrue(outcome.output().contains("crashes Java: SIGSEGV at "), outcome.output());
    }

    /// The rule wrote numbers and text only, which no heap takes for the address of a free block.
    @Test
    void a_list_that_a_program_leads_in_a_circle_is_a_note() throws Exception {
        Command.Outcome outcome =
                check(Fault.FOLLOWS_A_CIRCLE.expression(), "--rule=damage", "--patience=3");
        assertEquals(0, outcome.status(), outcome.output());
        assertTrue(outcome.output().contains("note    damage "), outcome.output());
        assertTrue(outcome.output().contains("does not come back"), outcome.output());
        assertTrue(outcome.output().contains(" of a freed block of 24 bytes: "), outcome.output());
    }

    @Test
    void a_shipped_heap_passes_all_rules() throws Exception {
        Command.Outcome outcome = check("zig-wasm");
        assertEquals(0, outcome.status(), outcome.output());
        assertTrue(outcome.output().contains("20 rules: 20 ok, 0 with a note, 0 broken"));
    }

    @Test
    void what_the_heap_prints_is_shown() throws Exception {
        Command.Outcome outcome = check(Fault.PRINTS.expression(), "--rule", "serves");
        assertEquals(0, outcome.status(), outcome.output());
        assertTrue(outcome.output().contains("| made by hand\n"), outcome.output());
    }

    @Test
    void of_what_the_heap_prints_with_each_call_little_is_shown() throws Exception {
        Command.Outcome outcome =
                check(Fault.PRINTS_WITH_EACH_CALL.expression(), "--rule=serves", "--rule=overlap");
        assertEquals(0, outcome.status(), outcome.output());
        String shown = "( +\\| allocates \\d+\n){10} +\\| \\.\\.\\. \\d+ more lines\n";
        Pattern both = Pattern.compile("serves .*\n" + shown + ".* overlap .*\n" + shown);
        assertTrue(both.matcher(outcome.output()).find(), outcome.output());
    }
}
