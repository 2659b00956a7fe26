package io.javalloc.slab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.javalloc.Heap;
import io.javalloc.HeapCorruption;
import io.javalloc.TestRegion;
import io.javalloc.memory.Budget;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What a hardened [Slab] does beyond what it needs.
class SlabHardeningTest {

    private static final long PAGE = Region.PAGE;
    private static final int PAGES = 64;
    private static final int NEVER = 1 << 30;

    private final TestRegion memory = new TestRegion(PAGES * PAGE);

    private Slab heap(boolean random, boolean erase, boolean guards) {
        Hardening hardening = new Hardening(random, erase, guards);
        Budget budget = new Budget(Long.MAX_VALUE);
        return new Slab(new SlabPages(memory.region(), PAGES * PAGE, NEVER, budget, hardening), 0);
    }

    @AfterEach
    void close() {
        memory.assertUncommittedIsUntouched();
        memory.close();
    }

    private static long allocate(Heap heap, long size) {
        return heap.allocate(size, Heap.MIN_ALIGNMENT);
    }

    private static List<Long> allocate(Heap heap, int count, long size) {
        List<Long> blocks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            blocks.add(allocate(heap, size));
        }
        return blocks;
    }

    // ---- random ------------------------------------------------------------------------------

    @Test
    void randomPlacesAreInNoOrderAndOtherOnesEachTime() {
        Slab heap = heap(true, false, false);
        List<Long> first = allocate(heap, 500, 64);
        assertEquals(500, new HashSet<>(first).size());
        long ascending = 0;
        for (int i = 1; i < first.size(); i++) {
            ascending += first.get(i) > first.get(i - 1) ? 1 : 0;
        }
        assertTrue(ascending > 150 && ascending < 350, "ascending: " + ascending);
        first.forEach(heap::free);
        assertNotEquals(first, allocate(heap, 500, 64));
        heap.verify();
    }

    @Test
    void theBlockThatWasFreedLastIsSeldomTheNext() {
        Slab heap = heap(true, false, false);
        allocate(heap, 100, 64);
        Set<Long> seen = new HashSet<>();
        for (int i = 0; i < 100; i++) {
            long block = allocate(heap, 64);
            seen.add(block);
            heap.free(block);
        }
        assertTrue(seen.size() > 50, "different blocks: " + seen.size());
    }

    @Test
    void batchesAreRandomToo() {
        Slab heap = heap(true, false, false);
        long slots = allocate(heap, 800);
        assertEquals(100, heap.fill(Slab.classOf(64), slots, 100));
        int neighbours = 0;
        for (int i = 1; i < 100; i++) {
            long before = Memory.getLong(slots + (i - 1L) * Long.BYTES);
            neighbours += Memory.getLong(slots + (long) i * Long.BYTES) == before + 64 ? 1 : 0;
        }
        assertTrue(neighbours < 20, "neighbours: " + neighbours);
    }

    // ---- erase -------------------------------------------------------------------------------

    @Test
    void aFreedBlockIsZero() {
        Slab heap = heap(false, true, false);
        for (long size : new long[] {16, 100, 5000, 32 << 10, 200 << 10}) {
            long block = allocate(heap, size);
            Memory.fill(block, size, (byte) 0x5a);
            heap.free(block);
            for (long at = block; at < block + size / 8 * 8; at += Long.BYTES) {
                assertEquals(0, Memory.getLong(at));
            }
        }
        heap.verify();
    }

    @Test
    void aLargeBlockThatTheSystemDoesNotTakeIsZeroAsWell() {
        memory.refuseDiscards();
        Slab heap = heap(false, true, false);
        long block = allocate(heap, 2 * PAGE);
        Memory.fill(block, 2 * PAGE, (byte) 0x5a);
        heap.free(block);
        assertEquals(0, Memory.getLong(block + PAGE));
    }

    @Test
    void aPageOfALargeBlockThatIsDividedHasZeroBlocks() {
        Slab heap = heap(false, true, false);
        long large = allocate(heap, PAGE);
        Memory.fill(large, PAGE, (byte) 0x5a);
        heap.free(large);
        for (long block : allocate(heap, 100, 64)) {
            assertEquals(0, Memory.getLong(block));
        }
    }

    @Test
    void aWriteToAFreedBlockIsSeenWhenItIsUsedAgain() {
        Slab heap = heap(false, true, false);
        long block = allocate(heap, 100);
        heap.free(block);
        Memory.putByte(block + 41, (byte) 1);
        HeapCorruption seen = assertThrows(HeapCorruption.class, () -> allocate(heap, 600, 100));
        assertTrue(
                seen.getMessage()
                        .startsWith(
                                "A block of 112 bytes was written to after it was freed, at byte"
                                        + " 41"),
                seen.getMessage());
        assertTrue(seen.getMessage().endsWith(Long.toHexString(block)), seen.getMessage());
    }

    @Test
    void andAtTheEnd() {
        Slab heap = heap(true, true, true);
        List<Long> blocks = allocate(heap, 10, 100);
        heap.free(blocks.get(3));
        heap.atExit();
        Memory.putByte(blocks.get(3), (byte) 1);
        assertThrows(HeapCorruption.class, heap::atExit);
        assertThrows(HeapCorruption.class, heap::verify);
    }

    @Test
    void withoutItNobodyLooks() {
        Slab heap = heap(false, false, false);
        long block = allocate(heap, 100);
        heap.free(block);
        Memory.putByte(block, (byte) 1);
        heap.atExit();
        allocate(heap, 600, 100);
    }

    // ---- guards ------------------------------------------------------------------------------

    @Test
    void behindALargeBlockAndASpanIsAPageThatCannotBeTouched() {
        Slab heap = heap(false, false, true);
        long small = allocate(heap, 100);
        long large = allocate(heap, 3 * PAGE);
        assertEquals(3 * PAGE, heap.usableSize(large));
        assertTrue(memory.isProtected((small & -PAGE) + PAGE));
        assertTrue(memory.isProtected(large + 3 * PAGE));
        assertFalse(memory.isProtected(large + 2 * PAGE));
        heap.verify();
        heap.free(large);
        heap.free(small);
        heap.trim(0);
        heap.verify();
    }

    @Test
    void aFreedLargeBlockCannotBeTouchedUntilItIsUsedAgain() {
        Slab heap = heap(false, false, true);
        long large = allocate(heap, 3 * PAGE);
        Memory.fill(large, 3 * PAGE, (byte) 0x5a);
        heap.free(large);
        assertTrue(memory.isProtected(large) && memory.isProtected(large + 2 * PAGE));
        long zeroed = heap.allocateZeroed(2 * PAGE, Heap.MIN_ALIGNMENT);
        assertEquals(large, zeroed);
        assertEquals(0, Memory.getLong(zeroed + PAGE));
        assertTrue(memory.isProtected(large + 2 * PAGE));
    }

    @Test
    void theGuardGoesWithTheEndOfABlockThatGrowsOrShrinks() {
        Slab heap = heap(false, true, true);
        long block = allocate(heap, 2 * PAGE);
        Memory.putLong(block + PAGE, 77);
        for (long pages : new long[] {5, 3, 4, 9, 1, 2}) {
            assertEquals(block, heap.reallocate(block, pages * PAGE));
            assertEquals(pages * PAGE, heap.usableSize(block));
            assertFalse(memory.isProtected(block + (pages - 1) * PAGE));
            assertTrue(memory.isProtected(block + pages * PAGE), "behind " + pages);
            heap.verify();
        }
        assertEquals(0, Memory.getLong(block + PAGE)); // it had been given back
        heap.free(block);
        heap.verify();
    }

    @Test
    void aBlockThatCannotGrowKeepsItsGuard() {
        Slab heap = heap(false, false, true);
        long block = allocate(heap, 2 * PAGE);
        long behind = allocate(heap, PAGE);
        assertNotEquals(block, heap.reallocate(block, 4 * PAGE));
        assertTrue(memory.isProtected(block));
        heap.free(behind);
        heap.verify();
    }

    @Test
    void whereTheSystemProtectsNothingItGoesOnWithout() {
        memory.refuseProtection();
        Slab heap = heap(true, true, true);
        List<Long> blocks = allocate(heap, 20, PAGE);
        assertFalse(blocks.contains(0L));
        assertEquals(0, memory.protectedPages());
        blocks.forEach(heap::free);
        heap.verify();
    }

    @Test
    void aFaultIsExplained() {
        Slab heap = heap(false, false, true);
        long small = allocate(heap, 100);
        long large = allocate(heap, 3 * PAGE);
        long behind = large + 3 * PAGE + 8;
        assertEquals(
                "The program reads or writes behind the end of a block of 196608 bytes, at byte"
                        + " 196616: 0x"
                        + Long.toHexString(large),
                heap.explain(behind));
        assertTrue(
                heap.explain((small & -PAGE) + PAGE)
                        .startsWith("The program reads or writes behind the last of the blocks"));
        assertNull(heap.explain(large));
        heap.free(large);
        assertEquals(
                "The program reads or writes memory that has been freed: 0x"
                        + Long.toHexString(large + 5),
                heap.explain(large + 5));
        assertNull(heap(false, false, false).explain(large));
    }

    // ---- with a size -------------------------------------------------------------------------

    @Test
    void aBlockIsFreedWithASizeThatItCanHave() {
        Slab heap = heap(false, false, false);
        for (long size : new long[] {1, 16, 57, 100, 112, 5000, 32 << 10, 100_000}) {
            heap.freeSized(allocate(heap, size), size, Heap.MIN_ALIGNMENT);
        }
        heap.freeSized(heap.allocate(100, 256), 100, 256);
        long smaller = allocate(heap, 1000);
        assertEquals(smaller, heap.reallocate(smaller, 600));
        heap.freeSized(smaller, 600, Heap.MIN_ALIGNMENT);
        assertEquals(0, heap.liveBlocks());
    }

    @Test
    void andWithNoOther() {
        Slab heap = heap(false, false, false);
        long block = allocate(heap, 100);
        for (long size : new long[] {1, 40, 113, 5000, 100_000}) {
            HeapCorruption seen =
                    assertThrows(HeapCorruption.class, () -> heap.freeSized(block, size, 16));
            assertTrue(
                    seen.getMessage().startsWith("Freed as a block of " + size + " bytes, but"),
                    seen.getMessage());
        }
        assertEquals(1, heap.liveBlocks());
    }
}
