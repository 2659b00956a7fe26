package io.javalloc.kit.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.javalloc.kit.bench.ResultFiles;
import io.javalloc.kit.bench.Results;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

/// Pages from fixed results: two workloads and a program, on glibc, a native allocator and a heap
/// that wins, loses and fails.
class ReportTest {

    private static final String RUNS =
            """
            # machine: 1 x <test>
            # heap my(heap, 1): of the test
            # native fast: fast 1.0
            task,kind,contender,round,status,wall_ns,user_us,sys_us,peak_rss_kib,resident_kib,operations
            start-up,start-up,glibc,1,ok,100000000,1,1,1024,0,2
            start-up,start-up,fast,1,ok,100000000,1,1,1024,0,2
            start-up,start-up,"my(heap, 1)",1,ok,200000000,1,1,1024,0,2
            won,workload,glibc,1,ok,1000000000,500000,500000,2048,1024,10
            won,workload,fast,1,ok,400000000,400000,0,2048,1024,10
            won,workload,"my(heap, 1)",1,ok,400000000,400000,0,4096,3072,10
            won,workload,"my(heap, 1)",2,ok,600000000,400000,0,4096,3072,10
            won,workload,glibc,2,ok,1000000000,500000,500000,2048,1024,10
            lost,workload,glibc,1,ok,1000000000,900000,0,2048,1024,10
            lost,workload,fast,1,ok,800000000,900000,0,2048,1024,10
            lost,workload,"my(heap, 1)",1,ok,2000000000,900000,0,2048,1024,10
            tried,program,glibc,1,ok,1000000000,900000,0,2048,0,0
            tried,program,fast,1,ok,1000000000,900000,0,2048,0,0
            tried,program,"my(heap, 1)",1,signal 6,10,0,0,2048,0,0
            """;

    private static final String CALLS =
            """
            task,contender,round,operation,calls,mean_ns,p50_ns,p99_ns,p999_ns,max_ns,above_1ms,overhead_ns
            won,glibc,1,malloc,10,20.0,11,22,33,44000,0,12.4
            won,glibc,1,first,10,123.0,11,22,33,44000,0,12.4
            won,"my(heap, 1)",1,malloc,10,20.0,15,25,35,45000000,1,12.4
            won,"my(heap, 1)",1,late,2000000,20.0,15,25,35,5600000,3,12.4
            """;

    private static final List<String> REASONS =
            List.of("# Why", "", "## lost", "It asks", "for more.", "", "## other", "Not here.");

    @TempDir private Path folder;
    private Results results;

    @BeforeEach
    void read() throws IOException {
        Path file = folder.resolve("r.csv");
        Files.writeString(file, RUNS);
        Files.writeString(ResultFiles.calls(file), CALLS);
        results = ResultFiles.read(file);
    }

    private String markdown() {
        return Report.markdown(results, new Reasons(REASONS), "the test");
    }

    private void assertHas(String line) {
        assertTrue(markdown().contains("\n" + line + "\n"), line + "\nis not in\n" + markdown());
    }

    @Test
    void medians_spreads_and_factors_are_right() {
        assertHas("| won | 1.00 | 0.40 x0.40 | 0.50 +-0.10 x0.50 |");
        assertHas("| lost | 1.00 | 0.80 x0.80 | 2.00 x2.00 |");
        assertHas("| won | 2.0 | 2.0 x1.00 | 4.0 x2.00 |");
    }

    /// The means: of 0.5 and 2; less start-up, of 0.3/0.9 and 1.8/0.9.
    @Test
    void means_are_geometric_and_tell_what_they_lack() {
        assertHas(
                "| my(heap, 1) | x1.00 | x0.82 | - (0/1) | - (0/1) | x0.63, - (0/1) | x1.41 | - (0/1) |");
        assertHas("| glibc | x1.00 | x1.00 | x1.00 | x1.00 | x1.00, x1.00 | x1.00 | x1.00 |");
    }

    @Test
    void where_a_heap_loses_stands_beside_where_it_wins_with_the_reason() {
        assertHas("| won | x0.50 | x1.25 fast | x0.40 | x2.00 | (nobody has looked into it) |");
        assertHas("| lost | x2.00 | x2.50 fast | x1.00 | x1.00 | It asks for more. |");
        assertHas("| tried | signal 6 | - glibc | - | - | (nobody has looked into it) |");
        String page = markdown();
        int wins = page.indexOf("## Where my(heap, 1) wins against glibc");
        int loses = page.indexOf("## Where my(heap, 1) loses against glibc");
        assertTrue(wins > 0 && wins < page.indexOf("| won | x0.50"));
        assertTrue(
                page.indexOf("| won | x0.50") < loses
                        && loses < page.indexOf("| lost | x2.00 | x2"));
    }

    /// 0.9 s and 1.1 s are a tenth from their median: a heap that takes a twentieth more is level.
    @Test
    void what_is_nearer_than_the_noise_is_level() throws IOException {
        String rows = "";
        for (int round = 1; round <= 2; round++) {
            long wall = round == 1 ? 900_000_000 : 1_100_000_000;
            rows += "near,workload,glibc," + round + ",ok," + wall + ",1,1,1,1,1\n";
            rows += "near,workload,h," + round + ",ok," + (wall + 60_000_000) + ",1,1,1,1,1\n";
        }
        Path file = folder.resolve("near.csv");
        String head =
                RUNS.lines().filter(line -> line.startsWith("task,")).findFirst().orElseThrow();
        Files.writeString(file, "# heap h: of the test\n" + head + "\n" + rows);
        results = ResultFiles.read(file);
        assertHas("## Where h is level with glibc\n1 of 1 tasks.");
        assertHas("## Where h loses against glibc\nNowhere.");
    }

    @Test
    void who_failed_is_shown_as_failed() {
        assertHas("| tried | 1.00 | 1.00 x1.00 | failed: signal 6 |");
        assertTrue(Report.html(results, new Reasons(REASONS), "t").contains("failed: signal 6"));
    }

    @Test
    void single_calls_are_shown_with_what_the_clock_takes() {
        assertHas("| won | 11 22 33 44k | - - - - | 15 25 35 45M |");
        assertHas("| won | 123 | - | - |");
        assertHas("| won | - | - | 3 of 2000k; 5.6 ms |");
        assertTrue(markdown().contains("Reading the clock takes 12 ns"));
    }

    @Test
    void the_same_results_make_the_same_pages() throws IOException {
        String before = markdown();
        String page = Report.html(results, new Reasons(REASONS), "the test");
        read();
        assertEquals(before, markdown());
        assertEquals(page, Report.html(results, new Reasons(REASONS), "the test"));
    }

    @Test
    void the_page_for_browsers_needs_nothing_else_and_is_well_formed() throws Exception {
        String page = Report.html(results, new Reasons(REASONS), "the test");
        Document document =
                DocumentBuilderFactory.newInstance()
                        .newDocumentBuilder()
                        .parse(new InputSource(new StringReader(page)));
        assertEquals(12, document.getElementsByTagName("svg").getLength());
        assertTrue(page.contains("1 x &lt;test&gt;"), page);
        assertTrue(page.contains("prefers-color-scheme: dark"), page);
        for (String reference : List.of("http", "src=", "href=", "url(", "@import", "<script")) {
            assertFalse(page.contains(reference), reference);
        }
    }

    @Test
    void without_glibc_there_is_nothing_to_compare_with() {
        Results none = new Results(Map.of());
        assertThrows(
                IllegalArgumentException.class,
                () -> Report.markdown(none, new Reasons(List.of()), "the test"));
    }
}
