package io.javalloc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.javalloc.heaps.ZigWasm;
import io.javalloc.memory.Memory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What every heap gives to Java programs, shown on one that rounds sizes up and overrides none of
/// it.
class AllocationTest {

    private final TestRegion memory = new TestRegion(1 << 20);
    private final Heap heap = new ZigWasm.Provider().create(memory);

    @AfterEach
    void close() {
        memory.close();
    }

    @Test
    void the_address_is_0_if_and_only_if_it_failed() {
        assertEquals(0, Allocation.FAILED.address());
        assertEquals(0, Allocation.FAILED.size());
        assertTrue(Allocation.FAILED.isFailed());
        assertFalse(new Allocation(16, 1).isFailed());
    }

    @Test
    void the_size_is_the_actual_one() {
        Allocation allocation = heap.allocate(Layout.of(100, 8));
        assertEquals(128, allocation.size());
        assertEquals(heap.usableSize(allocation.address()), allocation.size());
        heap.free(allocation.address());
    }

    @Test
    void a_layout_gets_its_alignment_and_16_at_least() {
        assertEquals(0, heap.allocate(Layout.forByte()).address() % 16);
        assertEquals(0, heap.allocate(Layout.of(8, 4096)).address() % 4096);
        assertEquals(0, heap.allocateZeroed(Layout.of(8, 4096)).address() % 4096);
    }

    @Test
    void an_empty_layout_gets_a_block_of_its_own() {
        Allocation first = heap.allocate(Layout.of(0, 1));
        Allocation second = heap.allocateZeroed(Layout.of(0, 1));
        assertFalse(first.isFailed());
        assertFalse(second.isFailed());
        assertTrue(first.address() != second.address());
    }

    @Test
    void zeroed_memory_is_zero_where_it_was_used_before() {
        Allocation used = heap.allocate(Layout.array(8, 8, 16));
        Memory.fill(used.address(), used.size(), (byte) 1);
        heap.free(used.address());
        Allocation zeroed = heap.allocateZeroed(Layout.array(8, 8, 16));
        assertEquals(used.address(), zeroed.address(), "the same memory again");
        for (long at = 0; at < 128; at++) {
            assertEquals(0, Memory.getByte(zeroed.address() + at));
        }
    }

    @Test
    void what_cannot_be_had_has_failed() {
        assertSame(Allocation.FAILED, heap.allocate(Layout.of(1 << 21, 8)));
        assertSame(Allocation.FAILED, heap.allocateZeroed(Layout.of(1 << 21, 8)));
        assertSame(Allocation.FAILED, heap.allocate(Layout.of(Long.MAX_VALUE - 16, 1)));
        assertSame(Allocation.FAILED, heap.allocate(Layout.of(1, 1L << 62)));
    }
}
