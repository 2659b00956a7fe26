package io.javalloc.kit.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The programs of the build at a small scale on glibc, and tasks of the test's own that fail on
/// one contender. Heaps are tried by CTest, as they need the packed jar.
class RoundsTest {

    private static final Path BUILD =
            Path.of(System.getProperty("javalloc.native", "target/native")).toAbsolutePath();
    private static final double SMALL = 0.002;
    private static final int PATIENCE = 60;

    @TempDir private Path folder;

    private final List<String> told = new ArrayList<>();
    private final List<String> troubles = new ArrayList<>();

    private Results run(Suite suite, List<Contender> contenders, int rounds, int seconds)
            throws IOException, InterruptedException {
        Results results = new Results(Map.of());
        new Rounds(suite, contenders, rounds, seconds, true).run(results, told::add, troubles::add);
        return results;
    }

    private static Contender contender(String name, String value) {
        return new Contender(name, false, null, Map.of("WHO", value));
    }

    private Suite shell(String name, String script) {
        Task task =
                new Task(
                        name,
                        Kind.PROGRAM,
                        "",
                        List.of("/bin/sh", "-c", script),
                        List.of(),
                        false,
                        null);
        return new Suite(BUILD.resolve("tests/bench"), List.of(task), List.of());
    }

    @Test
    void every_task_is_done_on_glibc() throws Exception {
        Suite suite = Suite.of(BUILD, SMALL);
        Results results = run(suite, List.of(Contender.glibc()), 1, PATIENCE);
        assertEquals(List.of(), troubles);
        assertEquals(suite.tasks().size(), results.samples().size());
        for (Sample sample : results.samples()) {
            assertEquals(Sample.OK, sample.status(), sample.toString());
            assertTrue(sample.wallNs() > 0 && sample.peakKib() > 0, sample.toString());
            assertEquals(sample.kind() != Kind.PROGRAM, sample.operations() > 0, sample.toString());
            boolean isTimed = !results.operations(sample.task()).isEmpty();
            assertEquals(sample.kind() == Kind.WORKLOAD, isTimed, sample.toString());
        }
        assertEquals(12, results.tasks(Kind.WORKLOAD).size());
    }

    /// Else figures of two contenders would not be of the same thing.
    @Test
    void a_workload_is_the_same_work_each_time() throws Exception {
        Suite suite = Suite.of(BUILD, SMALL).only(List.of("random-sizes", "server"));
        Results results = run(suite, List.of(Contender.glibc()), 2, PATIENCE);
        for (String task : results.tasks(Kind.WORKLOAD)) {
            List<Long> operations =
                    results.samples().stream()
                            .filter(sample -> sample.task().equals(task))
                            .map(Sample::operations)
                            .toList();
            assertEquals(operations.get(0), operations.get(1), task);
        }
    }

    @Test
    void contenders_take_turns_and_another_one_begins_each_time() throws Exception {
        Results results =
                run(shell("nothing", ":"), List.of(contender("a", ""), contender("b", "")), 2, 9);
        assertEquals(
                List.of("a", "b", "b", "a"),
                results.samples().stream().map(Sample::contender).toList());
        assertEquals("round 1 of 2: nothing on a", told.get(2));
    }

    @Test
    void who_fails_is_recorded_with_how_it_failed() throws Exception {
        Suite suite =
                shell(
                        "trial",
                        "case $WHO in exits) echo why >&2; exit 3 ;; dies) kill -6 $$ ;; esac");
        Results results =
                run(
                        suite,
                        List.of(
                                contender("well", "well"),
                                contender("exits", "exits"),
                                contender("dies", "dies")),
                        1,
                        PATIENCE);
        assertEquals("", results.failure("trial", "well"));
        assertEquals("exit 3", results.failure("trial", "exits"));
        assertEquals("signal 6", results.failure("trial", "dies"));
        assertTrue(troubles.contains("trial on exits: exit 3, why"), troubles.toString());
        assertTrue(troubles.contains("trial on dies: signal 6"), troubles.toString());
        assertEquals(Summary.NONE, results.summary("trial", "exits", Quantity.WALL));
    }

    @Test
    void who_prints_something_else_has_failed() throws Exception {
        Results results =
                run(
                        shell("trial", "echo $WHO"),
                        List.of(contender("a", "1"), contender("b", "1"), contender("c", "2")),
                        1,
                        PATIENCE);
        assertEquals("", results.failure("trial", "b"));
        assertEquals("other output", results.failure("trial", "c"));
    }

    @Test
    void who_takes_too_long_is_ended_with_all_its_processes_and_not_tried_again() throws Exception {
        Path pids = folder.resolve("pids");
        Suite suite = shell("hang", "sleep 600 & echo $! >>" + pids + "; wait");
        Results results = run(suite, List.of(contender("a", "")), 3, 1);
        assertEquals(Sample.TIMEOUT, results.failure("hang", "a"));
        assertEquals(1, results.samples().size());
        List<String> sleepers = Files.readAllLines(pids);
        assertEquals(1, sleepers.size());
        ProcessHandle.of(Long.parseLong(sleepers.get(0)))
                .ifPresent(left -> assertTrue(left.info().command().isEmpty(), "it runs on"));
    }

    @Test
    void a_library_that_cannot_be_loaded_is_refused_before_all() throws Exception {
        Path library = folder.resolve("libno.so");
        Files.writeString(library, "no library");
        Contender wrong = Contender.preloaded("no", library);
        IllegalArgumentException refused =
                assertThrows(
                        IllegalArgumentException.class,
                        () -> run(shell("nothing", ":"), List.of(wrong), 1, PATIENCE));
        assertTrue(refused.getMessage().contains(library.toString()), refused.getMessage());
    }

    /// A script of the program's name does not count: it may be a wrapper.
    @Test
    void programs_that_are_not_installed_are_left_out_and_named() throws Exception {
        Path wrapper = folder.resolve("perl");
        Files.writeString(wrapper, "#!/bin/sh\n");
        assertTrue(wrapper.toFile().setExecutable(true));
        Programs none = new Programs(folder, 1, folder.toString());
        assertEquals(List.of(), none.tasks());
        assertEquals(
                List.of(
                        "gcc",
                        "python3",
                        "sqlite3",
                        "perl",
                        "lua5.4",
                        "redis-server",
                        "redis-benchmark"),
                none.missing());
        Files.copy(Path.of("/bin/sh"), folder.resolve("lua"));
        Programs one = new Programs(folder, 1, folder.toString());
        assertEquals(List.of("lua"), one.tasks().stream().map(Task::name).toList());
    }

    @Test
    void a_task_that_is_not_there_is_named_with_those_that_are() {
        Suite suite = Suite.of(BUILD, SMALL);
        assertEquals(2, suite.only(List.of("threads-.*", "short-threads")).tasks().size());
        IllegalArgumentException wrong =
                assertThrows(
                        IllegalArgumentException.class, () -> suite.only(List.of("no-such-task")));
        assertTrue(wrong.getMessage().contains("there are: start-up, pairs-64,"));
    }
}
