package io.javalloc.heaps;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.javalloc.Heap;
import io.javalloc.HeapCorruption;
import io.javalloc.TestRegion;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.function.Executable;

class KnrTest {

    private static final long RANGE = 1 << 20;
    private static final long HEADER = KnrHeader.BYTES;

    private final TestRegion memory = new TestRegion(RANGE);
    private final Heap heap = new Knr.Provider().create(memory);
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

    private List<Long> walked() {
        List<Long> blocks = new ArrayList<>();
        heap.walk((address, usable) -> blocks.add(address));
        return blocks;
    }

    private void assertRefused(long address, Executable operation) {
        HeapCorruption thrown = assertThrows(HeapCorruption.class, operation);
        assertEquals(
                "Attempt to free a pointer not allocated by this allocator: 0x"
                        + Long.toHexString(address),
                thrown.getMessage());
    }

    private void assertFreeRefused(long address) {
        List<Long> before = walked();
        assertRefused(address, () -> heap.free(address));
        assertEquals(before, walked());
        heap.verify();
    }

    private void assertCorrupt(String message) {
        HeapCorruption thrown = assertThrows(HeapCorruption.class, heap::verify);
        assertTrue(thrown.getMessage().startsWith(message), thrown.getMessage());
    }

    // ---------------------------------------------------------------- allocating

    @Test
    void aNewHeapIsOneFreeChunk() {
        heap.verify();
        assertEquals(List.of(), walked());
        assertEquals(base + HEADER, allocate(RANGE - HEADER));
        assertEquals(0, allocate(1));
        heap.verify();
    }

    @Test
    void theFrontOfAChunkIsSplitOff() {
        long[] b = allocateSome(100, 1, 16);
        assertEquals(base + HEADER, b[0]);
        assertEquals(112, heap.usableSize(b[0]));
        assertEquals(b[0] + 112 + HEADER, b[1]);
        assertEquals(b[1] + 16 + HEADER, b[2]);
        assertEquals(List.of(b[0], b[1], b[2]), walked());
        heap.verify();
    }

    @Test
    void theFirstChunkOfTheListThatFitsIsTaken() {
        long[] b = allocateSome(300, 16, 200, 16, 100, 16);
        heap.free(b[0]);
        heap.free(b[2]);
        heap.free(b[4]);
        assertEquals(b[2], allocate(150), "neither the best fit nor the lowest address");
        assertEquals(b[4], allocate(100));
        assertEquals(b[0], allocate(100));
    }

    @Test
    void whatIsLeftOfAChunkStaysInItsPlaceInTheList() {
        long[] b = allocateSome(300, 16, 300, 16);
        heap.free(b[0]);
        heap.free(b[2]);
        assertEquals(b[2], allocate(48));
        assertEquals(b[2] + 48 + HEADER, allocate(48));
    }

    @Test
    void aRestThatHoldsNoChunkIsNotSplitOff() {
        long[] b = allocateSome(64, 16);
        heap.free(b[0]);
        assertEquals(b[0], allocate(48));
        assertEquals(64, heap.usableSize(b[0]));
        heap.free(b[0]);
        assertEquals(b[0], allocate(32));
        assertEquals(32, heap.usableSize(b[0]));
        assertEquals(b[0] + 48, allocate(1));
        assertEquals(16, heap.usableSize(b[0] + 48));
        heap.verify();
    }

    @Test
    void aSizeIsRoundedUpTo16WhateverTheAlignment() {
        long[][] sizes = {{1, 16}, {16, 16}, {17, 32}, {100, 112}, {4096, 4096}};
        for (long alignment = 16; alignment <= 4096; alignment *= 4) {
            for (long[] sizeAndUsable : sizes) {
                long block = heap.allocate(sizeAndUsable[0], alignment);
                assertEquals(sizeAndUsable[1], heap.usableSize(block));
            }
        }
        heap.verify();
    }

    @Test
    void itIsForOneThreadAtATime() {
        assertFalse(heap.isThreadSafe());
    }

    @Test
    void anyAlignmentIsServedAndTheGapIsAChunkOfItsOwn() {
        for (int log = 4; log < 18; log++) {
            long before = allocate(1);
            long block = heap.allocate(100, 1L << log);
            assertEquals(0, block % (1L << log));
            heap.verify();
            long gap = block - HEADER - (before + 16);
            if (gap > 0) {
                assertTrue(gap >= KnrHeader.MIN_CHUNK, "gap of " + gap);
                assertEquals(before + 16 + HEADER, allocate(gap - HEADER), "the gap is usable");
            }
            heap.verify();
        }
        for (long block : walked()) {
            heap.free(block);
        }
        assertNotEquals(0, allocate(RANGE - HEADER));
    }

    @Test
    void aGapThatHoldsNoChunkMovesTheBlockToTheNextAlignedAddress() {
        assertEquals(base + 64, heap.allocate(16, 32), "not base + 32, with a gap of 16");
        heap.verify();
        assertEquals(base + HEADER, allocate(32), "a gap of 48");
    }

    // ---------------------------------------------------------------- freeing

    @Test
    void aFreedChunkIsMergedWithTheOneBefore() {
        long[] b = allocateSome(64, 64, 16);
        heap.free(b[0]);
        heap.free(b[1]);
        heap.verify();
        assertEquals(b[0], allocate(64 + HEADER + 64));
    }

    @Test
    void aFreedChunkIsMergedWithTheOneBehind() {
        long[] b = allocateSome(64, 64, 16);
        heap.free(b[1]);
        heap.free(b[0]);
        heap.verify();
        assertEquals(b[0], allocate(64 + HEADER + 64));
    }

    @Test
    void aFreedChunkIsMergedOnBothSidesWhateverTheOrderOfTheList() {
        for (int order = 0; order < 2; order++) {
            long[] b = allocateSome(64, 64, 64, 16);
            heap.free(b[order * 2]);
            heap.free(b[2 - order * 2]);
            heap.free(b[1]);
            heap.verify();
            assertEquals(b[0], allocate(3 * 64 + 2 * HEADER));
            heap.free(b[0]);
            heap.free(b[3]);
            assertEquals(List.of(), walked());
        }
        assertNotEquals(0, allocate(RANGE - HEADER), "one free chunk again");
    }

    @Test
    void aChunkWithoutFreeNeighboursBecomesTheFirstOfTheList() {
        long[] b = allocateSome(64, 16, 64, 16);
        heap.free(b[0]);
        heap.free(b[2]);
        assertEquals(b[2], allocate(64));
        assertEquals(b[0], allocate(64));
    }

    @Test
    void aChunkMergedWithTheOneBehindTakesItsPlaceInTheList() {
        long[] b = allocateSome(64, 64, 16, 64, 16);
        heap.free(b[1]);
        heap.free(b[3]);
        heap.free(b[0]);
        assertEquals(b[3], allocate(64));
        assertEquals(b[0], allocate(64));
    }

    @Test
    void aDoubleFreeIsRefused() {
        long[] b = allocateSome(64, 64, 64, 16);
        heap.free(b[1]);
        assertFreeRefused(b[1]);
        heap.free(b[0]);
        assertFreeRefused(b[0]);
        assertFreeRefused(b[1]);
        heap.free(b[2]);
        assertFreeRefused(b[2]);
    }

    @Test
    void aHeaderInsideOfAMergedChunkIsNoBlock() {
        long[] b = allocateSome(64, 64, 64, 16);
        heap.free(b[0]);
        heap.free(b[1]);
        heap.free(b[2]);
        assertEquals(b[0], allocate(3 * 64 + 2 * HEADER));
        assertFreeRefused(b[1]);
        assertFreeRefused(b[2]);
    }

    @Test
    void anInteriorPointerIsRefused() {
        long block = allocate(256);
        for (long offset = 1; offset < 256; offset++) {
            assertFreeRefused(block + offset);
        }
        assertFreeRefused(block - 1);
        assertFreeRefused(block - HEADER);
    }

    @Test
    void aPointerOutsideOfTheRangeIsRefused() {
        allocate(64);
        try (Arena arena = Arena.ofConfined()) {
            assertFreeRefused(arena.allocate(64, 16).address() + 32);
        }
        long[] addresses = {
            16,
            base - 16,
            base,
            base + 8,
            base + RANGE,
            base + RANGE + 16,
            base + RANGE - 16,
            Long.MAX_VALUE,
            Long.MAX_VALUE - 15,
            Long.MIN_VALUE,
            Long.MIN_VALUE + 32,
            -16,
            -1,
        };
        for (long address : addresses) {
            assertFreeRefused(address);
        }
    }

    @Test
    void memoryThatIsNotCommittedIsNotLookedAt() {
        long chunk = base + RANGE - 64;
        KnrHeader.write(chunk, chunk, 64);
        assertRefused(chunk + HEADER, () -> heap.free(chunk + HEADER));
    }

    @Test
    void aLengthThatIsNotSaneIsRefused() {
        long block = allocate(64);
        long chunk = block - HEADER;
        long[] lengths = {0, 16, 88, -96, RANGE + 16, Long.MAX_VALUE - 15, Long.MIN_VALUE};
        for (long length : lengths) {
            KnrHeader.setLength(chunk, length);
            assertRefused(block, () -> heap.free(block));
        }
        KnrHeader.setLength(chunk, 64 + HEADER);
        heap.free(block);
    }

    @Test
    void theOtherOperationsRefuseTheSamePointers() {
        long block = allocate(64);
        heap.free(block);
        assertRefused(block, () -> heap.usableSize(block));
        assertRefused(block, () -> heap.reallocate(block, 10));
        heap.verify();
    }

    // ---------------------------------------------------------------- reallocating

    @Test
    void shrinkingSplitsTheTailOffAndMergesIt() {
        long[] b = allocateSome(256, 256, 16);
        heap.free(b[1]);
        assertEquals(b[0], heap.reallocate(b[0], 100));
        assertEquals(112, heap.usableSize(b[0]));
        heap.verify();
        assertEquals(b[0] + 112 + HEADER, allocate(144 + 256));
    }

    @Test
    void shrinkingByTooLittleForAChunkChangesNothing() {
        long[] b = allocateSome(64, 16);
        assertEquals(b[0], heap.reallocate(b[0], 48));
        assertEquals(64, heap.usableSize(b[0]));
        heap.verify();
    }

    @Test
    void growingTakesFromTheFreeNeighbourBehind() {
        long[] b = allocateSome(64, 256, 16, 16);
        heap.free(b[1]);
        heap.free(b[2]);
        assertEquals(b[0], heap.reallocate(b[0], 100));
        assertEquals(112, heap.usableSize(b[0]));
        heap.verify();
        assertEquals(b[0] + 112 + HEADER, allocate(100), "the rest of the neighbour");
        assertFreeRefused(b[1]);
    }

    @Test
    void growingTakesAllOfTheNeighbourIfTheRestHoldsNoChunk() {
        long[] b = allocateSome(64, 64, 16);
        heap.free(b[1]);
        assertEquals(b[0], heap.reallocate(b[0], 128));
        assertEquals(64 + HEADER + 64, heap.usableSize(b[0]));
        assertFreeRefused(b[1]);
    }

    @Test
    void growingBesideAFreeNeighbourThatIsTooShortMoves() {
        long[] b = allocateSome(64, 64, 16);
        heap.free(b[1]);
        long moved = heap.reallocate(b[0], 64 + HEADER + 65);
        assertNotEquals(b[0], moved);
        assertTrue(heap.usableSize(moved) >= 64 + HEADER + 65);
        assertEquals(b[0], allocate(64 + HEADER + 64), "the old block was freed and merged");
        heap.verify();
    }

    @Test
    void growingBesideALiveBlockMovesAndKeepsTheContents() {
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
        Memory.putLong(b[0], 42);
        assertEquals(0, heap.reallocate(b[0], RANGE));
        assertEquals(42, Memory.getLong(b[0]));
        assertEquals(64, heap.usableSize(b[0]));
        heap.verify();
    }

    // ---------------------------------------------------------------- memory

    @Test
    void onlyAsMuchMemoryAsNeededIsCommitted() {
        assertEquals(Region.PAGE, memory.committedBytes());
        allocate(Region.PAGE - 2 * HEADER);
        assertEquals(Region.PAGE, memory.committedBytes());
        allocate(1);
        assertEquals(2 * Region.PAGE, memory.committedBytes());
        memory.assertUncommittedIsUntouched();
    }

    @Test
    void theHeaderOfTheRestMustLieInCommittedMemory() {
        memory.refuseBeyond(Region.PAGE);
        assertEquals(0, allocate(Region.PAGE - HEADER), "no room for the header behind it");
        heap.verify();
        assertNotEquals(0, allocate(Region.PAGE - 2 * HEADER));
        heap.verify();
        memory.assertUncommittedIsUntouched();
    }

    @Test
    void refusedMemoryLeavesTheHeapAsItWas() {
        memory.refuseBeyond(Region.PAGE);
        long small = allocate(100);
        assertEquals(0, allocate(100_000));
        assertEquals(0, heap.allocate(100, 1 << 17));
        assertEquals(0, heap.reallocate(small, 100_000));
        heap.verify();
        assertEquals(List.of(small), walked());
        assertEquals(small + 112 + HEADER, allocate(100));
        memory.refuseNothing();
        assertNotEquals(0, allocate(100_000));
        heap.verify();
    }

    @Test
    void whenMemoryIsRefusedAnotherChunkMayFit() {
        long[] b = allocateSome(50_000, 16, 100, 100);
        heap.free(b[0]);
        heap.free(b[2]);
        heap.free(b[3]); // joins the rest of the range, now the first of the list, with b[2]
        memory.refuseBeyond(memory.committedBytes());
        int refusals = memory.refusals();
        assertEquals(b[0], allocate(40_000));
        assertTrue(memory.refusals() > refusals, "the rest of the range was tried first");
        heap.verify();
    }

    @Test
    void freshMemoryIsNotFilledAgain() {
        allocate(100);
        // What nobody ever wrote to stands for zeros; plant something there to see it untouched.
        long plant = base + 2048;
        Memory.putLong(plant, 42);
        long block = heap.allocateZeroed(4096, Heap.MIN_ALIGNMENT);
        assertTrue(block < plant && plant < block + 4096);
        assertEquals(42, Memory.getLong(plant));
    }

    @Test
    void usedMemoryIsFilledUpToWhereItIsFresh() {
        long block = allocate(1000);
        Memory.fill(block, 1000, (byte) 1);
        heap.free(block);
        long plant = block + 1600;
        Memory.putLong(plant, 42);
        assertEquals(block, heap.allocateZeroed(2000, Heap.MIN_ALIGNMENT));
        for (long at = block; at < block + 2000; at += Long.BYTES) {
            assertEquals(at == plant ? 42 : 0, Memory.getLong(at));
        }
    }

    @Test
    void theMaximumLimitsTheRange() {
        try (TestRegion other = new TestRegion(RANGE).with("max", 1000)) {
            Heap small = new Knr.Provider().create(other);
            assertEquals(0, small.allocate(992 - HEADER + 1, 16));
            assertEquals(other.base() + HEADER, small.allocate(992 - HEADER, 16));
            small.verify();
        }
        try (TestRegion other = new TestRegion(RANGE).with("max", 2 * RANGE)) {
            Heap large = new Knr.Provider().create(other);
            assertNotEquals(0, large.allocate(RANGE - HEADER, 16), "no more than the region");
        }
        try (TestRegion other = new TestRegion(RANGE).with("max", 31)) {
            assertThrows(IllegalArgumentException.class, () -> new Knr.Provider().create(other));
        }
    }

    // ---------------------------------------------------------------- finding damage

    @Test
    void verifyFindsALengthThatLeadsOutOfTheRange() {
        long[] b = allocateSome(64, 64);
        KnrHeader.setLength(b[1] - HEADER, 0x4141414141414141L);
        assertCorrupt("The length of a chunk has been overwritten");
    }

    /// A walk followed a length of 0 for ever.
    @Test
    void aWalkDoesNotFollowALengthThatWasOverwritten() {
        long[] b = allocateSome(64, 64);
        KnrHeader.setLength(b[1] - HEADER, 0);
        assertThrows(HeapCorruption.class, this::walked);
        assertCorrupt("The length of a chunk has been overwritten");
    }

    @Test
    void verifyFindsAnAllocatedChunkWithoutItsSelfLink() {
        long[] b = allocateSome(64, 64, 64);
        KnrHeader.setLink(b[1] - HEADER, 0x4141414141414141L);
        assertCorrupt("A chunk is neither allocated nor in the free list");
    }

    @Test
    void verifyFindsALinkThatLeadsOutOfTheRange() {
        long[] b = allocateSome(64, 64);
        heap.free(b[0]);
        KnrHeader.setLink(b[0] - HEADER, 0x4141414141414140L);
        assertCorrupt("The free list leads to what is not a free chunk");
    }

    @Test
    void verifyFindsALinkIntoABlock() {
        long[] b = allocateSome(64, 64, 64);
        heap.free(b[0]);
        KnrHeader.write(b[1] + 16, 0, 32);
        KnrHeader.setLink(b[0] - HEADER, b[1] + 16);
        assertCorrupt("The free list leads to no free chunk, or twice");
    }

    @Test
    void verifyFindsACycle() {
        long[] b = allocateSome(64, 16, 64, 16);
        heap.free(b[0]);
        heap.free(b[2]);
        KnrHeader.setLink(b[0] - HEADER, b[2] - HEADER);
        assertCorrupt("The free list leads to no free chunk, or twice");
    }

    @Test
    void verifyFindsAFreeChunkThatIsNotInTheList() {
        long[] b = allocateSome(64, 16, 64, 16);
        heap.free(b[0]);
        heap.free(b[2]);
        KnrHeader.setLink(b[2] - HEADER, 0);
        assertCorrupt("A chunk is neither allocated nor in the free list");
    }

    @Test
    void verifyFindsFreeNeighbours() {
        long[] b = allocateSome(64, 16);
        heap.free(b[0]);
        long chunk = b[0] - HEADER;
        KnrHeader.write(chunk + 48, KnrHeader.link(chunk), 32);
        KnrHeader.write(chunk, chunk + 48, 48);
        assertCorrupt("Two free chunks are neighbours");
    }

    /// Each link was looked at, but not how many there were: the list was followed for ever.
    @Test
    @Timeout(value = 20, threadMode = ThreadMode.SEPARATE_THREAD)
    void aListThatLeadsBackIsNotFollowedForEver() {
        long[] b = allocateSome(64, 16, 64, 16, 64, 16, 16, 16);
        heap.free(b[0]);
        heap.free(b[2]);
        heap.free(b[4]);
        List<Executable> operations =
                List.of(
                        () -> allocate(1000),
                        () -> heap.free(b[6]),
                        () -> heap.reallocate(b[7], 1000));
        for (int from = 0; from <= 2; from += 2) {
            long before = KnrHeader.link(b[from] - HEADER);
            for (int to = from + 2; to <= 4; to += 2) {
                KnrHeader.setLink(b[from] - HEADER, b[to] - HEADER);
                for (Executable operation : operations) {
                    HeapCorruption thrown = assertThrows(HeapCorruption.class, operation);
                    String message = "The free list goes on behind all of its 4 chunks, to: 0x";
                    assertTrue(thrown.getMessage().startsWith(message), thrown.getMessage());
                }
            }
            KnrHeader.setLink(b[from] - HEADER, before);
        }
        heap.verify();
    }

    @Test
    void aDamagedListIsRefusedBeforeItIsFollowed() {
        long[] b = allocateSome(64, 16, 64, 16);
        heap.free(b[0]);
        KnrHeader.setLink(b[0] - HEADER, 0x4141414141414140L);
        assertThrows(HeapCorruption.class, () -> allocate(1000));
        assertThrows(HeapCorruption.class, () -> heap.free(b[2]));
        assertThrows(HeapCorruption.class, () -> heap.reallocate(b[2], 1000));
        KnrHeader.write(b[0] - HEADER, 0, 0x4141414141414140L);
        assertThrows(HeapCorruption.class, () -> allocate(1000));
    }
}
