package io.javalloc.layers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.javalloc.Heap;
import io.javalloc.HeapCorruption;
import io.javalloc.Layer;
import io.javalloc.TestRegion;
import io.javalloc.catalog.Catalog;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongPredicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class GuardedTest {

    private static final long PAGE = Region.SYSTEM_PAGE;

    private final TestRegion memory = new TestRegion(16 << 20);
    private final Guarded heap = (Guarded) Catalog.create("guarded(zig-wasm)", memory.region(), 0);

    private static void assertFound(String message, long address, Executable call) {
        HeapCorruption found = assertThrows(HeapCorruption.class, call);
        assertEquals(message + ": 0x" + Long.toHexString(address), found.getMessage());
    }

    @Test
    void each_block_ends_as_near_to_a_protected_page_as_its_alignment_allows() {
        for (long alignment = 16; alignment <= 1 << 18; alignment *= 4) {
            for (long size : new long[] {1, 16, 17, 100, 4095, 4096, 4097, 70_000}) {
                long block = heap.allocate(size, alignment);
                long guard = Region.roundUp(block + size, PAGE);
                assertEquals(0, block % alignment);
                assertTrue(memory.isProtected(guard));
                assertTrue(guard - (block + size) < Math.min(alignment, PAGE));
                assertEquals(size, heap.usableSize(block));
                heap.free(block);
                assertEquals(0, memory.protectedPages());
            }
        }
    }

    @Test
    void each_byte_of_the_slack_is_checked() {
        long block = heap.allocate(40, 16);
        for (long at = 40; at < 48; at++) {
            Memory.putByte(block + at, (byte) 0);
            String message =
                    "A block of 40 bytes was overwritten behind its end, from byte " + at + " on";
            assertFound(message, block, () -> heap.free(block));
            assertFound(message, block, () -> heap.reallocate(block, 100));
            assertFound(message, block, heap::verify);
            assertFound(message, block, heap::atExit);
            Memory.putByte(block + at, (byte) 0xbd);
        }
        heap.free(block);
    }

    @Test
    void an_access_behind_a_block_is_explained() {
        long block = heap.allocate(40, 16);
        heap.allocate(5000, 16);
        String words =
                "The program reads or writes behind the end of a block of 40 bytes, at byte ";
        String where = ": 0x" + Long.toHexString(block);
        assertEquals(words + 48 + where, heap.explain(block + 48));
        assertEquals(words + (47 + PAGE) + where, heap.explain(block + 47 + PAGE));
        assertEquals(null, heap.explain(block + 47));
        assertEquals(null, heap.explain(block + 48 + PAGE));
        heap.free(block);
        assertEquals(null, heap.explain(block + 48));
    }

    @Test
    void a_second_free_and_what_is_no_block_are_refused() {
        long block = heap.allocate(100, 16);
        String message = "No live block of this heap starts at this address";
        assertFound(message, block + 16, () -> heap.free(block + 16));
        heap.free(block);
        assertFound(message, block, () -> heap.free(block));
        assertFound(message, block, () -> heap.usableSize(block));
        assertFound(message, block, () -> heap.reallocate(block, 1));
    }

    @Test
    void a_resized_block_ends_at_a_guard_again() {
        long block = heap.allocate(100, 16);
        Memory.fill(block, 100, (byte) 7);
        for (long size : new long[] {99, 101, 5000, 1}) {
            long kept = Math.min(size, Pattern.intact(block, heap.usableSize(block), (byte) 7));
            block = heap.reallocate(block, size);
            assertEquals(kept, Pattern.intact(block, kept, (byte) 7));
            assertTrue(memory.isProtected(Region.roundUp(block + size, PAGE)));
            assertEquals(1, memory.protectedPages());
        }
        assertEquals(block, heap.reallocate(block, 1));
    }

    @Test
    void zeroed_blocks_are_zero() {
        long block = heap.allocate(3000, 16);
        Memory.fill(block, 3000, (byte) 7);
        heap.free(block);
        long again = heap.allocateZeroed(3000, 16);
        assertEquals(block, again);
        assertEquals(3000, Pattern.intact(again, 3000, (byte) 0));
    }

    @Test
    void blocks_for_which_the_system_refuses_a_guard_are_served_and_checked_all_the_same() {
        memory.refuseProtection();
        long block = heap.allocate(100, 16);
        assertEquals(0, memory.protectedPages());
        assertEquals(1, heap.blocks().count());
        assertEquals(0, heap.blocks().guarded());
        assertEquals(null, heap.explain(block + 112));
        Memory.putByte(block + 112 + PAGE - 1, (byte) 0);
        assertFound(
                "A block of 100 bytes was overwritten behind its end, from byte 4207 on",
                block,
                () -> heap.free(block));
        Memory.putByte(block + 112 + PAGE - 1, (byte) 0xbd);
        heap.free(block);
        assertEquals(0, heap.blocks().count());
    }

    @Test
    void no_more_blocks_are_guarded_than_leave_the_program_some_mappings() {
        Guarded two = new Guarded(heap.heap(), memory.region(), new GuardedBlocks(2));
        long first = two.allocate(100, 16);
        two.allocate(100, 16);
        long third = two.allocate(100, 16);
        assertNotEquals(0, third);
        assertEquals(2, memory.protectedPages());
        two.free(first);
        assertNotEquals(0, two.allocate(100, 16));
        assertEquals(2, memory.protectedPages());
        two.free(third);
        assertEquals(2, two.blocks().guarded());
        assertEquals(2, two.blocks().count());
    }

    @Test
    void a_guard_that_the_system_does_not_give_back_is_told() {
        long block = heap.allocate(48, 16);
        Guarded stubborn =
                new Guarded(heap.heap(), new Region(0, 0, (at, bytes) -> true), heap.blocks());
        assertFound(
                "The system does not give back the guard", block + 48, () -> stubborn.free(block));
    }

    @Test
    void blocks_outside_of_the_region_cannot_be_guarded() {
        Heap elsewhere =
                new Layer() {
                    @Override
                    public Heap heap() {
                        return heap;
                    }

                    @Override
                    public LongPredicate outside() {
                        return address -> true;
                    }
                };
        assertThrows(
                IllegalArgumentException.class,
                () -> new Guarded.Provider().create(memory.around(elsewhere)));
    }

    @Test
    void a_walk_shows_the_blocks_and_not_their_pages() {
        Map<Long, Long> expected = new HashMap<>();
        for (long size = 1; size < 20_000; size *= 3) {
            expected.put(heap.allocate(size, 16), size);
        }
        Map<Long, Long> shown = new HashMap<>();
        heap.walk(shown::put);
        assertEquals(expected, shown);
    }

    @Test
    void what_no_region_can_hold_is_refused() {
        assertEquals(0, heap.allocate(Long.MAX_VALUE - 16, 16));
        assertEquals(0, heap.allocateZeroed(Long.MAX_VALUE / 2, 1L << 61));
        assertNotEquals(0, heap.allocate(1, 16));
    }
}
