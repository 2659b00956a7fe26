package io.javalloc.layers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.javalloc.Heap;
import io.javalloc.HeapCorruption;
import io.javalloc.TestRegion;
import io.javalloc.catalog.Catalog;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import io.javalloc.memory.RegionTable;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TracedTest {

    /// As many as there is room for in a table of one page.
    private static final int NOTES = 2048;

    private final TestRegion memory = new TestRegion(4 << 20);
    private final Region[] parts = memory.region().split(Region.PAGE);
    private final RegionTable notes = new RegionTable(parts[1]);
    private final Traced heap = around("zig-wasm");

    private Traced around(String expression) {
        return new Traced(new Locked(Catalog.create(expression, parts[0], 0), 0), notes);
    }

    @AfterEach
    void close() {
        memory.close();
    }

    private static Map<Long, Long> bytesByPlace(Traced heap) {
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
        assertEquals(Map.of(1L, 30L, 3L, 5_000L, 0L, 7L), bytesByPlace(heap));
    }

    @Test
    void a_block_that_is_resized_belongs_to_the_place_that_did_it() {
        long block = heap.allocate(10, 16, false, 1);
        block = heap.reallocate(block, 20_000, 2);
        assertEquals(Map.of(2L, 20_000L), bytesByPlace(heap));
        heap.reallocate(block, 8, 3);
        assertEquals(Map.of(3L, 8L), bytesByPlace(heap));
        assertEquals(1, notes.count());
    }

    @Test
    void what_was_freed_has_no_note() {
        heap.free(heap.allocate(10, 16, false, 1));
        assertEquals(0, notes.count());
    }

    /// The notes lay behind the blocks once, so that the heaps inside saw larger ones.
    @Test
    void blocks_are_what_they_are_without_notes() {
        try (TestRegion other = new TestRegion(4 << 20)) {
            Heap plain = Catalog.create("zig-wasm", other.region(), 0);
            for (long size = 1; size < 5000; size = size * 5 / 4 + 1) {
                long traced = heap.allocate(size, 16, false, 1);
                long untraced = plain.allocate(size, 16);
                assertEquals(untraced - other.base(), traced - memory.base());
                assertEquals(plain.usableSize(untraced), heap.usableSize(traced));
            }
        }
    }

    @Test
    void a_canary_inside_sees_the_first_byte_behind_the_size_that_was_asked_for() {
        Traced guarded = around("canary(zig-wasm)");
        long block = guarded.allocate(32, 16, false, 1);
        assertEquals(32, guarded.usableSize(block));
        Memory.putByte(block + 32, (byte) ~Memory.getByte(block + 32)); // guards differ in each run
        assertThrows(HeapCorruption.class, () -> guarded.free(block));
    }

    @Test
    void what_a_zeroed_block_grows_by_is_zero() {
        Traced zeroed = around("zeroed(zig-wasm)");
        long block = zeroed.reallocate(zeroed.allocate(40, 16, false, 1), 200, 1);
        assertEquals(200, Pattern.intact(block, 200, (byte) 0));
    }

    @Test
    void blocks_without_room_for_a_note_are_served_and_their_place_is_not_known() {
        long[] blocks = new long[NOTES + 10];
        for (int i = 0; i < blocks.length; i++) {
            blocks[i] = heap.allocate(100, 16, false, 5);
            assertNotEquals(0, blocks[i]);
        }
        long usable = heap.usableSize(blocks[0]);
        assertEquals(Map.of(5L, 100L * NOTES, 0L, 10 * usable), bytesByPlace(heap));
        for (long block : blocks) {
            heap.free(block);
        }
        assertEquals(Map.of(), bytesByPlace(heap));
        heap.allocate(100, 16, false, 5);
        assertEquals(Map.of(5L, 100L), bytesByPlace(heap));
    }

    @Test
    void a_place_that_does_not_fit_into_a_note_is_not_known() {
        long block = heap.allocate(100, 16, false, 1L << 20);
        assertEquals(Map.of(0L, 100L), bytesByPlace(heap));
        heap.reallocate(block, 99, (1L << 20) - 1);
        assertEquals(Map.of((1L << 20) - 1, 99L), bytesByPlace(heap));
    }

    @Test
    void the_contents_are_kept_when_a_block_moves() {
        long block = heap.allocate(100, 16, false, 1);
        Memory.fill(block, 100, (byte) 42);
        block = heap.reallocate(block, 100_000, 1);
        assertEquals(100, Pattern.intact(block, 100, (byte) 42));
    }

    @Test
    void what_is_too_large_is_refused() {
        assertEquals(0, heap.allocate(Long.MAX_VALUE - 16, 16));
        assertEquals(0, heap.allocate(1L << 62, 1L << 62));
        long block = heap.allocate(100, 16);
        assertNotEquals(0, block);
        assertEquals(0, heap.reallocate(block, Long.MAX_VALUE - 16));
        assertEquals(0, heap.reallocate(block, Long.MAX_VALUE));
        assertEquals(Map.of(0L, 100L), bytesByPlace(heap));
    }
}
