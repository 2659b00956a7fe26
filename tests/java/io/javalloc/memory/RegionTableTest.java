package io.javalloc.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.javalloc.TestRegion;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RegionTableTest {

    private static final long FIRST = Region.PAGE;

    private final TestRegion memory = new TestRegion(32 * Region.PAGE);
    private final RegionTable table = new RegionTable(memory.region());

    @AfterEach
    void close() {
        memory.close();
    }

    private Map<Long, Long> walked() {
        Map<Long, Long> entries = new HashMap<>();
        table.walk((address, value) -> assertEquals(null, entries.put(address, value)));
        return entries;
    }

    @Test
    void whatWasPutInIsFoundUntilItIsRemoved() {
        assertEquals(RegionTable.ABSENT, table.get(16));
        assertTrue(table.put(16, 1));
        assertTrue(table.put(32, 0));
        assertEquals(1, table.get(16));
        assertEquals(0, table.get(32));
        assertTrue(table.put(16, 5), "another value");
        assertEquals(2, table.count());
        assertEquals(5, table.remove(16));
        assertEquals(RegionTable.ABSENT, table.get(16));
        assertEquals(RegionTable.ABSENT, table.remove(16));
        assertEquals(1, table.count());
    }

    @Test
    void theAddress0IsNeverThere() {
        assertEquals(RegionTable.ABSENT, table.get(0));
        assertEquals(RegionTable.ABSENT, table.remove(0));
        assertEquals(0, table.count());
        table.verify();
    }

    /// Few addresses, near each other and far apart, so that they are put where others were.
    @Test
    void aStreamOfChangesLeavesWhatAMapHas() {
        Random random = new Random(13);
        Map<Long, Long> expected = new HashMap<>();
        for (int step = 0; step < 200_000; step++) {
            int most = step < 100_000 ? 3_000 : 12_000;
            long address = (1L + random.nextInt(most)) * (random.nextBoolean() ? 16L : 1L << 20);
            if (random.nextInt(5) < 3) {
                assertTrue(table.put(address, step));
                expected.put(address, (long) step);
            } else {
                Long value = expected.remove(address);
                assertEquals(value == null ? RegionTable.ABSENT : value, table.remove(address));
            }
            assertEquals(expected.size(), table.count());
            if (step % 20_000 == 0) {
                table.verify();
                assertEquals(expected, walked());
            }
        }
        table.verify();
        assertEquals(expected, walked());
        for (long address : expected.keySet()) {
            assertEquals(expected.get(address), table.get(address));
        }
        memory.assertUncommittedIsUntouched();
    }

    @Test
    void itGrowsBehindItselfAsAddressesCome() {
        assertEquals(FIRST, memory.committedBytes());
        for (long i = 1; i <= 2048; i++) {
            assertTrue(table.put(i << 12, i));
        }
        assertEquals(FIRST, memory.committedBytes());
        assertTrue(table.put(16, 1));
        assertEquals(3 * FIRST, memory.committedBytes());
        assertEquals(2049, table.count());
        table.verify();
    }

    @Test
    void withoutMemoryItStaysAsItWas() {
        memory.refuseBeyond(FIRST);
        long count = 0;
        while (table.put((count + 1) << 4, count)) {
            count++;
        }
        assertEquals(2048, count);
        assertEquals(count, table.count());
        assertEquals(count, walked().size());
        assertTrue(table.put(16, 9), "another value needs no memory");
        table.remove(32);
        assertTrue(table.put(1 << 20, 9), "there is room for one more after a removal");
        assertFalse(table.put(32, 9));
        table.verify();
        memory.refuseNothing();
        assertTrue(table.put(32, 9));
        table.verify();
    }

    @Test
    void withoutMemoryForTheFirstThereIsNone() {
        try (TestRegion other = new TestRegion(4 * Region.PAGE).refuseBeyond(0)) {
            assertThrows(IllegalStateException.class, () -> new RegionTable(other.region()));
        }
    }

    @Test
    void verifyFindsAnEntryThatCannotBeFound() {
        for (long i = 1; i <= 100; i++) {
            table.put(i << 12, i);
        }
        for (long entry = memory.base(); entry < memory.base() + FIRST; entry += 16) {
            long address = Memory.getLong(entry);
            if (address != 0) {
                Memory.putLong(entry, 0x4141414141414140L);
                assertThrows(IllegalStateException.class, table::verify);
                Memory.putLong(entry, 0);
                assertThrows(IllegalStateException.class, table::verify);
                Memory.putLong(entry, address);
            }
        }
        table.verify();
    }
}
