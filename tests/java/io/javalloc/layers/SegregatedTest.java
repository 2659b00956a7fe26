package io.javalloc.layers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.javalloc.Heap;
import io.javalloc.TestRegion;
import io.javalloc.catalog.Catalog;
import io.javalloc.memory.Memory;
import org.junit.jupiter.api.Test;

class SegregatedTest {

    private final TestRegion memory = new TestRegion(6 << 20);
    private final Segregated heap = create("segregated(64:knr(max=1k), 4k:zig-wasm, *:knr)");

    private Segregated create(String expression) {
        return (Segregated) Catalog.create(expression, memory.region(), 0);
    }

    private int part(long address) {
        assertNotEquals(0, address);
        return heap.parts().indexOf(heap.partOf(address));
    }

    @Test
    void the_first_heap_whose_bound_is_not_below_the_size_serves() {
        assertEquals(0, part(heap.allocate(1, 16)));
        assertEquals(0, part(heap.allocateZeroed(64, 16)));
        assertEquals(1, part(heap.allocate(65, 16)));
        assertEquals(1, part(heap.allocateZeroed(4096, 16)));
        assertEquals(2, part(heap.allocate(4097, 16)));
        assertEquals(2, part(heap.allocate(1 << 20, 16)));
    }

    @Test
    void a_large_alignment_counts_as_a_size() {
        assertEquals(1, part(heap.allocate(16, 128)));
        assertEquals(2, part(heap.allocate(16, 8192)));
        assertEquals(0, part(heap.allocate(16, 64)));
    }

    @Test
    void when_a_heap_is_full_the_next_larger_serves() {
        int small = 0;
        while (part(heap.allocate(64, 16)) == 0) {
            small++;
        }
        assertEquals(12, small, "1024 bytes with 16 for each header");
        assertEquals(1, part(heap.allocate(64, 16)));
    }

    @Test
    void nothing_is_larger_than_the_last_bound() {
        Heap bounded = create("segregated(64:knr, 4k:knr)");
        assertNotEquals(0, bounded.allocate(4096, 16));
        assertEquals(0, bounded.allocate(4097, 16));
        assertEquals(0, bounded.reallocate(bounded.allocate(64, 16), 4097));
    }

    @Test
    void a_block_that_grows_over_the_bound_of_its_heap_moves() {
        long block = heap.allocate(40, 16);
        Memory.fill(block, 40, (byte) 7);
        assertEquals(block, heap.reallocate(block, 64));
        long moved = heap.reallocate(block, 65);
        assertEquals(1, part(moved));
        assertEquals(40, Pattern.intact(moved, 40, (byte) 7));
        moved = heap.reallocate(moved, 5000);
        assertEquals(2, part(moved));
        assertEquals(40, Pattern.intact(moved, 40, (byte) 7));
        assertEquals(2, part(heap.reallocate(moved, 10)), "a smaller one stays");
        assertEquals(block, heap.allocate(64, 16), "where it was is free");
        heap.verify();
    }
}
