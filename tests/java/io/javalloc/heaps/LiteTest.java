package io.javalloc.heaps;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.javalloc.Heap;
import io.javalloc.HeapCorruption;
import io.javalloc.TestRegion;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LiteTest {

    private static final long BYTES = 1 << 20;

    private final TestRegion memory = new TestRegion(BYTES);
    private final Heap heap = new Lite.Provider().create(memory);
    private final long base = memory.base();

    @AfterEach
    void close() {
        memory.close();
    }

    private long allocate(long size) {
        return heap.allocate(size, Heap.MIN_ALIGNMENT);
    }

    private Map<Long, Long> walked() {
        Map<Long, Long> blocks = new TreeMap<>();
        heap.walk(blocks::put);
        return blocks;
    }

    private void assertRefused(long address) {
        Map<Long, Long> before = walked();
        String expected =
                "No block starts at this address, or it has already been freed: 0x"
                        + Long.toHexString(address);
        assertEquals(
                expected,
                assertThrows(HeapCorruption.class, () -> heap.free(address)).getMessage());
        assertEquals(
                expected,
                assertThrows(HeapCorruption.class, () -> heap.usableSize(address)).getMessage());
        assertEquals(
                expected,
                assertThrows(HeapCorruption.class, () -> heap.reallocate(address, 1)).getMessage());
        assertEquals(before, walked());
        heap.verify();
    }

    private void assertCorrupt(String message) {
        HeapCorruption thrown = assertThrows(HeapCorruption.class, heap::verify);
        assertTrue(thrown.getMessage().startsWith(message), thrown.getMessage());
    }

    // ------------------------------------------- lite-alloc's own tests, one to one, under its
    // names

    @Test
    void lite_alloc_test_small_alloc_reuse() {
        long first = allocate(16);
        assertNotEquals(0, first);
        Memory.putByte(first, (byte) 0xaa);
        heap.free(first);
        long second = allocate(16);
        assertEquals(first, second, "the bin's block is reused");
    }

    @Test
    void lite_alloc_test_cross_bin_isolation() {
        long p0 = allocate(10);
        long p1 = allocate(20);
        assertNotEquals(p0, p1);
        heap.free(p0);
        long p2 = allocate(20);
        assertNotEquals(p0, p2, "a bin of 32 does not take a block of 16");
        long p3 = allocate(10);
        assertEquals(p0, p3);
    }

    @Test
    void lite_alloc_test_large_alloc_bypass() {
        long p1 = allocate(200);
        assertNotEquals(0, p1);
        heap.free(p1);
        long p2 = allocate(200);
        assertNotEquals(p1, p2, "large blocks are not reused");
    }

    @Test
    void lite_alloc_test_memory_growth() {
        long p1 = allocate(40 * 1024);
        assertNotEquals(0, p1);
        long p2 = allocate(40 * 1024);
        assertNotEquals(0, p2);
        assertNotEquals(p1, p2);
        assertTrue(p2 - p1 >= 40 * 1024, "they do not overlap");
    }

    @Test
    void lite_alloc_test_high_alignment() {
        long p1 = heap.allocate(32, 128);
        assertNotEquals(0, p1);
        assertEquals(0, p1 % 128);
        heap.free(p1);
    }

    @Test
    void lite_alloc_test_realloc_shrink() {
        long block = allocate(100);
        Memory.fill(block, 100, (byte) 0xcc);
        long shrunk = heap.reallocate(block, 80);
        assertEquals(block, shrunk);
        assertEquals((byte) 0xcc, Memory.getByte(shrunk));
    }

    @Test
    void lite_alloc_test_realloc_grow_large_at_top() {
        long block = allocate(256);
        Memory.fill(block, 256, (byte) 0xaa);
        long grown = heap.reallocate(block, 512);
        assertEquals(block, grown, "it grows in place");
        assertEquals((byte) 0xaa, Memory.getByte(grown));
        assertEquals((byte) 0xaa, Memory.getByte(grown + 255));
    }

    @Test
    void lite_alloc_test_realloc_move() {
        allocate(64);
        long block = allocate(256);
        allocate(64);
        Memory.fill(block, 256, (byte) 0xbb);
        long moved = heap.reallocate(block, 512);
        assertNotEquals(block, moved, "it is not at the heap top");
        assertEquals((byte) 0xbb, Memory.getByte(moved));
    }

    // ---------------------------------------------------------------- bins

    @Test
    void aBlockHasTheSizeOfItsBinOrAMultipleOf16() {
        long[][] expected = {
            {1, 16},
            {16, 16},
            {17, 32},
            {32, 32},
            {33, 64},
            {64, 64},
            {65, 128},
            {128, 128},
            {129, 144},
            {144, 144},
            {1000, 1008},
            {100_000, 100_000},
        };
        long top = base;
        for (long[] sizeAndCapacity : expected) {
            long block = allocate(sizeAndCapacity[0]);
            assertEquals(top, block, "cut at the heap top");
            assertEquals(sizeAndCapacity[1], heap.usableSize(block));
            top += sizeAndCapacity[1];
        }
        assertEquals(expected.length, walked().size());
        heap.verify();
    }

    @Test
    void whatWasFreedLastIsReusedFirst() {
        for (long size : new long[] {16, 32, 64, 128}) {
            long first = allocate(size);
            long second = allocate(size);
            long third = allocate(size);
            heap.free(first);
            heap.free(third);
            heap.free(second);
            heap.verify();
            assertEquals(second, allocate(size));
            assertEquals(third, allocate(size));
            assertEquals(first, allocate(size));
        }
        heap.verify();
    }

    @Test
    void theNodeLiesInTheFirstWordOfTheFreeBlock() {
        long first = allocate(64);
        long second = allocate(64);
        heap.free(first);
        heap.free(second);
        assertEquals(first, FreeNode.next(second));
        assertEquals(0, FreeNode.next(first));
    }

    @Test
    void aLargeBlockIsLostWhenItIsFreedAndShowsInNoWalk() {
        long block = allocate(4096);
        heap.free(block);
        assertEquals(Map.of(), walked());
        assertEquals(base + 4096, allocate(16));
        heap.verify();
    }

    @Test
    void anAlignmentAbove16BypassesTheBinsAndTheGapIsLost() {
        long binned = allocate(32);
        heap.free(binned);
        for (int log = 5; log < 18; log++) {
            long top = allocate(16) + 16;
            long block = heap.allocate(32, 1L << log);
            assertEquals(Region.roundUp(top, 1L << log), block);
            assertEquals(32, heap.usableSize(block));
            assertEquals(block + 32, allocate(128), "nothing behind it is skipped");
        }
        assertEquals(binned, allocate(32), "the bin was not asked");
        heap.verify();
    }

    @Test
    void aSmallAlignedBlockGoesToTheBinOfItsSize() {
        allocate(16);
        long block = heap.allocate(40, 64);
        heap.free(block);
        heap.verify();
        assertEquals(block, allocate(64));
    }

    // ---------------------------------------------------------------- reallocating

    @Test
    void aBlockStaysWhileTheNewSizeFits() {
        long block = allocate(1000);
        allocate(16);
        for (long size : new long[] {1008, 1, 200, 1008}) {
            assertEquals(block, heap.reallocate(block, size));
            assertEquals(1008, heap.usableSize(block));
        }
    }

    @Test
    void aSmallBlockThatGrowsAtTheTopGetsTheSizeOfABin() {
        long block = allocate(16);
        assertEquals(block, heap.reallocate(block, 40));
        assertEquals(64, heap.usableSize(block));
        long behind = allocate(16);
        assertEquals(block + 64, behind);
        heap.free(block);
        assertEquals(block, allocate(64), "and a bin hands out no less");
        heap.verify();
    }

    @Test
    void aSmallBlockThatMovesGoesToItsBin() {
        long block = allocate(32);
        allocate(16);
        Memory.putLong(block + 24, 42);
        long moved = heap.reallocate(block, 33);
        assertNotEquals(block, moved);
        assertEquals(42, Memory.getLong(moved + 24));
        assertEquals(block, allocate(32));
    }

    @Test
    void aBlockThatCannotGrowStaysAsItWas() {
        memory.refuseBeyond(Region.PAGE);
        long block = allocate(1000);
        Memory.putLong(block, 42);
        for (long size : new long[] {Region.PAGE + 1, BYTES, BYTES + 1, Long.MAX_VALUE}) {
            assertEquals(0, heap.reallocate(block, size));
            assertEquals(1008, heap.usableSize(block));
            assertEquals(42, Memory.getLong(block));
        }
        assertEquals(base + 1008, allocate(16));
        heap.verify();
    }

    // ---------------------------------------------------------------- memory

    @Test
    void memoryGrowsByPages() {
        assertEquals(0, memory.committedBytes());
        allocate(1);
        assertEquals(Region.PAGE, memory.committedBytes());
        allocate(Region.PAGE - 16);
        assertEquals(1, memory.commits());
        allocate(1);
        assertEquals(2 * Region.PAGE, memory.committedBytes());
        memory.assertUncommittedIsUntouched();
    }

    @Test
    void refusedMemoryLeavesTheHeapAsItWas() {
        memory.refuseBeyond(Region.PAGE);
        long block = allocate(100);
        assertEquals(0, allocate(Region.PAGE));
        assertEquals(0, heap.allocate(16, 1 << 17));
        heap.verify();
        assertEquals(Map.of(block, 128L), walked());
        assertEquals(block + 128, allocate(16), "the heap top has not moved");
        memory.refuseNothing();
        assertEquals(block + 144, allocate(Region.PAGE));
    }

    @Test
    void aFullHeapStillServesFromItsBins() {
        long small = allocate(64);
        assertNotEquals(0, allocate(BYTES - 64));
        assertEquals(0, allocate(1));
        heap.free(small);
        assertEquals(0, allocate(32));
        assertEquals(small, allocate(64));
        heap.verify();
    }

    @Test
    void theMaximumLimitsTheHeap() {
        try (TestRegion other = new TestRegion(BYTES).with("max", 1000)) {
            Heap small = new Lite.Provider().create(other);
            assertEquals(0, small.allocate(993, 16));
            assertNotEquals(0, small.allocate(992, 16));
            assertEquals(0, small.allocate(1, 16));
        }
        try (TestRegion other = new TestRegion(BYTES).with("max", 2 * BYTES)) {
            Heap large = new Lite.Provider().create(other);
            assertNotEquals(0, large.allocate(BYTES, 16), "no more than the region");
        }
        try (TestRegion other = new TestRegion(BYTES).with("max", 15)) {
            assertThrows(IllegalArgumentException.class, () -> new Lite.Provider().create(other));
        }
    }

    @Test
    void freshMemoryIsNotFilledAgainAndUsedMemoryIs() {
        // What nobody ever wrote to stands for zeros; plant something there to see it untouched.
        allocate(16);
        Memory.putLong(base + 32, 42);
        long block = heap.allocateZeroed(100, Heap.MIN_ALIGNMENT);
        assertEquals(42, Memory.getLong(block + 16));
        Memory.fill(block, 128, (byte) 1);
        heap.free(block);
        assertEquals(block, heap.allocateZeroed(128, Heap.MIN_ALIGNMENT));
        for (long at = block; at < block + 128; at += Long.BYTES) {
            assertEquals(0, Memory.getLong(at));
        }
    }

    // ---------------------------------------------------------------- refusing, finding damage

    @Test
    void anAddressWhereNoLiveBlockStartsIsRefused() {
        long block = allocate(256);
        long aligned = heap.allocate(16, 1024);
        for (long offset = 1; offset < 256; offset++) {
            assertRefused(block + offset);
        }
        assertRefused(aligned - 16);
        assertRefused(aligned + 16);
        assertRefused(base - 16);
        assertRefused(base + BYTES);
        assertRefused(base + BYTES - 16);
        assertRefused(16);
        assertRefused(-16);
        assertRefused(Long.MIN_VALUE);
        assertRefused(Long.MAX_VALUE - 15);
    }

    @Test
    void aDoubleFreeIsRefused() {
        long small = allocate(16);
        long large = allocate(1000);
        heap.free(small);
        heap.free(large);
        assertRefused(small);
        assertRefused(large);
    }

    @Test
    void aFreeBlockThatWasWrittenToIsRefusedWhenItIsReused() {
        long live = allocate(64);
        long block = allocate(64);
        heap.free(block);
        long top = block + 64;
        long[] damages = {
            0x4141414141414141L,
            -1,
            Long.MIN_VALUE,
            base - 16,
            top,
            top - 48,
            live,
            live - 16,
            live + 8,
            live + 48,
            1,
        };
        for (long damage : damages) {
            FreeNode.setNext(block, damage);
            assertCorrupt("A bin leads to what is not a free block, or twice");
            HeapCorruption thrown = assertThrows(HeapCorruption.class, () -> allocate(64));
            assertEquals(
                    "A free block has been overwritten: 0x" + Long.toHexString(block),
                    thrown.getMessage());
        }
        FreeNode.setNext(block, 0);
        assertEquals(block, allocate(64));
        heap.verify();
    }

    @Test
    void verifyFindsALinkIntoTheMidstOfABlock() {
        long live = allocate(1024);
        long block = allocate(64);
        heap.free(block);
        FreeNode.setNext(block, live + 512);
        String expected = "Another block lies inside of this one: 0x" + Long.toHexString(live);
        assertCorrupt(expected);
        allocate(64);
        allocate(64);
        assertCorrupt(expected);
    }

    @Test
    void verifyLeavesTheHeapAsItWas() {
        long first = allocate(16);
        long second = allocate(128);
        long third = allocate(128);
        heap.free(second);
        heap.free(first);
        heap.verify();
        assertEquals(Map.of(third, 128L), walked());
        assertRefused(first);
        assertEquals(first, allocate(16));
        assertEquals(second, allocate(128));
    }

    @Test
    void verifyFindsABlockThatIsTwiceInTheBins() {
        long first = allocate(64);
        long second = allocate(64);
        heap.free(first);
        heap.free(second);
        FreeNode.setNext(first, second);
        assertCorrupt("A bin leads to what is not a free block, or twice");
        long small = allocate(16);
        FreeNode.setNext(first, 0);
        heap.free(small);
        FreeNode.setNext(small, first + 16);
        assertCorrupt("A bin leads to what is not a free block, or twice");
    }
}
