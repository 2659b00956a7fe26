package io.javalloc.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/// Page runs do arithmetic only, so they are tested where there is no memory at all.
class PageRunsTest {

    private static final long BASE = 0x7f00_0000_0000L;
    private static final int LOG_PAGE = 12;
    private static final long PAGE = 1 << LOG_PAGE;
    private static final int PAGES = 512;

    private final Region region = new Region(BASE, PAGES * PAGE, (address, bytes) -> true);
    private final PageRuns runs = new PageRuns(region, Long.MAX_VALUE, LOG_PAGE);

    @Test
    void aFreedRunIsTakenAgainFromItsBeginning() {
        long first = runs.take(4, PAGE);
        runs.take(1, PAGE);
        runs.give(first);
        assertEquals(first, runs.take(3, PAGE));
        assertEquals(first + 3 * PAGE, runs.take(1, PAGE));
    }

    @Test
    void neighboursThatAreFreeAreOneRun() {
        long a = runs.take(1, PAGE);
        long b = runs.take(1, PAGE);
        long c = runs.take(1, PAGE);
        runs.take(1, PAGE);
        runs.give(a);
        runs.give(c);
        runs.give(b);
        runs.verify();
        assertEquals(a, runs.take(3, PAGE));
    }

    @Test
    void whatIsTooLargeIsRefused() {
        assertEquals(0, runs.take(PAGES + 1, PAGE));
        assertEquals(0, runs.take(runs.pagesFor(Long.MAX_VALUE), PAGE));
        assertEquals(BASE, runs.take(PAGES, PAGE));
        assertEquals(0, runs.take(1, PAGE));
    }

    @Test
    void anAlignmentThatLeadsFarBehindAllPagesIsRefused() {
        long base = 0x7000_0000_0000L; // 2^32 pages before the next multiple of 2^45
        Region there = new Region(base, PAGES * PAGE, (address, bytes) -> true);
        PageRuns some = new PageRuns(there, Long.MAX_VALUE, LOG_PAGE);
        long free = some.take(8, PAGE);
        some.take(1, PAGE);
        some.give(free);
        for (int log = 45; log < 63; log++) {
            assertEquals(0, some.take(1, 1L << log));
            some.verify();
        }
    }

    @Test
    void anAddressWithoutARunIsRefused() {
        long run = runs.take(3, PAGE);
        assertEquals(3, runs.pagesAt(run));
        assertEquals(0, runs.pagesAt(run + PAGE));
        assertEquals(0, runs.pagesAt(run + 1));
        assertEquals(0, runs.pagesAt(run - PAGE));
        assertThrows(IllegalArgumentException.class, () -> runs.give(run + PAGE));
        runs.give(run);
        assertThrows(IllegalArgumentException.class, () -> runs.give(run));
    }

    /// Each number is a step: what it does and how many pages it is about.
    @Property(edgeCases = EdgeCasesMode.NONE)
    void runsNeverOverlapAndAllOfThemComeBack(
            @ForAll @Size(max = 300) List<@IntRange(max = 4095) Integer> steps) {
        TreeMap<Long, Integer> live = new TreeMap<>();
        for (int step : steps) {
            int pages = 1 + step % 20;
            Long pick = live.isEmpty() ? null : live.ceilingKey(BASE + step % PAGES * PAGE);
            if (pick == null || step > 2400) {
                long run = runs.take(pages, PAGE << step % 4);
                if (run != 0) {
                    assertEquals(0, (run - BASE) % (PAGE << step % 4));
                    live.put(run, pages);
                }
            } else {
                runs.give(pick);
                live.remove(pick);
            }
            check(live);
        }
        for (long run : live.keySet()) {
            runs.give(run);
        }
        check(new TreeMap<>());
        assertEquals(BASE, runs.take(PAGES, PAGE));
        runs.give(BASE);
    }

    private void check(Map<Long, Integer> live) {
        runs.verify();
        Map<Long, Integer> shown = new TreeMap<>();
        runs.walk((address, bytes) -> shown.put(address, (int) (bytes >> LOG_PAGE)));
        assertEquals(live, shown);
        long end = BASE;
        for (Map.Entry<Long, Integer> run : live.entrySet()) {
            assertTrue(run.getKey() >= end, "overlap");
            end = run.getKey() + run.getValue() * PAGE;
        }
        assertTrue(end <= region.committed());
    }
}
