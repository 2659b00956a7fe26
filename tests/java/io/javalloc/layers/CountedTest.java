package io.javalloc.layers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.javalloc.Heap;
import io.javalloc.HeapCorruption;
import io.javalloc.TestRegion;
import io.javalloc.catalog.Catalog;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CountedTest {

    private Heap heap;
    private Counted counted;

    @BeforeEach
    void count_a_heap() {
        heap = Catalog.create("knr", new TestRegion(4 << 20).region(), 0);
        counted = new Counted(heap);
    }

    @Test
    void live_blocks_and_their_usable_bytes_are_counted() {
        long a = counted.allocate(100, 16);
        long b = counted.allocateZeroed(200, 16);
        assertEquals(2, counted.figures().liveBlocks());
        assertEquals(heap.usableSize(a) + heap.usableSize(b), counted.figures().liveBytes());
        counted.free(a);
        counted.free(b);
        assertEquals(0, counted.figures().liveBlocks());
        assertEquals(0, counted.figures().liveBytes());
    }

    @Test
    void the_peak_stays_when_blocks_go() {
        long a = counted.allocate(1000, 16);
        long most = counted.figures().liveBytes();
        counted.free(a);
        counted.allocate(16, 16);
        assertEquals(most, counted.figures().peakBytes());
    }

    @Test
    void a_resized_block_counts_with_its_new_size() {
        long a = counted.allocate(100, 16);
        long moved = counted.reallocate(a, 5000);
        assertEquals(1, counted.figures().liveBlocks());
        assertEquals(heap.usableSize(moved), counted.figures().liveBytes());
        assertEquals(heap.usableSize(moved), counted.figures().peakBytes());
    }

    @Test
    void a_block_that_becomes_smaller_leaves_its_bytes() {
        long a = counted.allocate(5000, 16);
        long moved = counted.reallocate(a, 100);
        assertEquals(1, counted.figures().liveBlocks());
        assertEquals(heap.usableSize(moved), counted.figures().liveBytes());
        assertTrue(counted.figures().peakBytes() >= 5000);
    }

    @Test
    void what_is_counted_is_what_a_walk_shows() {
        long[] blocks = new long[100];
        for (int i = 0; i < 1000; i++) {
            int at = i * 7 % blocks.length;
            if (blocks[at] == 0) {
                blocks[at] = counted.allocate(1 + i * 13 % 500, 16);
            } else if (i % 3 == 0) {
                blocks[at] = counted.reallocate(blocks[at], 1 + i * 17 % 900);
            } else {
                counted.free(blocks[at]);
                blocks[at] = 0;
            }
        }
        long[] shown = new long[2];
        heap.walk(
                (address, usable) -> {
                    shown[0]++;
                    shown[1] += usable;
                });
        assertEquals(shown[0], counted.figures().liveBlocks());
        assertEquals(shown[1], counted.figures().liveBytes());
    }

    @Test
    void it_wants_a_lock_even_around_a_heap_that_does_not() {
        assertFalse(new Counted(new Locked(heap, 0)).isThreadSafe());
    }

    @Test
    void what_fails_does_not_count() {
        long a = counted.allocate(100, 16);
        long before = counted.figures().liveBytes();
        assertEquals(0, counted.allocate(1L << 40, 16));
        assertEquals(0, counted.reallocate(a, 1L << 40));
        assertThrows(HeapCorruption.class, () -> counted.free(a + 16));
        assertEquals(1, counted.figures().liveBlocks());
        assertEquals(before, counted.figures().liveBytes());
    }
}
