package io.javalloc.layers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.javalloc.Heap;
import io.javalloc.TestRegion;
import io.javalloc.catalog.Catalog;
import io.javalloc.memory.Memory;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TracedTest {

    private final TestRegion memory = new TestRegion(4 << 20);
    private final Heap inner = Catalog.create("zig-wasm", memory.region(), 0);
    private final Traced heap = new Traced(inner);

    @AfterEach
    void close() {
        memory.close();
    }

    private Map<Long, Long> bytesByPlace() {
        Map<Long, Long> bytes = new HashMap<>();
        heap.walkPlaces((place, size) -> bytes.merge(place, size, Long::sum));
        return bytes;
    }

    @Test
    void the_live_blocks_have_their_places_and_the_sizes_that_were_asked_for() {
        heap.allocate(10, 16, false, 1);
        heap.allocate(20, 16, true, 1);
        heap.free(heap.allocate(30, 16, false, 2));
        heap.allocate(5_000, 4096, false, 3);
        heap.allocate(7, 16);
        assertEquals(Map.of(1L, 30L, 3L, 5_000L, 0L, 7L), bytesByPlace());
    }

    @Test
    void a_block_that_is_resized_belongs_to_the_place_that_did_it() {
        long block = heap.allocate(10, 16, false, 1);
        block = heap.reallocate(block, 20_000, 2);
        assertEquals(Map.of(2L, 20_000L), bytesByPlace());
        heap.reallocate(block, 8, 3);
        assertEquals(Map.of(3L, 8L), bytesByPlace());
    }

    @Test
    void all_usable_bytes_may_be_written_without_harm_to_the_note() {
        for (long size = 1; size < 300; size++) {
            long block = heap.allocate(size, 16, false, size);
            long usable = heap.usableSize(block);
            assertTrue(usable >= size);
            Memory.fill(block, usable, (byte) 0xff);
            assertEquals(Map.of(size, size), bytesByPlace());
            heap.free(block);
        }
    }

    @Test
    void the_contents_are_kept_when_a_block_moves() {
        long block = heap.allocate(100, 16, false, 1);
        Memory.fill(block, 100, (byte) 42);
        block = heap.reallocate(block, 100_000, 1);
        for (int i = 0; i < 100; i++) {
            assertEquals(42, Memory.getByte(block + i));
        }
    }

    @Test
    void what_is_too_large_is_refused() {
        assertEquals(0, heap.allocate(Long.MAX_VALUE - 16, 16));
        assertEquals(0, heap.allocate(1L << 62, 1L << 62));
        long block = heap.allocate(100, 16);
        assertNotEquals(0, block);
        assertEquals(0, heap.reallocate(block, Long.MAX_VALUE - 16));
        assertEquals(0, heap.reallocate(block, Long.MAX_VALUE));
        assertEquals(Map.of(0L, 100L), bytesByPlace());
    }
}
