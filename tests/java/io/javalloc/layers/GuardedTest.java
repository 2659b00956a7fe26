package io.javalloc.layers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongPredicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class GuardedTest {

    private static final long PAGE = Region.SYSTEM_PAGE;

    private final TestRegion memory = new TestRegion(16 << 20);
    private final Heap inside = Catalog.create("zig-wasm", memory.region(), 0);
    private final Guarded heap = keeping(100);

    /// A region whose pages stay inaccessible where the system is told to refuse.
    private final class Stubborn implements Region.Pages {
        private long refused;

        @Override
        public boolean commit(long address, long bytes) {
            return false;
        }

        @Override
        public boolean protect(long address, long bytes, boolean accessible) {
            return (address != refused || !accessible)
                    && memory.region().protect(address, bytes, accessible);
        }

        @Override
        public boolean discard(long address, long bytes) {
            return memory.region().discard(address, bytes);
        }
    }

    private Guarded keeping(int kept) {
        return (Guarded) new Guarded.Provider().create(memory.around(inside).with("kept", kept));
    }

    /// Guards and keeps so many blocks in all.
    private Guarded guarding(int most) {
        KeptBlocks kept = new KeptBlocks(inside, memory.region(), most);
        return new Guarded(inside, memory.region(), new GuardedBlocks(most), kept);
    }

    private static Set<Long> shown(Heap heap) {
        Set<Long> shown = new TreeSet<>();
        heap.walk((address, usable) -> shown.add(address));
        return shown;
    }

    private static void assertFound(String message, long address, Executable call) {
        HeapCorruption found = assertThrows(HeapCorruption.class, call);
        assertEquals(message + ": 0x" + Long.toHexString(address), found.getMessage());
    }

    @Test
    void each_block_ends_as_near_to_a_protected_page_as_its_alignment_allows() {
        Guarded none = keeping(0);
        for (long alignment = 16; alignment <= 1 << 18; alignment *= 4) {
            for (long size : new long[] {1, 16, 17, 100, 4095, 4096, 4097, 70_000}) {
                long block = none.allocate(size, alignment);
                long guard = Region.roundUp(block + size, PAGE);
                assertEquals(0, block % alignment);
                assertTrue(memory.isProtected(guard));
                assertTrue(guard - (block + size) < Math.min(alignment, PAGE));
                assertEquals(size, none.usableSize(block));
                none.free(block);
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
    }

    @Test
    void an_access_to_a_freed_block_is_explained() {
        heap.free(heap.allocate(7, 16));
        long block = heap.allocate(4100, 16);
        long live = heap.allocate(40, 16);
        heap.free(block);
        long pages = block & -PAGE;
        String freed = "a block of 4100 bytes that has been freed, at byte ";
        String where = ": 0x" + Long.toHexString(block);
        String words = "The program reads or writes " + freed;
        assertEquals(words + 0 + where, heap.explain(block));
        assertEquals(words + 4099 + where, heap.explain(block + 4099));
        words = "The program reads or writes before the start of " + freed;
        assertEquals(words + -1 + where, heap.explain(block - 1));
        assertEquals(words + (pages - block) + where, heap.explain(pages));
        words = "The program reads or writes behind the end of " + freed;
        assertEquals(words + 4100 + where, heap.explain(block + 4100));
        long last = pages + 3 * PAGE - 1;
        assertEquals(words + (last - block) + where, heap.explain(last));
        assertEquals(null, heap.explain(last + 1));
        assertEquals(null, heap.explain(live));
        heap.trim(0);
        assertEquals(null, heap.explain(block));
    }

    @Test
    void all_pages_of_a_freed_block_are_protected_and_their_memory_is_given_back() {
        long block = heap.allocate(5000, 16);
        heap.free(block);
        long pages = block & -PAGE;
        for (long page = pages; page < pages + 3 * PAGE; page += PAGE) {
            assertTrue(memory.isProtected(page));
        }
        assertEquals(3, memory.protectedPages());
        assertEquals(2 * PAGE, memory.discardedBytes());
        heap.verify();
        heap.atExit();
        assertEquals(Set.of(), shown(heap));
        assertEquals(Set.of(pages), shown(inside));
    }

    @Test
    void freed_blocks_leave_in_order_when_there_are_too_many() {
        Guarded three = keeping(3);
        long[] blocks = new long[5];
        for (int i = 0; i < blocks.length; i++) {
            blocks[i] = three.allocate(PAGE, 16);
        }
        for (long block : blocks) {
            three.free(block);
        }
        assertEquals(Set.of(blocks[2], blocks[3], blocks[4]), shown(inside));
        assertEquals(6, memory.protectedPages());
        assertEquals(blocks[1], three.allocate(PAGE, 16), "the heap inside has it again");
    }

    @Test
    void thousands_are_kept_unless_the_user_wants_another_number() {
        try (TestRegion large = new TestRegion(64 << 20)) {
            Heap usual = Catalog.create("guarded(zig-wasm)", large.region(), 0);
            for (int i = 0; i < 100; i++) {
                usual.free(usual.allocate(1, 16));
            }
            usual.trim(0); // the oldest is not the first any more
            long[] blocks = new long[4097];
            for (int i = 0; i < blocks.length; i++) {
                blocks[i] = usual.allocate(PAGE, 16);
            }
            for (long block : blocks) {
                usual.free(block);
            }
            assertEquals(2 * 4096, large.protectedPages());
            assertFalse(large.isProtected(blocks[0]));
            assertTrue(large.isProtected(blocks[1]));
        }
    }

    @Test
    void a_trim_lets_all_go() {
        heap.free(heap.allocate(100, 16));
        heap.free(heap.allocate(9000, 16));
        heap.trim(0);
        assertEquals(0, memory.protectedPages());
        assertEquals(Set.of(), shown(inside));
    }

    @Test
    void when_there_is_no_memory_what_is_kept_is_given_back() {
        long size = 9 << 20; // more than half of what there is
        for (int zeroed = 0; zeroed < 2; zeroed++) {
            long block = heap.allocate(size, 16);
            heap.free(block);
            assertEquals(1, heap.kept().count());
            long again = zeroed == 0 ? heap.allocate(size, 16) : heap.allocateZeroed(size, 16);
            assertEquals(block, again);
            heap.free(block);
        }
        assertEquals(0, heap.allocate(17 << 20, 16));
        assertEquals(0, heap.kept().count(), "it was tried with all memory");
        assertEquals(0, memory.protectedPages());
    }

    @Test
    void who_frees_or_resizes_a_freed_block_is_stopped() {
        long block = heap.allocate(100, 16);
        heap.free(block);
        String message = "This block has already been freed";
        assertFound(message, block, () -> heap.free(block));
        assertFound(message, block, () -> heap.usableSize(block));
        assertFound(message, block, () -> heap.reallocate(block, 1));
    }

    @Test
    void what_is_no_block_is_refused() {
        long block = heap.allocate(100, 16);
        String message = "No live block of this heap starts at this address";
        assertFound(message, block + 16, () -> heap.free(block + 16));
        heap.free(block);
        assertFound(message, block + 16, () -> heap.free(block + 16));
        heap.trim(0);
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
            assertEquals(1, heap.blocks().guarded());
        }
        assertEquals(block, heap.reallocate(block, 1));
    }

    @Test
    void a_block_that_moves_is_kept_where_it_was() {
        long block = heap.allocate(PAGE, 16);
        long moved = heap.reallocate(block, 2 * PAGE);
        assertNotEquals(block, moved);
        assertTrue(memory.isProtected(block));
        assertEquals(Set.of(moved), shown(heap));
    }

    @Test
    void zeroed_blocks_are_zero() {
        Guarded none = keeping(0);
        long block = none.allocate(3000, 16);
        Memory.fill(block, 3000, (byte) 7);
        none.free(block);
        long again = none.allocateZeroed(3000, 16);
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
        Guarded two = guarding(2);
        long first = two.allocate(100, 16);
        two.allocate(100, 16);
        long third = two.allocate(100, 16);
        assertNotEquals(0, third);
        assertEquals(2, memory.protectedPages());
        two.free(third);
        assertEquals(0, two.kept().count(), "all guards are for live blocks");
        two.free(first);
        assertEquals(1, two.kept().count());
        assertNotEquals(0, two.allocate(100, 16));
        assertEquals(0, two.kept().count(), "live blocks come first");
        assertEquals(2, memory.protectedPages());
        assertEquals(2, two.blocks().guarded());
        assertEquals(2, two.blocks().count());
    }

    @Test
    void a_block_without_a_guard_is_kept_in_the_place_of_the_oldest() {
        Guarded two = guarding(2);
        long first = two.allocate(PAGE, 16);
        long second = two.allocate(PAGE, 16);
        long third = two.allocate(PAGE, 16);
        two.free(first);
        assertTrue(memory.isProtected(first));
        two.free(third);
        assertFalse(memory.isProtected(first));
        assertTrue(memory.isProtected(third) && memory.isProtected(third + PAGE));
        assertEquals(3, memory.protectedPages());
        assertEquals(3 * PAGE, memory.discardedBytes());
        assertEquals(Set.of(second), shown(two));
    }

    @Test
    void freed_blocks_that_the_system_does_not_protect_go_back_at_once() {
        long block = heap.allocate(100, 16);
        memory.refuseProtection();
        heap.free(block);
        assertEquals(0, memory.protectedPages());
        assertEquals(0, heap.blocks().count());
        assertEquals(Set.of(), shown(inside));
        assertEquals(null, heap.explain(block));
    }

    @Test
    void freed_blocks_whose_memory_the_system_does_not_take_go_back_at_once() {
        memory.refuseDiscards();
        heap.free(heap.allocate(100, 16));
        assertEquals(0, memory.protectedPages());
        assertEquals(Set.of(), shown(inside));
    }

    @Test
    void a_freed_block_that_the_system_does_not_give_back_stays_and_others_go() {
        Stubborn pages = new Stubborn();
        Region region = new Region(memory.base(), 16 << 20, pages);
        Guarded two =
                new Guarded(
                        inside, region, new GuardedBlocks(100), new KeptBlocks(inside, region, 2));
        long[] blocks = new long[4];
        for (int i = 0; i < blocks.length; i++) {
            blocks[i] = two.allocate(PAGE, 16);
        }
        two.free(blocks[0]);
        two.free(blocks[1]);
        pages.refused = blocks[0];
        two.free(blocks[2]);
        assertEquals(Set.of(blocks[0], blocks[1], blocks[3]), shown(inside));
        two.free(blocks[3]);
        assertEquals(Set.of(blocks[0], blocks[3]), shown(inside));
        two.trim(0);
        assertEquals(Set.of(blocks[0]), shown(inside));
        pages.refused = 0;
        two.trim(0);
        assertEquals(Set.of(), shown(inside));
        assertEquals(0, memory.protectedPages());
    }

    @Test
    void a_guard_that_the_system_does_not_give_back_is_told() {
        long block = heap.allocate(48, 16);
        Region region = new Region(0, 0, (at, bytes) -> true);
        Guarded stubborn =
                new Guarded(inside, region, heap.blocks(), new KeptBlocks(inside, region, 1));
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
            heap.free(heap.allocate(size, 16));
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
