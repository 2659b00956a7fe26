package io.javalloc.layers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.javalloc.Heap;
import io.javalloc.HeapCorruption;
import io.javalloc.TestRegion;
import io.javalloc.catalog.Catalog;
import io.javalloc.memory.Memory;
import org.junit.jupiter.api.Test;

class PoisonedTest {

    private static final byte USED = 0x77;
    private static final byte POISON = (byte) 0xa5;

    private final TestRegion memory = new TestRegion(1 << 20);
    private final Heap poisoned = Catalog.create("poisoned(zig-wasm)", memory.region(), 0);

    private static void assertFilled(byte value, long address, long bytes) {
        assertEquals(bytes, Pattern.intact(address, bytes, value));
    }

    @Test
    void all_usable_bytes_of_a_new_block_are_poison() {
        long block = poisoned.allocate(100, 16);
        assertFilled(POISON, block, 128);
        assertEquals(128, poisoned.usableSize(block));
    }

    @Test
    void behind_the_zeros_that_were_asked_for_is_poison() {
        long block = poisoned.allocateZeroed(100, 16);
        assertFilled((byte) 0, block, 100);
        assertFilled(POISON, block + 100, 28);
    }

    @Test
    void a_freed_block_is_poison_but_for_what_the_heap_writes_there() {
        long block = poisoned.allocate(100, 16);
        Memory.fill(block, 128, USED);
        poisoned.free(block);
        assertFilled(POISON, block + 8, 120);
    }

    @Test
    void where_a_block_grows_it_is_poison_and_where_it_was_too() {
        long block = poisoned.allocate(100, 16);
        Memory.fill(block, 128, USED);
        long grown = poisoned.reallocate(block, 1000);
        assertNotEquals(block, grown);
        assertFilled(USED, grown, 128);
        assertFilled(POISON, grown + 128, 1024 - 128);
        assertFilled(POISON, block + 8, 120);
    }

    @Test
    void what_a_block_loses_is_poison() {
        long block = poisoned.allocate(100, 16);
        Memory.fill(block, 128, USED);
        assertEquals(block, poisoned.reallocate(block, 90));
        assertFilled(USED, block, 90);
        assertFilled(POISON, block + 90, 38);
    }

    @Test
    void the_byte_can_be_chosen() {
        Heap other = Catalog.create("poisoned(zig-wasm, 0x11)", memory.region(), 0);
        assertFilled((byte) 0x11, other.allocate(100, 16), 128);
    }

    @Test
    void what_is_no_block_is_refused_before_it_is_filled() {
        long block = poisoned.allocate(100, 16);
        Memory.fill(block, 128, USED);
        assertThrows(HeapCorruption.class, () -> poisoned.free(block + 16));
        assertFilled(USED, block, 128);
    }

    @Test
    void no_memory_is_no_memory() {
        long block = poisoned.allocate(100, 16);
        assertEquals(0, poisoned.allocate(1L << 40, 16));
        assertEquals(0, poisoned.allocateZeroed(1L << 40, 16));
        assertEquals(0, poisoned.reallocate(block, 1L << 40));
    }
}
