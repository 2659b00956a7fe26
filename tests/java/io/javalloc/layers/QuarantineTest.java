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
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class QuarantineTest {

    private final TestRegion memory = new TestRegion(1 << 20);
    private final Heap inside = Catalog.create("zig-wasm", memory.region(), 0);
    private final Heap heap = quarantine(1024);

    private Heap quarantine(int bytes) {
        return new Quarantine.Provider().create(memory.around(inside).with("bytes", bytes));
    }

    private static void assertFound(String message, long address, Executable call) {
        HeapCorruption found = assertThrows(HeapCorruption.class, call);
        assertEquals(message + ": 0x" + Long.toHexString(address), found.getMessage());
    }

    private static Set<Long> shown(Heap heap) {
        Set<Long> shown = new TreeSet<>();
        heap.walk((address, usable) -> shown.add(address));
        return shown;
    }

    @Test
    void freed_blocks_wait_in_order_until_there_are_too_many_bytes() {
        long[] blocks = new long[10];
        for (int i = 0; i < blocks.length; i++) {
            blocks[i] = heap.allocate(256, 16);
        }
        for (int i = 0; i < 4; i++) {
            heap.free(blocks[i]);
        }
        assertEquals(10, shown(inside).size(), "1024 bytes wait");
        heap.free(blocks[4]);
        assertTrue(!shown(inside).contains(blocks[0]) && shown(inside).contains(blocks[1]));
        assertEquals(blocks[0], heap.allocate(256, 16), "the heap inside has it again");
        assertNotEquals(blocks[1], heap.allocate(256, 16));
    }

    @Test
    void a_freed_block_is_filled_and_not_shown() {
        long block = heap.allocate(100, 16);
        long other = heap.allocate(100, 16);
        heap.free(block);
        assertEquals(128, Pattern.intact(block, 128, WaitingBlocks.FREED));
        assertEquals(Set.of(other), shown(heap));
        assertEquals(Set.of(block, other), shown(inside));
    }

    @Test
    void a_write_after_free_is_found_when_the_block_leaves() {
        long block = heap.allocate(256, 16);
        heap.free(block);
        Memory.putByte(block + 77, (byte) 0);
        for (int i = 0; i < 3; i++) {
            heap.free(heap.allocate(256, 16));
        }
        long last = heap.allocate(256, 16);
        assertFound(
                "A block of 256 bytes was written to after it was freed, at byte 77",
                block,
                () -> heap.free(last));
    }

    @Test
    void a_write_after_free_is_found_at_the_end_and_by_verify_and_by_trim() {
        long block = heap.allocate(40, 16);
        heap.free(block);
        heap.verify();
        heap.atExit();
        Memory.putByte(block + 63, (byte) 0);
        String message = "A block of 64 bytes was written to after it was freed, at byte 63";
        assertFound(message, block, heap::atExit);
        assertFound(message, block, heap::verify);
        assertFound(message, block, () -> heap.trim(0));
    }

    @Test
    void who_uses_a_block_that_waits_is_stopped() {
        long block = heap.allocate(100, 16);
        heap.free(block);
        String message = "This block has already been freed";
        assertFound(message, block, () -> heap.free(block));
        assertFound(message, block, () -> heap.reallocate(block, 10));
        assertFound(message, block, () -> heap.usableSize(block));
    }

    @Test
    void a_block_that_moves_waits_where_it_was() {
        long block = heap.allocate(100, 16);
        long moved = heap.reallocate(block, 500);
        assertNotEquals(block, moved);
        assertEquals(128, Pattern.intact(block, 128, WaitingBlocks.FREED));
        assertEquals(Set.of(moved), shown(heap));
    }

    @Test
    void a_block_that_is_larger_than_the_limit_does_not_wait() {
        long block = heap.allocate(2048, 16);
        heap.free(block);
        assertEquals(Set.of(), shown(inside));
    }

    @Test
    void a_trim_lets_all_go() {
        heap.free(heap.allocate(100, 16));
        heap.free(heap.allocate(200, 16));
        heap.trim(0);
        assertEquals(Set.of(), shown(inside));
    }

    @Test
    void when_there_is_no_memory_what_waits_is_given_back() {
        Heap large = quarantine(1 << 20);
        for (int zeroed = 0; zeroed < 2; zeroed++) {
            long block = large.allocate(600_000, 16);
            large.free(block);
            assertEquals(Set.of(block), shown(inside));
            long again =
                    zeroed == 0 ? large.allocate(600_000, 16) : large.allocateZeroed(600_000, 16);
            assertEquals(block, again);
            large.free(block);
        }
        assertEquals(0, large.allocate(1 << 21, 16));
        assertEquals(Set.of(), shown(inside), "it was tried with all memory");
    }

    @Test
    void thousands_can_wait_and_leave_in_order() {
        Heap large = quarantine(6_400 * 16);
        for (int i = 0; i < 100; i++) {
            large.free(large.allocate(10_000, 16)); // the oldest is not the first any more
        }
        long[] blocks = new long[20_000];
        for (int i = 0; i < blocks.length; i++) {
            blocks[i] = large.allocate(16, 16);
        }
        Set<Long> last = new TreeSet<>();
        for (int i = 0; i < blocks.length; i++) {
            large.free(blocks[i]);
            if (i >= blocks.length - 6_400) {
                last.add(blocks[i]);
            }
        }
        assertEquals(last, shown(inside));
        large.verify();
    }
}
