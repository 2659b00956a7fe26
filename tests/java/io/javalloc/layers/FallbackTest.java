package io.javalloc.layers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.javalloc.BlockVisitor;
import io.javalloc.Heap;
import io.javalloc.HeapArguments.Part;
import io.javalloc.HeapCorruption;
import io.javalloc.TestRegion;
import io.javalloc.catalog.Catalog;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongPredicate;
import org.junit.jupiter.api.Test;

class FallbackTest {

    private final TestRegion memory = new TestRegion(4 << 20);
    private final Fallback heap =
            (Fallback) Catalog.create("fallback(knr(max=64k), zig-wasm)", memory.region(), 0);

    private int part(long address) {
        assertNotEquals(0, address);
        return heap.parts().indexOf(heap.partOf(address));
    }

    @Test
    void the_first_that_has_memory_serves() {
        assertEquals(0, part(heap.allocate(60_000, 16)));
        long second = heap.allocate(60_000, 16);
        assertEquals(1, part(second));
        assertEquals(65536, heap.usableSize(second), "as its own heap says");
        assertEquals(0, part(heap.allocate(1000, 16)), "there is still room");
        assertEquals(1, part(heap.allocateZeroed(60_000, 16)));
        assertEquals(0, heap.allocate(4 << 20, 16));
    }

    @Test
    void a_freed_block_goes_to_its_own_heap() {
        long first = heap.allocate(60_000, 16);
        heap.free(heap.allocate(60_000, 16));
        heap.free(first);
        assertEquals(first, heap.allocate(60_000, 16));
        heap.verify();
    }

    @Test
    void a_block_that_does_not_fit_its_heap_any_more_moves() {
        long block = heap.allocate(30_000, 16);
        Memory.fill(block, 30_000, (byte) 7);
        assertEquals(block, heap.reallocate(block, 60_000), "its heap has room");
        long moved = heap.reallocate(block, 100_000);
        assertEquals(1, part(moved));
        assertEquals(30_000, Pattern.intact(moved, 30_000, (byte) 7));
        assertEquals(block, heap.allocate(60_000, 16), "its place is free");
        assertEquals(0, heap.reallocate(moved, 4 << 20));
        assertEquals(30_000, Pattern.intact(moved, 30_000, (byte) 7));
    }

    @Test
    void what_is_no_heaps_is_refused() {
        long outside = memory.region().limit() + 64;
        for (long address : new long[] {16, memory.base() - 16, outside}) {
            HeapCorruption found = assertThrows(HeapCorruption.class, () -> heap.free(address));
            assertEquals(
                    "No live block of this heap starts at this address: 0x"
                            + Long.toHexString(address),
                    found.getMessage());
            assertThrows(HeapCorruption.class, () -> heap.usableSize(address));
            assertThrows(HeapCorruption.class, () -> heap.reallocate(address, 1));
        }
    }

    @Test
    void a_walk_and_verify_look_at_all_heaps() {
        long first = heap.allocate(60_000, 16);
        long second = heap.allocate(60_000, 16);
        Set<Long> shown = new TreeSet<>();
        heap.walk((address, usable) -> shown.add(address));
        assertEquals(Set.of(first, second), shown);
        heap.verify();
        Memory.putLong(first - 8, 0);
        assertThrows(HeapCorruption.class, heap::verify);
    }

    /// A heap with one block at an address of its own, and little to say about it.
    private record Single(long block, boolean isThreadSafe) implements Heap {

        @Override
        public long allocate(long size, long alignment) {
            return 0;
        }

        @Override
        public void free(long address) {
            throw new HeapCorruption("single", address);
        }

        @Override
        public long usableSize(long address) {
            return 24;
        }

        @Override
        public void verify() {}

        @Override
        public void walk(BlockVisitor visitor) {}

        @Override
        public long trim(long keep) {
            return keep + 1;
        }

        @Override
        public void atExit() {
            throw new HeapCorruption("the end", block);
        }

        @Override
        public String explain(long address) {
            return address == block ? "single" : null;
        }

        @Override
        public LongPredicate outside() {
            return address -> address == block;
        }
    }

    private static Part around(Heap heap, long base) {
        return new Part(Long.MAX_VALUE, new Region(base, 4096, (at, bytes) -> true), heap);
    }

    @Test
    void blocks_outside_of_all_regions_belong_to_who_knows_them() {
        Fallback two =
                new Fallback(
                        List.of(
                                around(new Single(0x100000, true), 0x1000),
                                around(new Single(0x200000, true), 0x2000)));
        assertTrue(two.outside().test(0x100000) && two.outside().test(0x200000));
        assertFalse(two.outside().test(0x300000));
        assertEquals(two.parts().get(1), two.partOf(0x200000));
        assertThrows(HeapCorruption.class, () -> two.partOf(0x300000));
        assertEquals(24, two.usableSize(0x100000));
        assertEquals(null, heap.outside());
    }

    @Test
    void all_heaps_are_asked_to_trim_to_explain_and_for_their_last_words() {
        Part first = around(new Single(0x100000, true), 0x1000);
        Part second = around(new Single(0x200000, false), 0x2000);
        Fallback two = new Fallback(List.of(first, second));
        assertEquals(102, two.trim(100));
        assertEquals("single", two.explain(0x200000));
        assertEquals(null, two.explain(0x300000));
        assertThrows(HeapCorruption.class, two::atExit);
        assertFalse(two.isThreadSafe());
        assertTrue(new Fallback(List.of(first, first)).isThreadSafe());
    }

    /// A predicate was made for each free of a block that lies in no region.
    @Test
    void what_tells_blocks_outside_is_made_once() {
        String[] compositions = {
            "fallback(pool(16), locked(system))",
            "segregated(16:pool(16), *:locked(system))",
            "locked(fallback(pool(16), system))",
        };
        for (String expression : compositions) {
            try (TestRegion other = new TestRegion(4 << 20)) {
                Heap made = Catalog.create(expression, other.region(), 0);
                assertNotEquals(null, made.outside());
                assertSame(made.outside(), made.outside(), expression);
            }
        }
    }

    @Test
    void blocks_outside_come_and_go_without_java_objects() {
        Heap made = Catalog.create("fallback(pool(16), locked(system))", memory.region(), 0);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        int rounds = 1_000;
        allocateAndFree(made, rounds);
        long before = threads.getCurrentThreadAllocatedBytes();
        allocateAndFree(made, rounds);
        long bytes = threads.getCurrentThreadAllocatedBytes() - before;
        assertTrue(bytes < 4L * rounds, () -> bytes + " bytes");
    }

    private static void allocateAndFree(Heap heap, int rounds) {
        for (int i = 0; i < rounds; i++) {
            heap.free(heap.allocate(100, 16));
        }
    }
}
