package io.javalloc.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.javalloc.Heap;
import io.javalloc.HeapArguments;
import io.javalloc.HeapOption;
import io.javalloc.HeapProvider;
import io.javalloc.catalog.Catalog;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What users see of the commands: their help, their answers, and their words for mistakes.
class CommandsTest {

    private static final int WIDTH = 120;

    @TempDir private Path work;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        return Main.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
    }

    private static String[] words(String line) {
        return Pattern.compile(" ").split(line);
    }

    @ParameterizedTest
    @CsvSource({
        "heaps, --practical",
        "check, --seed=N",
        "check, --rule=NAME",
        "check, Exit status",
        "check, '  walk          walk() shows exactly the live blocks'",
        "bench, --csv=FILE",
        "bench, Exit status",
        "bench calls, Exit status",
        "bench calls, --milliseconds=N",
        "bench report, --from=CSV",
        "map, --output=FILE",
        "survey, --output=FOLDER",
    })
    void each_command_explains_its_options(String command, String option) {
        assertEquals(Status.OK, run(words(command + " --help")));
        assertTrue(out.toString().startsWith("Usage: javalloc " + command), out.toString());
        assertTrue(out.toString().contains(option), out.toString());
        out.toString().lines().forEach(line -> assertTrue(line.length() <= 100, line));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    check                             | Missing required option: '--heap=EXPR'; see: javalloc check --help
                    check --heap knr --seed x         | Invalid value for option '--seed': 'x' is not a long; see: javalloc check --help
                    check --heap knr --rule wrong     | there is no rule 'wrong'; there are: serves, alignment,
                    check --heap knr --classpath no   | --classpath: there is no 'no'
                    check --heap knr --classpath pom.xml | --classpath: 'pom.xml' is neither a jar nor a folder
                    check --heap knr --patience 0     | --patience: more than 0
                    check --heap knr --seconds -1     | --seconds: 0 or more
                    map --heap knr(mux=1) -o WORK/x   | heap 'knr(mux=1)', column 5: knr has no option 'mux'; it has: max
                    map --heap slob -o WORK/x         | heap 'slob', column 1: there is no heap 'slob'; there are:
                    map --heap knr -o WORK/no/x.svg   | cannot write WORK/no/x.svg: there is no such folder
                    map --heap knr -o WORK            | cannot write WORK: it is not a file that may be written
                    bench --heap knr --csv WORK/no/x  | cannot write WORK/no/x: there is no such folder
                    bench --heap knr --rounds 0       | --rounds: at least 1
                    bench --scale 0                   | --scale: more than 0
                    bench --timeout 0                 | --timeout: at least 1
                    bench --only start-up,nothing     | there is no task 'nothing'; there are: start-up,
                    bench --list --preload a=WORK/no  | --preload: there is no file WORK/no
                    bench --list --heap a --heap a    | two contenders have the same name: 'a'
                    bench --list --heap nope          | heap 'nope', column 1: there is no heap 'nope'
                    bench --only (                    | '(' is neither a task nor a regular expression: Unclosed group
                    map --heap knr --output=          | cannot write: the file's name is empty
                    bench calls                       | Missing required option: '--heap=EXPR'; see: javalloc bench calls --help
                    bench calls --heap knr --csv WORK/no/x  | cannot write WORK/no/x: there is no such folder
                    bench calls --heap knr --heap nope | heap 'nope', column 1: there is no heap 'nope'
                    bench calls --heap knr --heap knr | two contenders have the same name: 'knr'
                    bench calls --heap knr --rounds 0 | --rounds: at least 1
                    bench calls --heap knr --milliseconds 0 | --milliseconds: more than 0
                    bench report --from WORK/no       | --from: cannot read WORK/no
                    frobnicate                        | Unmatched argument at index 0: 'frobnicate'; see: javalloc --help
                    """)
    void mistakes_are_named_and_end_with_64(String line, String message) {
        String folder = work.toString();
        int status = run(words(line.replace("WORK", folder)));
        String expected = "javalloc: " + message.replace("WORK", folder);
        assertTrue(err.toString().contains(expected), err.toString());
        assertEquals(Status.USAGE, status);
        assertEquals("", out.toString());
    }

    @Test
    void what_the_build_lacks_is_named_and_ends_with_69() {
        String before = System.getProperty("javalloc.native");
        System.setProperty("javalloc.native", work.toString());
        try {
            assertEquals(Status.UNAVAILABLE, run("bench"));
            assertEquals(Status.UNAVAILABLE, run("bench", "calls", "--heap", "knr"));
        } finally {
            System.setProperty("javalloc.native", before);
        }
        assertTrue(err.toString().contains("measure is missing; javalloc build makes it"));
        assertTrue(err.toString().contains("operations is missing; javalloc build makes it"));
    }

    @Test
    void bench_lists_what_there_is_to_do() {
        assertEquals(Status.OK, run("bench", "--list", "--no-natives", "--heap", "knr"));
        assertTrue(out.toString().contains("\nserver "), out.toString());
        assertTrue(out.toString().contains("\nglibc "), out.toString());
        assertTrue(out.toString().contains("\nknr "), out.toString());
        out.toString().lines().forEach(line -> assertTrue(line.length() <= WIDTH, line));
    }

    /// As on a disk that is full.
    @ParameterizedTest
    @ValueSource(strings = {"heaps", "heaps --practical", "bench --list", "check --help"})
    void output_that_is_lost_is_told_and_ends_with_74(String line) {
        OutputStream full =
                new OutputStream() {
                    @Override
                    public void write(int b) throws IOException {
                        throw new IOException("no space left");
                    }
                };
        PrintWriter lost = new PrintWriter(full, true, StandardCharsets.UTF_8);
        assertEquals(Status.IO, Main.run(lost, new PrintWriter(err, true), words(line)));
        assertTrue(err.toString().contains("standard output cannot be written"), err.toString());
    }

    @Test
    void heaps_lists_all_of_them_in_120_columns() {
        assertEquals(Status.OK, run("heaps"));
        String text = out.toString();
        for (HeapProvider provider : Catalog.providers()) {
            assertTrue(text.contains("\n" + provider.name()), provider.name());
            assertTrue(text.contains(provider.summary()), provider.name());
            provider.options().forEach(o -> assertTrue(text.contains(o.name() + "=" + o.value())));
        }
        text.lines().forEach(line -> assertTrue(line.length() <= WIDTH, line));
        assertFalse(text.contains("  ?  "), "all can be made");
        assertTrue(text.contains("Programs come to slab as it is"), text);
        assertTrue(text.contains("so is the buffer of glibc's"), text);
    }

    @Test
    void heaps_tells_what_programs_run_on() {
        assertEquals(Status.OK, run("heaps", "--practical"));
        assertTrue(out.toString().contains("knr\tknr\n"), out.toString());
        assertTrue(out.toString().contains("locked\tlocked(slab)\n"), out.toString());
    }

    @Test
    void a_heap_of_the_users_own_is_found() throws IOException {
        Path services = Files.createDirectories(work.resolve("META-INF/services"));
        Files.writeString(
                services.resolve("io.javalloc.HeapProvider"),
                "io.javalloc.kit.PlantedHeaps$Provider\n");
        assertEquals(Status.OK, run("heaps", "--classpath", work.toString()));
        assertTrue(out.toString().contains("\nplanted "), out.toString());
    }

    /// Who is wrong is told, and why; the others are there all the same.
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    PLACE$NamedLikeKnr    | PLACE$NamedLikeKnr gives its heap the name 'knr', which is that of a built-in one
                    PLACE$NamedWithABlank | PLACE$NamedWithABlank gives its heap the name 'my heap'; a name is letters
                    PLACE$NamedNull       | PLACE$NamedNull.name() returns null
                    PLACE$HasNullOptions  | PLACE$HasNullOptions.options() returns null
                    PLACE$Throws          | PLACE$Throws throws java.lang.IllegalStateException: no options today at PLACE$Throws.options
                    PLACE$CannotBeMade    | cannot be loaded: Provider PLACE$CannotBeMade could not be instantiated: java.lang.IllegalStateException: nor this
                    PLACE                 | PLACE not a subtype of HeapProvider; a class Provider in it is PLACE$Provider
                    Nope                  | cannot be loaded: Provider Nope not found
                    """)
    void a_heap_that_cannot_be_chosen_leaves_the_others(String provider, String message)
            throws IOException {
        Path services = Files.createDirectories(work.resolve("META-INF/services"));
        String place = CommandsTest.class.getName();
        Files.writeString(
                services.resolve("io.javalloc.HeapProvider"),
                provider.replace("PLACE", place) + "\nio.javalloc.kit.PlantedHeaps$Provider\n");
        assertEquals(Status.USAGE, run("heaps", "--classpath", work.toString()));
        assertTrue(err.toString().contains(message.replace("PLACE", place)), err.toString());
        assertTrue(out.toString().contains("\nplanted "), out.toString());
        String map = work.resolve("x.svg").toString();
        run("map", "--heap", "mine", "--classpath", work.toString(), "-o", map);
        String absent = err.toString().substring(err.toString().indexOf("there is no heap 'mine'"));
        assertTrue(absent.contains(message.replace("PLACE", place)), absent);
    }

    @Test
    void a_provider_that_makes_nothing_is_told() throws IOException {
        Path services = Files.createDirectories(work.resolve("META-INF/services"));
        Files.writeString(
                services.resolve("io.javalloc.HeapProvider"), MakesNothing.class.getName() + "\n");
        String map = work.resolve("x.svg").toString();
        String place = work.toString();
        assertEquals(
                Status.USAGE, run("map", "--heap", "nothing", "--classpath", place, "-o", map));
        String expected = "heap 'nothing', column 1: the provider's create() returns null";
        assertTrue(err.toString().contains(expected), err.toString());
    }

    /// `javac -d` alone makes no heap that is found.
    @Test
    void a_class_path_that_names_no_heap_is_refused() throws IOException {
        Files.createFile(work.resolve("Mine.class"));
        assertEquals(Status.USAGE, run("heaps", "--classpath", work.toString()));
        String expected = "'" + work + "' names no HeapProvider in META-INF/services/io.javalloc";
        assertTrue(err.toString().contains(expected), err.toString());
    }

    private abstract static class Named implements HeapProvider {

        private final String name;

        Named(String name) {
            this.name = name;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public String summary() {
            return "for a test";
        }

        @Override
        public Heap create(HeapArguments arguments) {
            throw new IllegalStateException("nobody wants it");
        }
    }

    public static final class NamedLikeKnr extends Named {
        public NamedLikeKnr() {
            super("knr");
        }
    }

    public static final class NamedWithABlank extends Named {
        public NamedWithABlank() {
            super("my heap");
        }
    }

    public static final class NamedNull extends Named {
        public NamedNull() {
            super(null);
        }
    }

    public static final class HasNullOptions extends Named {
        public HasNullOptions() {
            super("faulty");
        }

        @Override
        public List<HeapOption> options() {
            return null;
        }
    }

    public static final class Throws extends Named {
        public Throws() {
            super("faulty");
        }

        @Override
        public List<HeapOption> options() {
            throw new IllegalStateException("no options today");
        }
    }

    public static final class MakesNothing extends Named {
        public MakesNothing() {
            super("nothing");
        }

        @Override
        public Heap create(HeapArguments arguments) {
            return null;
        }
    }

    public static final class CannotBeMade extends Named {
        public CannotBeMade() {
            super("faulty");
            throw new IllegalStateException("nor this");
        }
    }

    @Test
    void a_map_is_written_where_it_is_wanted() throws IOException {
        Path file = work.resolve("knr.svg");
        assertEquals(Status.OK, run("map", "--heap", "knr", "-o", file.toString()));
        assertTrue(Files.readString(file).startsWith("<svg"));
        assertTrue(out.toString().matches("\\Q" + file + "\\E: 1,\\d+ live blocks, .*\\R"));
        assertEquals("", err.toString());
    }

    @Test
    void a_map_of_a_heap_that_serves_nothing_has_no_figure_for_a_byte() throws IOException {
        Path file = work.resolve("none.svg");
        String heap = "failing(knr,rate=1)";
        assertEquals(Status.OK, run("map", "--heap", heap, "-o", file.toString()));
        assertTrue(out.toString().contains("bytes taken, nothing is live"), out.toString());
        assertTrue(Files.readString(file).contains("bytes taken, nothing is live"));
    }

    @Test
    void a_file_that_cannot_be_written_to_its_end_ends_with_74() {
        assertEquals(Status.IO, run("map", "--heap", "knr", "-o", "/dev/full"));
        assertTrue(err.toString().contains("cannot write /dev/full: "), err.toString());
        assertEquals("", out.toString());
    }

    @Test
    void a_report_is_written_with_its_page_or_not_at_all() {
        Path report = work.resolve("report.md");
        String[] command =
                words("bench report --from docs/bench/results.csv -o REPORT --html /tmp");
        command[5] = report.toString();
        assertEquals(Status.USAGE, run(command));
        assertTrue(err.toString().contains("cannot write /tmp: "), err.toString());
        assertFalse(Files.exists(report));
    }

    @Test
    void a_map_tells_what_the_heap_could_not_serve() throws IOException {
        Path file = work.resolve("small.svg");
        assertEquals(Status.OK, run("map", "--heap", "knr(max=64k)", "-o", file.toString()));
        assertTrue(err.toString().contains("requests were answered with 0"), err.toString());
        assertTrue(Files.readString(file).contains("requests were answered with 0"));
    }
}
