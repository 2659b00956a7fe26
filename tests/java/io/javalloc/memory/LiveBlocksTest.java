package io.javalloc.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/// The table knows addresses only, so it is tested where there is no memory at all.
class LiveBlocksTest {

    private static final long BASE = 0x7f00_0000_0000L;
    private static final long GRAIN = 16;
    private static final int GRAINS = 3 * 4096;

    private final LiveBlocks live = new LiveBlocks(BASE, 4);

    private static long at(long grain) {
        return BASE + grain * GRAIN;
    }

    private static Map<Long, Long> walked(LiveBlocks live) {
        Map<Long, Long> blocks = new TreeMap<>();
        live.walk(blocks::put);
        return blocks;
    }

    /// Blocks that a plain map says are live; the steps make, free and resize some.
    @Property(tries = 100, edgeCases = EdgeCasesMode.NONE)
    void itKnowsWhatAMapOfTheBlocksKnows(
            @ForAll @Size(max = 120) List<@IntRange(max = GRAINS - 1) Integer> places,
            @ForAll @IntRange(min = 1, max = 6000) int longest) {
        LiveBlocks live = new LiveBlocks(BASE, 4); // jqwik keeps the field from try to try
        TreeMap<Long, Long> expected = new TreeMap<>();
        for (int place : places) {
            long address = at(place);
            long bytes = (1 + place * 31L % longest) * GRAIN;
            Map.Entry<Long, Long> before = expected.lowerEntry(address + bytes);
            boolean isTaken = before != null && before.getKey() + before.getValue() > address;
            assertEquals(isTaken, live.touches(address, bytes));
            if (!isTaken) {
                live.add(address, bytes);
                expected.put(address, bytes);
            } else if (place % 2 == 0) {
                live.remove(before.getKey(), before.getValue());
                expected.remove(before.getKey());
            } else {
                live.resize(before.getKey(), before.getValue(), GRAIN);
                expected.put(before.getKey(), GRAIN);
            }
            assertEquals(expected.getOrDefault(address, 0L), live.bytesAt(address));
            assertEquals(hasEdge(expected, address, bytes), live.hasEdge(address, bytes));
        }
        assertEquals(expected, walked(live));
        assertEquals(0, live.overlapped());
    }

    private static boolean hasEdge(Map<Long, Long> blocks, long address, long bytes) {
        for (Map.Entry<Long, Long> block : blocks.entrySet()) {
            long last = block.getKey() + block.getValue() - GRAIN;
            if (block.getKey() >= address && block.getKey() < address + bytes
                    || last >= address && last < address + bytes) {
                return true;
            }
        }
        return false;
    }

    @Test
    void anAddressWhereNoBlockStartsHasNoBytes() {
        live.add(at(1), 100 * GRAIN);
        assertEquals(100 * GRAIN, live.bytesAt(at(1)));
        long[] addresses = {
            at(0),
            at(1) + 1,
            at(1) + 8,
            at(2),
            at(100),
            at(101),
            at(4097),
            at(1 << 20),
            BASE - GRAIN,
            0,
            16,
            -1,
            -16,
            Long.MIN_VALUE,
            Long.MAX_VALUE,
        };
        for (long address : addresses) {
            assertEquals(0, live.bytesAt(address), Long.toHexString(address));
        }
    }

    @Test
    void aBlockMayBeLongerThanTheRowsThatThereAre() {
        live.add(at(4095), 1L << 36);
        assertEquals(1L << 36, live.bytesAt(at(4095)));
        assertTrue(live.touches(at(1 << 24), GRAIN), "amidst of it");
        assertFalse(live.hasEdge(at(1 << 24), GRAIN));
        assertFalse(live.touches(at(0), 4095 * GRAIN));
        live.remove(at(4095), 1L << 36);
        assertEquals(Map.of(), walked(live));
    }

    @Test
    void whatTheTableHasNoRowForIsRefusedUntilOneIsLeftByOthers() {
        LiveBlocks small = new LiveBlocks(BASE, 4, forRows(2));
        long[] rows = {at(0), at(4096), at(2 * 4096)};
        assertTrue(small.add(rows[0], GRAIN));
        assertTrue(small.add(rows[1], GRAIN));
        assertFalse(small.add(rows[2], GRAIN));
        assertFalse(small.resize(rows[1], GRAIN, 5000 * GRAIN));
        assertEquals(Map.of(rows[0], GRAIN, rows[1], GRAIN), walked(small));
        small.remove(rows[0], GRAIN);
        assertTrue(small.add(rows[2], GRAIN));
        assertFalse(small.add(rows[0], GRAIN));
        assertEquals(Map.of(rows[1], GRAIN, rows[2], GRAIN), walked(small));
    }

    /// Enough for so many rows, and not for one more.
    private static Budget forRows(int rows) {
        return new Budget((rows + 1) * LiveBlocks.ROW_BYTES - 1);
    }

    /// Each took half of Java's memory, and two of them all.
    @Test
    void whatOneTableTakesAnotherCannotHave() {
        Budget budget = forRows(3);
        LiveBlocks one = new LiveBlocks(BASE, 4, budget);
        LiveBlocks other = new LiveBlocks(BASE, 4, budget);
        assertTrue(one.add(at(0), GRAIN));
        assertTrue(one.add(at(4096), GRAIN));
        assertTrue(other.add(at(0), GRAIN));
        assertFalse(other.add(at(4096), GRAIN));
        assertFalse(one.add(at(2 * 4096), GRAIN));
        assertTrue(one.add(at(4097), GRAIN), "where there is a row");
    }

    /// The arrays of rows were not counted.
    @Test
    void aRowFarAwayTakesThoseBeforeItFromTheBudget() {
        LiveBlocks small = new LiveBlocks(BASE, 4, forRows(2));
        assertFalse(small.add(at(4096L << 10), GRAIN));
        assertTrue(small.add(at(0), GRAIN));
    }

    /// The list of spare rows grew when blocks were freed, where no memory is the end.
    @Test
    void aBlockThatIsFreedNeedsNoJavaMemory() {
        int rows = 1000;
        for (int row = 0; row < rows; row++) {
            assertTrue(live.add(at(4096L * row), GRAIN));
        }
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int row = 0; row < rows; row++) {
            live.remove(at(4096L * row), GRAIN);
        }
        long bytes = threads.getCurrentThreadAllocatedBytes() - before;
        assertTrue(bytes < rows, () -> bytes + " bytes");
    }

    @Test
    void aBlockInsideOfAnotherOneIsFound() {
        live.add(at(10), 10 * GRAIN);
        live.add(at(20), 10 * GRAIN);
        assertEquals(0, live.overlapped());
        live.add(at(25), 2 * GRAIN);
        assertEquals(at(20), live.overlapped());
    }
}
