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
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class RandomizedTest {

    private final TestRegion memory = new TestRegion(4 << 20);
    private final Heap inside = Catalog.create("zig-wasm", memory.region(), 0);
    private final Heap heap = randomized(memory, inside, 42);

    private static Heap randomized(TestRegion memory, Heap inside, int seed) {
        return new Randomized.Provider().create(memory.around(inside).with("seed", seed));
    }

    /// The offsets of so many new blocks in the region.
    private static List<Long> places(String expression, int count) {
        TestRegion memory = new TestRegion(4 << 20);
        Heap heap = Catalog.create(expression, memory.region(), 0);
        List<Long> places = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            places.add(heap.allocate(64, 16) - memory.base());
        }
        return places;
    }

    private static Set<Long> shown(Heap heap) {
        Set<Long> shown = new TreeSet<>();
        heap.walk((address, usable) -> shown.add(address));
        return shown;
    }

    @Test
    void neighbours_in_time_are_no_neighbours_in_memory() {
        int neighbours = 0;
        List<Long> places = places("randomized(zig-wasm, 1)", 1000);
        for (int i = 1; i < places.size(); i++) {
            neighbours += places.get(i) - places.get(i - 1) == 64 ? 1 : 0;
        }
        assertTrue(neighbours < 100, neighbours + " of 1000");
        assertEquals(1000, new HashSet<>(places).size());
    }

    @Test
    void a_freed_block_is_not_the_next_to_be_handed_out() {
        int same = 0;
        long block = heap.allocate(64, 16);
        for (int i = 0; i < 1000; i++) {
            heap.free(block);
            long next = heap.allocate(64, 16);
            same += next == block ? 1 : 0;
            block = next;
        }
        assertTrue(same < 100, same + " of 1000");
    }

    @Test
    void a_seed_decides_and_without_one_each_run_is_another() {
        List<Long> one = places("randomized(zig-wasm, 1)", 50);
        assertEquals(one, places("randomized(zig-wasm, seed=1)", 50));
        assertNotEquals(one, places("randomized(zig-wasm, 2)", 50));
        List<Long> any = places("randomized(zig-wasm)", 50);
        assertNotEquals(any, places("randomized(zig-wasm)", 50));
        List<Long> zero = places("randomized(zig-wasm, seed=0)", 50);
        assertEquals(zero, places("randomized(zig-wasm, seed=0)", 50), "a seed as any other");
    }

    @Test
    void blocks_that_are_held_back_are_not_shown_and_not_used() {
        long block = heap.allocate(64, 16);
        assertEquals(Set.of(block), shown(heap));
        assertTrue(shown(inside).size() > 1);
        heap.free(block);
        assertEquals(Set.of(), shown(heap));
        assertThrows(HeapCorruption.class, () -> heap.free(block));
        assertThrows(HeapCorruption.class, () -> heap.reallocate(block, 10));
        HeapCorruption found = assertThrows(HeapCorruption.class, () -> heap.usableSize(block));
        assertEquals(
                "This block has already been freed: 0x" + Long.toHexString(block),
                found.getMessage());
    }

    @Test
    void large_and_aligned_blocks_come_as_they_are() {
        heap.allocate(HeldBlocks.MAX_SIZE + 1, 16);
        heap.allocate(64, 64);
        assertEquals(shown(inside), shown(heap));
    }

    @Test
    void an_aligned_block_that_is_freed_before_others_of_its_size_are_wanted_is_not_lost() {
        heap.free(heap.allocate(1000, 1024));
        heap.allocate(1000, 16);
        heap.trim(0);
        assertEquals(1, shown(inside).size());
    }

    @Test
    void zeroed_blocks_are_zero() {
        for (int i = 0; i < 200; i++) {
            long block = heap.allocate(500, 16);
            Memory.fill(block, 500, (byte) 7);
            heap.free(block);
            long zeroed = heap.allocateZeroed(500, 16);
            assertEquals(500, Pattern.intact(zeroed, 500, (byte) 0));
        }
        long large = heap.allocateZeroed(100_000, 16);
        assertEquals(100_000, Pattern.intact(large, 100_000, (byte) 0));
    }

    @Test
    void a_trim_gives_back_what_is_held() {
        heap.free(heap.allocate(64, 16));
        heap.trim(0);
        assertEquals(Set.of(), shown(inside));
    }

    @Test
    void when_there_is_no_memory_what_is_held_is_given_back() {
        TestRegion small = new TestRegion(4 * 65536);
        Heap all = Catalog.create("zig-wasm", small.region(), 0);
        Heap full = randomized(small, all, 1);
        for (int zeroed = 0; zeroed < 2; zeroed++) {
            full.free(full.allocate(20_000, 16));
            assertNotEquals(Set.of(), shown(all));
            long large =
                    zeroed == 0 ? full.allocate(200_000, 16) : full.allocateZeroed(200_000, 16);
            assertNotEquals(0, large);
            assertEquals(0, full.allocate(10, 16));
            full.free(large);
        }
        int blocks = 0;
        while (full.allocate(32_000, 16) != 0) {
            blocks++;
        }
        assertEquals(8, blocks, "none is held back from who needs it");
    }

    @Test
    void a_block_that_is_held_and_gone_inside_is_found_by_verify() {
        Heap knr = Catalog.create("knr", memory.region(), 0);
        Heap around = randomized(memory, knr, 1);
        long block = around.allocate(64, 16);
        around.free(block);
        around.verify();
        knr.free(block);
        assertThrows(HeapCorruption.class, around::verify);
    }
}
