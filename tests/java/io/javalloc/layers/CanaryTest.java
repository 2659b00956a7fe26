package io.javalloc.layers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.javalloc.BlockVisitor;
import io.javalloc.Heap;
import io.javalloc.HeapCorruption;
import io.javalloc.TestRegion;
import io.javalloc.catalog.Catalog;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongPredicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class CanaryTest {

    private final TestRegion memory = new TestRegion(1 << 20);
    private final Heap heap = create("canary(knr)");

    private Heap create(String expression) {
        return Catalog.create(expression, memory.region(), 0);
    }

    private static void assertFound(String message, long address, Executable call) {
        HeapCorruption found = assertThrows(HeapCorruption.class, call);
        assertEquals(message + ": 0x" + Long.toHexString(address), found.getMessage());
    }

    private static void flip(long address) {
        Memory.putByte(address, (byte) ~Memory.getByte(address));
    }

    @Test
    void the_usable_size_is_exactly_what_was_asked_for() {
        for (long size = 1; size < 100; size++) {
            assertEquals(size, heap.usableSize(heap.allocate(size, 16)));
            assertEquals(size, heap.usableSize(heap.allocateZeroed(size, 64)));
        }
    }

    @Test
    void each_byte_behind_the_end_is_guarded_from_the_first_on() {
        for (long size = 1; size <= 24; size++) {
            long block = heap.allocate(size, 16);
            for (long at = size; at < size + 32; at++) {
                flip(block + at);
                String message =
                        "A block of "
                                + size
                                + " bytes was overwritten behind its end, from byte "
                                + at
                                + " on";
                assertFound(message, block, () -> heap.free(block));
                flip(block + at);
            }
            heap.free(block);
        }
    }

    @Test
    void the_zero_at_the_end_of_a_text_is_always_seen() {
        for (long size = 1; size < 500; size++) {
            long block = heap.allocate(size, 16);
            Memory.putByte(block + size, (byte) 0);
            assertThrows(HeapCorruption.class, () -> heap.free(block));
        }
    }

    @Test
    void each_byte_before_the_start_is_guarded() {
        for (long alignment = 16; alignment <= 4096; alignment *= 2) {
            long block = heap.allocate(40, alignment);
            for (long at = -1; at >= -32; at--) {
                flip(block + at);
                assertThrows(HeapCorruption.class, () -> heap.free(block));
                boolean isShape = at < -8 && at >= -16; // which says how large the block is
                String message =
                        "A block of 40 bytes was overwritten before its start, at byte " + at;
                if (!isShape) {
                    assertFound(message, block, () -> heap.free(block));
                }
                flip(block + at);
            }
            heap.free(block);
        }
    }

    @Test
    void when_the_size_is_overwritten_the_heap_inside_knows_about_how_large_the_block_was() {
        long block = heap.allocate(40, 16);
        Memory.fill(block - 16, 16, (byte) 0);
        String message = "A block of 112 bytes was overwritten before its start, at byte -1";
        assertFound(message, block, () -> heap.free(block));
        long other = heap.allocate(40, 16);
        Memory.fill(other - 16, 8, (byte) 0);
        message = "A block of 112 bytes was overwritten before its start, at byte -9";
        assertFound(message, other, () -> heap.free(other));
    }

    @Test
    void damage_is_found_at_the_end_and_by_verify_and_by_each_use() {
        long block = heap.allocate(40, 16);
        heap.verify();
        heap.atExit();
        flip(block + 41);
        String message = "A block of 40 bytes was overwritten behind its end, from byte 41 on";
        assertFound(message, block, heap::atExit);
        assertFound(message, block, heap::verify);
        assertFound(message, block, () -> heap.usableSize(block));
        assertFound(message, block, () -> heap.reallocate(block, 10));
    }

    @Test
    void a_block_whose_start_a_walk_cannot_find_is_told() {
        long block = heap.allocate(40, 64);
        Memory.fill(block - 64, 8, (byte) 0);
        assertFound(
                "The start of a block with its guards, 144 bytes in all, was overwritten",
                block - 64,
                heap::verify);
    }

    @Test
    void a_size_that_does_not_fit_into_the_block_inside_is_not_believed() {
        CanaryGuards guards = new CanaryGuards(1);
        Heap known = new Canary(create("knr"), memory.region(), guards, null);
        long block = known.allocate(40, 16);
        guards.write(block, 32, 56);
        assertFound(
                "The start of a block with its guards, 112 bytes in all, was overwritten",
                block - 32,
                known::verify);
    }

    @Test
    void a_second_free_is_refused() {
        long block = heap.allocate(40, 16);
        heap.free(block);
        String message = "This block has already been freed";
        assertFound(message, block, () -> heap.free(block));
        assertFound(message, block, () -> heap.reallocate(block, 50));
        long moved = heap.allocate(40, 16);
        heap.allocate(40, 16);
        heap.reallocate(moved, 5000);
        assertFound(message, moved, () -> heap.free(moved));
    }

    @Test
    void a_second_free_is_seen_by_a_quarantine_inside() {
        Heap both = create("canary(quarantine(knr))");
        long block = both.allocate(40, 16);
        both.free(block);
        String inside = "This block has already been freed: 0x" + Long.toHexString(block - 32);
        assertFound(
                "This is not a live block; the heap inside says: " + inside,
                block,
                () -> both.free(block));
    }

    @Test
    void what_is_no_block_is_refused() {
        long block = heap.allocate(400, 16);
        Memory.fill(block, 400, (byte) 0);
        String message = "No live block of this heap starts at this address";
        assertFound(message, block + 8, () -> heap.free(block + 8));
        assertFound(message, memory.base(), () -> heap.free(memory.base()));
        assertFound(message, 16, () -> heap.free(16));
        long end = memory.region().limit();
        assertFound(message, end, () -> heap.free(end));
        HeapCorruption inner = assertThrows(HeapCorruption.class, () -> heap.free(block + 64));
        assertTrue(inner.getMessage().startsWith("This is not a live block; the heap inside says"));
    }

    @Test
    void a_block_keeps_its_guards_when_it_is_resized() {
        for (long alignment = 16; alignment <= 256; alignment *= 4) {
            long block = heap.allocate(100, alignment);
            Memory.fill(block, 100, (byte) 7);
            heap.allocate(16, 16);
            for (long size : new long[] {50, 51, 700, 1, 3000, 2999}) {
                long kept = Math.min(size, Pattern.intact(block, heap.usableSize(block), (byte) 7));
                long moved = heap.reallocate(block, size);
                assertEquals(kept, Pattern.intact(moved, kept, (byte) 7));
                assertEquals(size, heap.usableSize(moved));
                heap.verify();
                flip(moved + size);
                assertThrows(HeapCorruption.class, heap::verify);
                flip(moved + size);
                block = moved;
            }
            heap.free(block);
        }
    }

    @Test
    void a_block_that_cannot_grow_stays_as_it_was_and_one_can_always_shrink() {
        Heap full = new Canary.Provider().create(memory.around(new Full(create("knr"))));
        long block = full.allocate(100, 16);
        assertEquals(0, full.reallocate(block, 101));
        assertEquals(0, full.reallocate(block, Long.MAX_VALUE));
        assertEquals(100, full.usableSize(block));
        assertEquals(block, full.reallocate(block, 60));
        assertEquals(60, full.usableSize(block));
        full.verify();
    }

    /// Reallocates nothing.
    private record Full(Heap heap) implements io.javalloc.Layer {
        @Override
        public long reallocate(long address, long size) {
            return 0;
        }
    }

    @Test
    void what_no_region_can_hold_is_refused() {
        assertEquals(0, heap.allocate(Long.MAX_VALUE - 16, 16));
        assertEquals(0, heap.allocate((1L << 48) - 1, 16));
        assertEquals(0, heap.allocateZeroed(16, 1L << 62));
    }

    @Test
    void a_walk_shows_the_blocks_and_not_those_inside() {
        Map<Long, Long> expected = new HashMap<>();
        for (long alignment = 16; alignment <= 4096; alignment *= 2) {
            expected.put(heap.allocate(alignment + 5, alignment), alignment + 5);
        }
        Map<Long, Long> shown = new HashMap<>();
        heap.walk(shown::put);
        assertEquals(expected, shown);
    }

    @Test
    void guards_of_two_blocks_differ() {
        long a = heap.allocate(40, 16);
        long b = heap.allocate(40, 16);
        assertNotEquals(Memory.getLong(a - 8), Memory.getLong(b - 8));
        assertNotEquals(Memory.getLong(a + 40), Memory.getLong(a - 8));
        Memory.copy(a - 32, b - 32, 112);
        assertThrows(HeapCorruption.class, () -> heap.free(b));
    }

    /// A heap whose blocks lie in memory of another region.
    private record Elsewhere(Heap heap) implements Heap {

        @Override
        public long allocate(long size, long alignment) {
            return heap.allocate(size, alignment);
        }

        @Override
        public void free(long address) {
            heap.free(address);
        }

        @Override
        public long usableSize(long address) {
            return heap.usableSize(address);
        }

        @Override
        public void verify() {
            heap.verify();
        }

        @Override
        public void walk(BlockVisitor visitor) {
            heap.walk(visitor);
        }

        @Override
        public LongPredicate outside() {
            return address -> {
                boolean[] found = {false};
                heap.walk((block, usable) -> found[0] |= block == address);
                return found[0];
            };
        }
    }

    @Test
    void blocks_outside_of_the_region_have_guards_too() {
        Heap far = Catalog.create("knr", new TestRegion(1 << 20).region(), 0);
        Heap guarded = new Canary.Provider().create(memory.around(new Elsewhere(far)));
        for (long alignment = 16; alignment <= 1024; alignment *= 4) {
            long block = guarded.allocate(40, alignment);
            assertTrue(guarded.outside().test(block));
            assertFalse(guarded.outside().test(block - alignment));
            assertFalse(guarded.outside().test(block + 16));
            flip(block + 40);
            assertThrows(HeapCorruption.class, () -> guarded.free(block));
            flip(block + 40);
            guarded.free(block);
            assertFalse(guarded.outside().test(block));
        }
        assertEquals(null, heap.outside());
    }

    /// The size was believed of blocks outside of the region, and what it said was read.
    @Test
    void an_overwritten_size_is_not_believed_of_blocks_outside_of_the_region() {
        Heap far = Catalog.create("knr", new TestRegion(1 << 20).region(), 0);
        Heap guarded = new Canary.Provider().create(memory.around(new Elsewhere(far)));
        long block = guarded.allocate(24, 16);
        Memory.putLong(block - 16, Memory.getLong(block - 16) ^ 1 << 10);
        HeapCorruption found = assertThrows(HeapCorruption.class, () -> guarded.free(block));
        assertTrue(found.getMessage().contains("bytes was overwritten before its start"));
    }

    /// Protected pages counted as memory that can be read: the fault was Java's.
    @Test
    void a_pointer_to_a_protected_page_is_refused_without_a_look() {
        Heap both = create("canary(guarded(knr))");
        long block = both.allocate(4000, 16);
        assertTrue(memory.isProtected(block + 4096 & -Region.SYSTEM_PAGE));
        String message = "No live block of this heap starts at this address";
        assertFound(message, block + 4096, () -> both.free(block + 4096));
        both.free(block);
    }
}
