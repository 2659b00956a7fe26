package io.javalloc.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class JavaTableTest {

    private final JavaTable table = new JavaTable(1 << 4);
    private final Map<Long, Long> expected = new HashMap<>();

    private void assertSame() {
        Map<Long, Long> shown = new HashMap<>();
        for (long slot = 0; slot < table.slots(); slot++) {
            if (table.addressAt(slot) != 0) {
                assertEquals(null, shown.put(table.addressAt(slot), table.valueAt(slot)));
            }
        }
        assertEquals(expected, shown);
        assertEquals(expected.size(), table.count());
        for (Map.Entry<Long, Long> entry : expected.entrySet()) {
            assertTrue(table.contains(entry.getKey()));
            assertEquals(entry.getValue(), table.get(entry.getKey()));
        }
    }

    private void put(long address, long value) {
        assertTrue(table.makeRoom());
        table.put(address, value);
        expected.put(address, value);
    }

    @Test
    void it_knows_what_a_map_knows() {
        Random random = new Random(1);
        List<Long> addresses = new ArrayList<>();
        for (int step = 0; step < 20_000; step++) {
            boolean grows = step % 4_000 < 2_000;
            long address = 0x7f00_0000_0000L + 16L * random.nextInt(500);
            if (expected.containsKey(address)) {
                assertEquals(expected.get(address), table.get(address));
            } else if (random.nextInt(10) < (grows ? 7 : 3)) {
                put(address, random.nextInt());
                addresses.add(address);
            }
            if (!addresses.isEmpty() && random.nextInt(10) < (grows ? 3 : 7)) {
                long gone = addresses.remove(random.nextInt(addresses.size()));
                assertEquals(expected.remove(gone), table.remove(gone));
            }
            if (step % 100 == 0) {
                assertSame();
            }
        }
        assertSame();
    }

    @Test
    void what_is_not_there_is_absent() {
        put(32, 5);
        assertFalse(table.contains(16));
        assertEquals(JavaTable.ABSENT, table.get(16));
        assertEquals(JavaTable.ABSENT, table.remove(16));
        assertEquals(1, table.count());
    }

    @Test
    void it_grows_before_it_is_full() {
        for (int i = 1; i <= 10_000; i++) {
            put(i * 4096L, -i);
        }
        assertSame();
        assertTrue(table.slots() >= 20_000 && table.slots() <= 1 << 15);
    }
}
