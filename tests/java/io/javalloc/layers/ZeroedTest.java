package io.javalloc.layers;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.javalloc.Heap;
import io.javalloc.TestRegion;
import io.javalloc.catalog.Catalog;
import io.javalloc.memory.Memory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ZeroedTest {

    private static final byte USED = 0x77;

    private Heap zeroed;

    /// Memory in which nothing is zero, in a heap with usable sizes that are powers of two.
    @BeforeEach
    void use_all_memory() {
        Heap inside = Catalog.create("zig-wasm", new TestRegion(1 << 20).region(), 0);
        zeroed = new Zeroed(inside);
        long[] blocks = new long[3000];
        for (int i = 0; i < blocks.length; i++) {
            blocks[i] = inside.allocate(16L << i % 7, 16);
            Memory.fill(blocks[i], blocks[i] == 0 ? 0 : 16L << i % 7, USED);
        }
        for (long block : blocks) {
            if (block != 0) {
                inside.free(block);
            }
        }
    }

    private void assertZero(long address, long from) {
        long bytes = zeroed.usableSize(address) - from;
        assertEquals(bytes, Pattern.intact(address + from, bytes, (byte) 0));
    }

    @Test
    void all_usable_bytes_of_a_new_block_are_zero() {
        for (long size : new long[] {1, 16, 17, 100, 500, 1000}) {
            assertZero(zeroed.allocate(size, 16), 0);
            assertZero(zeroed.allocate(size, 256), 0);
            assertZero(zeroed.allocateZeroed(size, 16), 0);
        }
    }

    @Test
    void where_a_block_grows_it_is_zero() {
        long block = zeroed.allocate(50, 16);
        Memory.fill(block, 50, USED);
        long grown = zeroed.reallocate(block, 60);
        assertEquals(50, Pattern.intact(grown, 60, USED));
        assertZero(grown, 50);
        grown = zeroed.reallocate(grown, 1000);
        assertEquals(50, Pattern.intact(grown, 60, USED));
        assertZero(grown, 50);
    }

    @Test
    void what_a_block_lost_is_zero_when_it_grows_again() {
        long block = zeroed.allocate(1000, 16);
        Memory.fill(block, 1000, USED);
        long smaller = zeroed.reallocate(block, 600);
        assertEquals(600, Pattern.intact(smaller, 1000, USED));
        assertZero(zeroed.reallocate(smaller, 1000), 600);
    }

    @Test
    void no_memory_is_no_memory() {
        long block = zeroed.allocate(100, 16);
        assertEquals(0, zeroed.allocate(1L << 40, 16));
        assertEquals(0, zeroed.reallocate(block, 1L << 40));
    }
}
