package io.javalloc.layers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.javalloc.Heap;
import io.javalloc.TestRegion;
import io.javalloc.catalog.Catalog;
import io.javalloc.memory.Memory;
import org.junit.jupiter.api.Test;

class FailingTest {

    private static Heap create(String expression) {
        return Catalog.create(expression, new TestRegion(4 << 20).region(), 0);
    }

    /// Which of so many allocations are refused, one character each.
    private static String pattern(Heap heap, int count) {
        StringBuilder pattern = new StringBuilder();
        for (int i = 0; i < count; i++) {
            pattern.append(heap.allocate(16, 16) == 0 ? 'x' : '.');
        }
        return pattern.toString();
    }

    @Test
    void exactly_each_nth_allocation_is_refused() {
        assertEquals("...x...x...x..", pattern(create("failing(zig-wasm, every=4)"), 14));
        assertEquals("xxx", pattern(create("failing(zig-wasm, 1)"), 3));
    }

    @Test
    void every_way_to_a_new_block_counts() {
        Heap heap = create("failing(zig-wasm, 3)");
        long block = heap.allocate(16, 16);
        assertNotEquals(0, heap.allocateZeroed(16, 16));
        assertEquals(0, heap.reallocate(block, 100), "the third");
        long grown = heap.reallocate(block, 100);
        assertNotEquals(0, grown);
        assertNotEquals(0, heap.allocate(16, 16));
        assertEquals(0, heap.allocateZeroed(16, 16), "the sixth");
    }

    @Test
    void a_block_that_is_refused_to_grow_stays_as_it_was() {
        Heap heap = create("failing(zig-wasm, 2)");
        long block = heap.allocate(100, 16);
        Memory.fill(block, 100, (byte) 5);
        assertEquals(0, heap.reallocate(block, 200));
        assertEquals(100, Pattern.intact(block, 100, (byte) 5));
        heap.free(block);
    }

    @Test
    void what_does_not_grow_neither_fails_nor_counts() {
        Heap heap = create("failing(zig-wasm, 2)");
        long block = heap.allocate(1000, 16);
        for (int i = 0; i < 10; i++) {
            block = heap.reallocate(block, 1024 - i * 50);
            assertNotEquals(0, block);
        }
        heap.free(block);
        assertEquals("x.x", pattern(heap, 3));
    }

    @Test
    void a_rate_is_kept_in_the_long_run() {
        String pattern = pattern(create("failing(zig-wasm, rate=0.1)"), 50_000);
        double refused = pattern.replace(".", "").length();
        assertEquals(5_000, refused, 300);
        assertEquals(-1, pattern(create("failing(zig-wasm, rate=0)"), 1000).indexOf('x'));
        assertEquals(-1, pattern(create("failing(zig-wasm, rate=1)"), 1000).indexOf('.'));
    }

    @Test
    void the_same_seed_refuses_the_same() {
        String usual = pattern(create("failing(zig-wasm, rate=0.3)"), 1000);
        String seven = pattern(create("failing(zig-wasm, rate=0.3, seed=7)"), 1000);
        assertEquals(usual, pattern(create("failing(zig-wasm, rate=0.3, seed=0)"), 1000));
        assertEquals(seven, pattern(create("failing(zig-wasm, rate=0.3, seed=7)"), 1000));
        assertNotEquals(usual, seven);
    }
}
