package io.javalloc.heaps;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.javalloc.Allocation;
import io.javalloc.Heap;
import io.javalloc.HeapCorruption;
import io.javalloc.Layout;
import io.javalloc.TestRegion;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.function.Executable;

class FreeListTest {

    private static final long RANGE = 1 << 20;
    private static final long HEADER = ChunkHeader.BYTES_WITH_LINK;

    private final TestRegion memory = new TestRegion(RANGE);
    private final FreeList heap = (FreeList) new FreeList.Provider().create(memory);
    private final long base = memory.base();

    @AfterEach
    void close() {
        memory.close();
    }

    private long allocate(long size) {
        return heap.allocate(size, Heap.MIN_ALIGNMENT);
    }

    private long[] allocateSome(long... sizes) {
        long[] blocks = new long[sizes.length];
        for (int i = 0; i < sizes.length; i++) {
            blocks[i] = allocate(sizes[i]);
        }
        return blocks;
    }

    /// Leaves no room above the top, so that only freed blocks can serve.
    private long fillUp() {
        long room = RANGE - HEADER;
        long block = 0;
        while (room > 0 && block == 0) {
            block = allocate(room);
            room -= 16;
        }
        return block;
    }

    private List<Long> walked() {
        List<Long> blocks = new ArrayList<>();
        heap.walk((address, usable) -> blocks.add(address));
        return blocks;
    }

    private static void assertRefused(String message, long address, Executable operation) {
        HeapCorruption thrown = assertThrows(HeapCorruption.class, operation);
        assertEquals(message + ": 0x" + Long.toHexString(address), thrown.getMessage());
    }

    private void assertNoBlock(long address) {
        String message = "No block of this heap starts here, or its header was overwritten";
        assertRefused(message, address, () -> heap.free(address));
        assertRefused(message, address, () -> heap.usableSize(address));
        assertRefused(message, address, () -> heap.reallocate(address, 10));
    }

    private void assertCorrupt(String message) {
        HeapCorruption thrown = assertThrows(HeapCorruption.class, heap::verify);
        assertTrue(thrown.getMessage().startsWith(message), thrown.getMessage());
    }

    // ---------------------------------------------------------------- the document's methods

    @Test
    void newTakesItsBufferFromAHeapAndDropGivesItBack() {
        try (TestRegion other = new TestRegion(RANGE)) {
            Heap parent = new Knr.Provider().create(other);
            FreeList own = FreeList.create(parent, 8192);
            List<Long> buffers = new ArrayList<>();
            parent.walk((address, usable) -> buffers.add(address));
            assertEquals(List.of(own.allocate(1, 16) - HEADER), buffers);
            own.drop();
            parent.walk((address, usable) -> assertEquals(0, address, "nothing is live"));
            parent.verify();
            assertThrows(IllegalArgumentException.class, () -> FreeList.create(parent, 31));
            parent.walk((address, usable) -> assertEquals(0, address, "nothing is live"));
        }
    }

    @Test
    void allocWithALayoutTellsTheActualSize() {
        Allocation allocation = heap.allocate(Layout.of(100, 8));
        assertEquals(112, allocation.size());
        assertEquals(112, heap.usableSize(allocation.address()));
    }

    @Test
    void allocUsesTheFirstThatFits() {
        long[] b = allocateSome(300, 16, 200, 16, 100, 16);
        heap.free(b[0]);
        heap.free(b[2]);
        heap.free(b[4]);
        assertEquals(b[2], allocate(150), "neither the best fit nor the lowest address");
        assertEquals(b[4], allocate(100));
        assertEquals(b[0], allocate(100));
        heap.verify();
    }

    @Test
    void aFreeBlockServesBeforeMemoryThatWasNeverUsed() {
        long[] b = allocateSome(1000, 16);
        heap.free(b[0]);
        assertEquals(b[0], allocate(16));
        assertEquals(b[0] + 16 + HEADER, allocate(16), "the rest of the same");
        heap.verify();
    }

    @Test
    void aBlockSplitsWhenLessIsAskedForThanItHas() {
        long[] b = allocateSome(304, 16);
        heap.free(b[0]);
        assertEquals(b[0], allocate(100));
        assertEquals(112, heap.usableSize(b[0]));
        assertEquals(b[0] + 112 + HEADER, allocate(304 - 112 - HEADER));
        heap.verify();
    }

    @Test
    void noBlockIsSmallerThan32BytesWithItsHeader() {
        assertEquals(32, FreeList.MIN_CHUNK);
        long[] b = allocateSome(1, 1);
        assertEquals(32, b[1] - b[0]);
        assertEquals(16, heap.usableSize(b[0]));
    }

    @Test
    void aRestOfLessThan32BytesIsNotSplitOff() {
        long[] b = allocateSome(64, 16);
        heap.free(b[0]);
        assertEquals(b[0], allocate(48));
        assertEquals(64, heap.usableSize(b[0]));
        heap.free(b[0]);
        assertEquals(b[0], allocate(32));
        assertEquals(32, heap.usableSize(b[0]));
        heap.verify();
    }

    @Test
    void theHeaderOf16BytesHasTheSizeAndTheNext() {
        long[] b = allocateSome(64, 16, 64, 16);
        assertEquals(HEADER, b[0] - base);
        heap.free(b[0]);
        heap.free(b[2]);
        assertEquals(16, HEADER);
        assertEquals(b[0] - HEADER, ChunkHeader.link(b[2] - HEADER), "next");
        assertEquals(0, ChunkHeader.link(b[0] - HEADER));
        long word = ChunkHeader.word(b[0] - HEADER, 0);
        assertEquals(64 + HEADER, ChunkHeader.length(word), "the size includes the header");
    }

    @Test
    void deallocPushesToTheFrontOfTheList() {
        long[] b = allocateSome(64, 16, 64, 16);
        heap.free(b[0]);
        heap.free(b[2]);
        assertEquals(b[2], allocate(64));
        assertEquals(b[0], allocate(64));
    }

    @Test
    void blocksAreFreedInAnyOrder() {
        long[] b = allocateSome(100, 500, 200, 1, 50);
        for (int i : new int[] {1, 0, 4, 2, 3}) {
            heap.free(b[i]);
            heap.verify();
        }
        assertEquals(List.of(), walked());
        assertEquals(b[0], allocate(RANGE - HEADER), "all of it is one again");
    }

    @Test
    void totalAllocatedIsWhatIsAllocatedNow() {
        assertEquals(0, heap.totalAllocated());
        long[] b = allocateSome(100, 1);
        assertEquals(112 + 16, heap.totalAllocated());
        heap.free(b[0]);
        assertEquals(16, heap.totalAllocated());
        heap.reallocate(b[1], 1000);
        assertEquals(1008, heap.totalAllocated());
        heap.reallocate(b[1], 100);
        assertEquals(112, heap.totalAllocated());
        assertEquals(0, allocate(2 * RANGE));
        heap.free(b[1]);
        assertEquals(0, heap.totalAllocated());
        heap.verify();
    }

    @Test
    void remainingIsWhatIsInNoLiveBlock() {
        assertEquals(RANGE, heap.remaining());
        long[] b = allocateSome(100, 1);
        assertEquals(RANGE - 128 - 32, heap.remaining());
        heap.free(b[0]);
        assertEquals(RANGE - 32, heap.remaining());
    }

    @Test
    void allocAnswers0WhenNothingFits() {
        long block = fillUp();
        assertNotEquals(0, block);
        assertEquals(0, allocate(1));
        assertEquals(Allocation.FAILED, heap.allocate(Layout.forByte()));
        heap.free(block);
        assertEquals(block, allocate(1));
        heap.verify();
    }

    @Test
    void afterDropThereIsNeitherRoomNorABlock() {
        long[] b = allocateSome(100, 100);
        heap.free(b[0]);
        heap.drop();
        assertEquals(0, allocate(1));
        assertEquals(0, heap.remaining());
        assertEquals(0, heap.totalAllocated());
        assertNoBlock(b[1]);
        heap.verify();
        heap.drop();
    }

    // ---------------------------------------------------------------- the sweep

    @Test
    void whatWasSplitIsJoinedWhenNothingFits() {
        long[] b = allocateSome(100, 100, 100, 100);
        long rest = fillUp();
        heap.free(b[0]);
        heap.free(b[2]);
        heap.free(b[1]);
        assertEquals(b[0], allocate(3 * 112 + 2 * HEADER));
        assertEquals(0, allocate(1));
        assertEquals(List.of(b[0], b[3], rest), walked());
        heap.verify();
    }

    @Test
    void theTopComesDownWhenWhatIsBelowItIsFree() {
        long[] b = allocateSome(100, 400_000, 500_000);
        heap.free(b[1]);
        heap.free(b[2]);
        assertEquals(b[1], allocate(1_000_000 - 112));
        heap.verify();
    }

    @Test
    void muchThatWasFreedIsJoinedBeforeTheTopMoves() {
        long[] b = allocateSome(10_000, 10_000, 10_000, 16);
        heap.free(b[0]);
        heap.free(b[1]);
        assertEquals(b[0], allocate(20_000));
        heap.verify();
    }

    @Test
    void littleThatWasFreedIsNotWorthASweep() {
        long[] b = allocateSome(100, 100, 100_000);
        heap.free(b[0]);
        heap.free(b[1]);
        assertTrue(allocate(200) > b[2]);
        heap.verify();
    }

    @Test
    void aSweepLeavesTheListInTheOrderOfAddresses() {
        long[] b = allocateSome(100, 16, 200, 16, 300, 16);
        fillUp();
        heap.free(b[0]);
        heap.free(b[2]);
        heap.free(b[4]);
        assertEquals(0, allocate(10_000));
        heap.verify();
        assertEquals(b[0], allocate(100));
        assertEquals(b[2], allocate(100));
        assertEquals(b[2] + 112 + HEADER, allocate(80 - HEADER), "the rest of the second");
        assertEquals(b[4], allocate(80));
    }

    @Test
    void aHeaderInsideOfAJoinedBlockIsNoBlock() {
        long[] b = allocateSome(64, 64, 64, 16);
        fillUp();
        heap.free(b[1]);
        heap.free(b[2]);
        heap.free(b[0]);
        assertEquals(b[0], allocate(3 * 64 + 2 * HEADER));
        assertNoBlock(b[1]);
        assertNoBlock(b[2]);
    }

    @Test
    void aSearchThatFoundNothingIsNotRepeatedForTheSame() {
        long[] b = allocateSome(200, 16, 100, 16, 10_000);
        heap.free(b[0]);
        heap.free(b[2]);
        assertNotEquals(0, allocate(10_000));
        ChunkHeader.setLink(b[2] - HEADER, 0x4141414141414140L);
        assertNotEquals(0, allocate(10_000), "the list, which leads astray, is not gone through");
        assertThrows(HeapCorruption.class, () -> allocate(150));
    }

    // ---------------------------------------------------------------- alignment

    @Test
    void everyAlignmentIsServedAndWhatItLeavesIsFree() {
        List<Long> expected = new ArrayList<>();
        for (int log = 4; log < 18; log++) {
            long block = heap.allocate(100, 1L << log);
            assertEquals(0, block % (1L << log));
            heap.verify();
            expected.add(block);
        }
        List<Long> sorted = new ArrayList<>(expected);
        sorted.sort(null);
        assertEquals(sorted, walked());
        for (long block : expected) {
            heap.free(block);
        }
        assertNotEquals(0, allocate(RANGE - HEADER));
    }

    @Test
    void aFreeBlockIsCutWhereItIsAligned() {
        long[] b = allocateSome(10_000, 16);
        heap.free(b[0]);
        long aligned = heap.allocate(100, 4096);
        assertTrue(aligned > b[0] && aligned < b[1]);
        heap.verify();
        assertEquals(b[0], allocate(aligned - b[0] - 2 * HEADER), "what is before it");
        long behind = aligned + 112 + HEADER;
        assertEquals(behind, allocate(b[1] - behind - HEADER), "what is behind it");
        heap.verify();
    }

    @Test
    void aGapTooShortForTheListWaitsForTheSweep() {
        assertEquals(base + 32, heap.allocate(16, 32), "behind a gap of 16 bytes");
        heap.verify();
        long first = fillUp();
        heap.free(base + 32);
        assertEquals(base + HEADER, allocate(32), "the gap is part of it");
        heap.verify();
        heap.free(first);
        heap.verify();
    }

    @Test
    void aGapTooShortForTheListIsLeftInAFreeBlockToo() {
        long[] b = allocateSome(256, 16);
        assertEquals(16, b[0] % 32);
        heap.free(b[0]);
        assertEquals(b[0] + 16, heap.allocate(16, 32));
        heap.verify();
        assertEquals(b[0] + 16 + 32, allocate(16), "the rest is in the list, the gap is not");
    }

    // ---------------------------------------------------------------- reallocating

    @Test
    void reallocationAtTheTopIsInPlace() {
        long[] b = allocateSome(16, 16);
        Memory.putLong(b[1], 42);
        assertEquals(b[1], heap.reallocate(b[1], 100_000));
        assertEquals(100_000, heap.usableSize(b[1]));
        assertEquals(b[1], heap.reallocate(b[1], 20));
        assertEquals(42, Memory.getLong(b[1]));
        assertEquals(b[1] + 32 + HEADER, allocate(1));
        heap.verify();
    }

    @Test
    void shrinkingBelowTheTopFreesTheRest() {
        long[] b = allocateSome(256, 16);
        assertEquals(b[0], heap.reallocate(b[0], 100));
        assertEquals(112, heap.usableSize(b[0]));
        heap.verify();
        assertEquals(b[0] + 112 + HEADER, allocate(256 - 112 - HEADER));
        assertEquals(b[0], heap.reallocate(b[0], 96), "too little for a block of its own");
        assertEquals(112, heap.usableSize(b[0]));
        heap.verify();
    }

    @Test
    void growingBelowTheTopMovesAndKeepsTheContents() {
        long[] b = allocateSome(16, 16);
        Memory.putLong(b[0], 42);
        Memory.putLong(b[0] + 8, 43);
        long moved = heap.reallocate(b[0], 1000);
        assertNotEquals(b[0], moved);
        assertEquals(42, Memory.getLong(moved));
        assertEquals(43, Memory.getLong(moved + 8));
        assertEquals(b[0], allocate(16), "the old block was freed");
        heap.verify();
    }

    @Test
    void aBlockThatCannotGrowStaysAsItWas() {
        long[] b = allocateSome(64, 16);
        for (long size : new long[] {RANGE - 64, RANGE, Long.MAX_VALUE}) {
            assertEquals(0, heap.reallocate(b[0], size));
            assertEquals(0, heap.reallocate(b[1], size));
        }
        assertEquals(64, heap.usableSize(b[0]));
        assertEquals(16, heap.usableSize(b[1]));
        heap.verify();
    }

    // ---------------------------------------------------------------- misuse and damage

    @Test
    void aDoubleFreeIsRefused() {
        long[] b = allocateSome(64, 64);
        heap.free(b[0]);
        String message = "This block has already been freed";
        assertRefused(message, b[0], () -> heap.free(b[0]));
        assertRefused(message, b[0], () -> heap.usableSize(b[0]));
        assertRefused(message, b[0], () -> heap.reallocate(b[0], 1000));
        heap.verify();
    }

    @Test
    void whatIsNoBlockIsRefused() {
        long block = allocate(1000);
        Memory.fill(block, 1000, (byte) 0x41);
        for (long offset = 1; offset < 1000; offset++) {
            assertNoBlock(block + offset);
        }
        long[] addresses = {
            16,
            base - 16,
            base,
            base + 8,
            block + 1024,
            base + RANGE,
            base + RANGE - 16,
            Long.MAX_VALUE,
            Long.MIN_VALUE,
            Long.MIN_VALUE + 16,
            -16,
            -1,
        };
        for (long address : addresses) {
            assertNoBlock(address);
        }
        heap.free(block);
    }

    @Test
    void verifyFindsAnOverwrittenHeader() {
        long[] b = allocateSome(64, 64);
        Memory.fill(b[0], 64 + Long.BYTES, (byte) 0x41);
        assertCorrupt("The header of a block was overwritten, maybe by the block before it: 0x");
        assertNoBlock(b[1]);
    }

    @Test
    void verifyFindsALinkThatLeadsAstray() {
        long[] b = allocateSome(100, 16, 64, 16);
        heap.free(b[0]);
        heap.free(b[2]);
        long[] links = {0x4141414141414140L, b[1] - HEADER, b[1], base - 16, base + RANGE, -16};
        for (long link : links) {
            ChunkHeader.setLink(b[2] - HEADER, link);
            assertCorrupt("The free list leads to what is not a free chunk");
            assertThrows(HeapCorruption.class, () -> allocate(65));
        }
    }

    /// Each link was looked at, but not how many there were: the list was followed for ever.
    @Test
    @Timeout(value = 20, threadMode = ThreadMode.SEPARATE_THREAD)
    void aListThatLeadsBackIsNotFollowedForEver() {
        long[] b = allocateSome(640, 16, 64, 16, 64, 64);
        heap.free(b[0]);
        heap.free(b[2]);
        heap.free(b[4]);
        for (int from = 0; from <= 4; from += 2) {
            long before = ChunkHeader.link(b[from] - HEADER);
            for (int to = Math.max(2, from); to <= 4; to += 2) {
                ChunkHeader.setLink(b[from] - HEADER, b[to] - HEADER);
                HeapCorruption thrown =
                        assertThrows(HeapCorruption.class, () -> heap.allocate(600, 4096));
                String message = "The free list goes on behind all of its 3 chunks, to: 0x";
                assertTrue(thrown.getMessage().startsWith(message), thrown.getMessage());
            }
            ChunkHeader.setLink(b[from] - HEADER, before);
        }
        heap.verify();
    }

    @Test
    void verifyFindsACycle() {
        long[] b = allocateSome(64, 16, 64, 16);
        heap.free(b[0]);
        heap.free(b[2]);
        ChunkHeader.setLink(b[0] - HEADER, b[2] - HEADER);
        assertCorrupt("The free list leads to no free chunk, or twice");
    }

    @Test
    void verifyFindsAFreeChunkThatIsNotInTheList() {
        long[] b = allocateSome(64, 16, 64, 16);
        heap.free(b[0]);
        heap.free(b[2]);
        ChunkHeader.setLink(b[2] - HEADER, 0);
        assertCorrupt("Free chunks are missing from the list: 1");
    }

    @Test
    void verifyFindsALiveBlockThatIsNotCounted() {
        long[] b = allocateSome(64, 16);
        heap.free(b[0]);
        ChunkHeader.write(b[0] - HEADER, 0, 64 + HEADER, ChunkHeader.LIVE);
        assertCorrupt("The live blocks have 112 bytes, but should have 32");
    }

    // ---------------------------------------------------------------- memory

    @Test
    void theBufferIsCommittedAsItIsUsed() {
        assertEquals(0, memory.committedBytes());
        allocate(Region.PAGE - HEADER);
        assertEquals(Region.PAGE, memory.committedBytes());
        allocate(1);
        assertEquals(2 * Region.PAGE, memory.committedBytes());
        memory.assertUncommittedIsUntouched();
    }

    @Test
    void refusedMemoryLeavesTheHeapAsItWas() {
        long small = allocate(100);
        memory.refuseBeyond(Region.PAGE);
        assertEquals(0, allocate(100_000));
        assertEquals(0, heap.allocate(100, 1 << 17));
        assertEquals(0, heap.reallocate(small, 100_000));
        assertEquals(List.of(small), walked());
        heap.verify();
        assertEquals(small + 112 + HEADER, allocate(100));
        memory.refuseNothing();
        assertNotEquals(0, allocate(100_000));
        heap.verify();
    }

    @Test
    void whatWasFreedIsJoinedWhenTheSystemGivesNoMore() {
        long[] b = allocateSome(1000, 1000, 62_500, 16);
        memory.refuseBeyond(memory.committedBytes());
        heap.free(b[0]);
        heap.free(b[1]);
        assertEquals(b[0], allocate(2000 + HEADER));
    }

    @Test
    void freshMemoryIsNotClearedAgainAndUsedMemoryIs() {
        long block = allocate(1000);
        Memory.fill(block, 1000, (byte) 1);
        heap.free(block);
        long plant = block + 1600;
        Memory.putLong(plant, 42); // stands for zeros that nobody ever wrote to
        assertEquals(block, heap.allocateZeroed(2000, Heap.MIN_ALIGNMENT));
        for (long at = block; at < block + 2000; at += Long.BYTES) {
            assertEquals(at == plant ? 42 : 0, Memory.getLong(at));
        }
    }

    @Test
    void theMaximumLimitsTheBuffer() {
        try (TestRegion other = new TestRegion(RANGE).with("max", 1000)) {
            Heap small = new FreeList.Provider().create(other);
            assertEquals(0, small.allocate(992 - HEADER + 1, 16));
            assertNotEquals(0, small.allocate(992 - HEADER, 16));
        }
        try (TestRegion other = new TestRegion(RANGE).with("max", 31)) {
            assertThrows(
                    IllegalArgumentException.class, () -> new FreeList.Provider().create(other));
        }
    }
}
