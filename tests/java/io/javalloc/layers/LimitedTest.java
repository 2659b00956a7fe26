package io.javalloc.layers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.javalloc.Heap;
import io.javalloc.HeapCorruption;
import io.javalloc.TestRegion;
import io.javalloc.catalog.Catalog;
import io.javalloc.memory.Memory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LimitedTest {

    private static final long MAX = 10_000;

    /// Its usable sizes are powers of two.
    private final Heap inside = Catalog.create("zig-wasm", new TestRegion(4 << 20).region(), 0);

    private final Heap limited = new Limited(inside, MAX);

    private long liveBytes() {
        long[] sum = {0};
        inside.walk((address, usable) -> sum[0] += usable);
        return sum[0];
    }

    @Test
    void what_fits_exactly_is_served_and_a_byte_more_is_not() {
        assertNotEquals(0, limited.allocate(8192, 16));
        assertNotEquals(0, limited.allocate(1024, 16));
        assertNotEquals(0, limited.allocate(512, 16));
        assertNotEquals(0, limited.allocateZeroed(256, 16));
        assertNotEquals(0, limited.allocate(16, 16));
        assertEquals(10_000, liveBytes());
        assertEquals(0, limited.allocate(1, 16));
        assertEquals(0, limited.allocateZeroed(1, 16));
    }

    @Test
    void a_size_that_is_rounded_over_the_limit_is_refused() {
        assertEquals(0, limited.allocate(8193, 16), "it would become 16384");
        assertEquals(0, limited.allocateZeroed(8193, 16));
        assertEquals(0, liveBytes());
    }

    @Test
    void what_is_freed_can_be_had_again() {
        for (int i = 0; i < 100; i++) {
            long block = limited.allocate(8000, 16);
            assertNotEquals(0, block);
            limited.free(block);
        }
    }

    @Test
    void a_block_may_grow_into_what_it_leaves() {
        long block = limited.allocate(4096, 16);
        Memory.fill(block, 4096, (byte) 7);
        long grown = limited.reallocate(block, 8192);
        assertNotEquals(0, grown, "8192 of 10000, and the 4096 are given back");
        assertEquals(4096, Pattern.intact(grown, 4096, (byte) 7));
        assertEquals(8192, liveBytes());
    }

    @Test
    void a_block_that_must_not_grow_stays_as_it_was() {
        long block = limited.allocate(8000, 16);
        Memory.fill(block, 8000, (byte) 7);
        assertEquals(0, limited.reallocate(block, 10_001));
        assertEquals(0, limited.reallocate(block, 8193));
        assertEquals(0, limited.reallocate(block, Long.MAX_VALUE));
        assertEquals(8000, Pattern.intact(block, 8000, (byte) 7));
        limited.free(block);
        assertEquals(0, liveBytes());
    }

    @Test
    void a_block_that_becomes_smaller_leaves_room() {
        long block = limited.allocate(8000, 16);
        assertEquals(0, limited.allocate(4096, 16));
        assertNotEquals(0, limited.reallocate(block, 1000));
        assertNotEquals(0, limited.allocate(4096, 16));
    }

    @Test
    void the_sum_never_exceeds_the_limit_and_is_exact() {
        Random random = new Random(3);
        List<Long> blocks = new ArrayList<>();
        int refused = 0;
        for (int step = 0; step < 20_000; step++) {
            if (random.nextBoolean() || blocks.isEmpty()) {
                long block = limited.allocate(1 + random.nextInt(2000), 16);
                refused += block == 0 ? 1 : 0;
                blocks.add(block);
            } else if (random.nextBoolean()) {
                int at = random.nextInt(blocks.size());
                long moved = limited.reallocate(blocks.get(at), 1 + random.nextInt(4000));
                refused += moved == 0 ? 1 : 0;
                blocks.set(at, moved == 0 ? blocks.get(at) : moved);
            } else {
                limited.free(blocks.remove(random.nextInt(blocks.size())));
            }
            blocks.remove(0L);
            assertTrue(liveBytes() <= MAX);
        }
        assertTrue(refused > 1000, "the limit was reached");
        for (long block : blocks) {
            limited.free(block);
        }
        assertNotEquals(0, limited.allocate(8192, 16), "nothing is counted any more");
    }

    @Test
    void what_is_refused_to_be_freed_stays_counted() {
        long block = limited.allocate(8192, 16);
        assertThrows(HeapCorruption.class, () -> limited.free(block + 24));
        assertEquals(0, limited.allocate(4096, 16));
    }
}
