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
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class BumpTest {

    private static final long RANGE = 1 << 20;
    private static final long HEADER = ChunkHeader.BYTES;

    /// What lies before the first block, so that it is aligned to 16 behind its header.
    private static final long FIRST = 16;

    private final TestRegion memory = new TestRegion(RANGE);
    private final Bump bump = (Bump) new Bump.Provider().create(memory);
    private final long base = memory.base();

    @AfterEach
    void close() {
        memory.close();
    }

    private long allocate(long size) {
        return bump.allocate(size, Heap.MIN_ALIGNMENT);
    }

    private List<Long> walked() {
        List<Long> blocks = new ArrayList<>();
        bump.walk((address, usable) -> blocks.add(address));
        return blocks;
    }

    private static void assertRefused(String message, long address, Executable operation) {
        HeapCorruption thrown = assertThrows(HeapCorruption.class, operation);
        assertEquals(message + ": 0x" + Long.toHexString(address), thrown.getMessage());
    }

    private void assertNoBlock(long address) {
        String message = "No block of this heap starts here, or its header was overwritten";
        assertRefused(message, address, () -> bump.free(address));
        assertRefused(message, address, () -> bump.usableSize(address));
        assertRefused(message, address, () -> bump.reallocate(address, 10));
    }

    // ---------------------------------------------------------------- the document's methods

    @Test
    void newTakesItsBufferFromAHeapAndDropGivesItBack() {
        try (TestRegion other = new TestRegion(RANGE)) {
            Heap parent = new Knr.Provider().create(other);
            Bump own = Bump.create(parent, 4096);
            List<Long> buffers = new ArrayList<>();
            parent.walk((address, usable) -> buffers.add(address));
            assertEquals(1, buffers.size());
            long block = own.allocate(100, 16);
            assertTrue(block >= buffers.get(0) && block + 100 <= buffers.get(0) + 4096);
            own.drop();
            parent.walk((address, usable) -> buffers.add(address));
            assertEquals(1, buffers.size(), "the buffer is not live any more");
            parent.verify();
        }
    }

    @Test
    void fromBufferServesFromThatBufferAndDoesNotOwnIt() {
        try (TestRegion other = new TestRegion(RANGE)) {
            Heap parent = new Knr.Provider().create(other);
            long buffer = parent.allocate(4096, 16);
            Bump arena = Bump.fromBuffer(buffer, 4096);
            long first = arena.allocate(100, 16);
            assertEquals(buffer + FIRST, first);
            long count = 0;
            while (arena.allocate(100, 16) != 0) {
                count++;
            }
            assertTrue(count > 30, count + " blocks");
            assertTrue(arena.remaining() < 100);
            arena.drop();
            assertTrue(parent.usableSize(buffer) >= 4096, "still the caller's");
            parent.free(buffer);
        }
    }

    @Test
    void fromBufferTakesAnUnalignedBufferAndStaysInIt() {
        try (Arena arena = Arena.ofConfined()) {
            long start = arena.allocate(1024, 16).address();
            for (int shift = 0; shift < 16; shift++) {
                long buffer = start + 16 + shift;
                Memory.fill(start, 1024, (byte) 0x55);
                Bump bump = Bump.fromBuffer(buffer, 500);
                long block = bump.allocate(1, 16);
                while (block != 0) {
                    assertEquals(0, block % 16);
                    Memory.fill(block, bump.usableSize(block), (byte) 1);
                    block = bump.allocate(1, 16);
                }
                bump.verify();
                assertEquals(0x55, Memory.getByte(buffer - 1));
                assertEquals(0x55, Memory.getByte(buffer + 500));
            }
        }
    }

    @Test
    void allocGoesThroughTheBufferLinearly() {
        long first = allocate(8);
        long second = allocate(24);
        long third = allocate(25);
        long fourth = allocate(1);
        assertEquals(base + FIRST, first);
        assertEquals(first + 16, second, "a header of 8 bytes between blocks of 8");
        assertEquals(second + 32, third);
        assertEquals(third + 48, fourth);
        assertEquals(List.of(first, second, third, fourth), walked());
        bump.verify();
    }

    @Test
    void allocWithALayoutTellsTheActualSize() {
        Allocation allocation = bump.allocate(Layout.of(10, 4));
        assertEquals(base + FIRST, allocation.address());
        assertEquals(24, allocation.size());
    }

    @Test
    void allocAnswers0WhenTheBufferIsFull() {
        long block = allocate(bump.remaining());
        assertNotEquals(0, block);
        assertEquals(0, bump.remaining());
        assertEquals(0, allocate(1));
        assertEquals(Allocation.FAILED, bump.allocate(Layout.forByte()));
        bump.free(block);
        assertEquals(0, allocate(1), "free gives nothing back");
        bump.verify();
    }

    @Test
    void whatCanNeverFitIsAnsweredWith0() {
        long remaining = bump.remaining();
        for (long size : new long[] {RANGE, 1L << 32, 1L << 62, Long.MAX_VALUE - 15}) {
            assertEquals(0, allocate(size));
            assertEquals(0, bump.allocateZeroed(size, 16));
        }
        for (int log = 21; log < 63; log++) {
            assertEquals(0, bump.allocate(16, 1L << log));
        }
        assertEquals(remaining, bump.remaining(), "the heap is as it was");
        assertEquals(List.of(), walked());
    }

    @Test
    void allocZeroedClearsWhatWasUsedBefore() {
        long block = allocate(1000);
        Memory.fill(block, 1000, (byte) 1);
        bump.reset();
        long zeroed = bump.allocateZeroed(2000, 16);
        assertEquals(block, zeroed);
        for (long at = zeroed; at < zeroed + 2000; at++) {
            assertEquals(0, Memory.getByte(at));
        }
    }

    @Test
    void allocZeroedClearsABufferThatWasGiven() {
        try (Arena arena = Arena.ofConfined()) {
            long buffer = arena.allocate(4096, 16).address();
            Memory.fill(buffer, 4096, (byte) 1);
            Allocation zeroed = Bump.fromBuffer(buffer, 4096).allocateZeroed(Layout.forLong());
            assertEquals(0, Memory.getLong(zeroed.address()));
        }
    }

    @Test
    void allocZeroedClearsABufferThatAHeapGave() {
        try (TestRegion other = new TestRegion(RANGE)) {
            Heap parent = new Knr.Provider().create(other);
            long used = parent.allocate(4096, 16);
            Memory.fill(used, 4096, (byte) 1);
            parent.free(used);
            long block = Bump.create(parent, 4096).allocateZeroed(1000, 16);
            assertEquals(used + FIRST, block, "the same memory again");
            for (long at = block; at < block + 1000; at++) {
                assertEquals(0, Memory.getByte(at));
            }
        }
    }

    @Test
    void freshMemoryIsNotClearedAgain() {
        long plant = base + 2048;
        Memory.putLong(plant, 42); // stands for zeros that nobody ever wrote to
        assertNotEquals(0, bump.allocateZeroed(4096, 16));
        assertEquals(42, Memory.getLong(plant));
    }

    @Test
    void resetFreesAllAtOnce() {
        long remaining = bump.remaining();
        long first = allocate(100);
        long second = allocate(100);
        bump.reset();
        assertEquals(remaining, bump.remaining());
        assertEquals(List.of(), walked());
        assertNoBlock(first);
        assertEquals(first, allocate(1000), "from the beginning");
        assertNoBlock(second);
        bump.verify();
    }

    @Test
    void noOldPointerIsTakenForLiveAfterAReset() {
        List<Long> old = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            old.add(allocate(40));
        }
        bump.reset();
        long large = allocate(8000); // over all of them; their headers are still there
        for (long block : old) {
            if (block != large) {
                assertNoBlock(block);
            }
        }
    }

    @Test
    void remainingIsTheLargestBlockThatCanBeHad() {
        Random random = new Random(1);
        while (bump.remaining() > 0) {
            long remaining = bump.remaining();
            assertEquals(0, allocate(remaining + 1));
            assertNotEquals(0, allocate(Math.min(remaining, 1 + random.nextInt(20_000))));
            assertTrue(bump.remaining() < remaining);
        }
        bump.verify();
    }

    @Test
    void totalAllocatedCountsAllThatWasEverHandedOut() {
        assertEquals(0, bump.totalAllocated());
        long block = allocate(100);
        assertEquals(bump.usableSize(block), bump.totalAllocated());
        bump.free(block);
        bump.reset();
        assertEquals(104, bump.totalAllocated());
        long second = allocate(1);
        assertEquals(104 + 8, bump.totalAllocated());
        bump.reallocate(second, 50);
        assertEquals(104 + 56, bump.totalAllocated());
        bump.reallocate(second, 1);
        assertEquals(104 + 56, bump.totalAllocated());
        assertEquals(0, allocate(RANGE));
        assertEquals(104 + 56, bump.totalAllocated());
    }

    @Test
    void afterDropThereIsNeitherRoomNorABlock() {
        long block = allocate(100);
        bump.drop();
        assertEquals(0, allocate(1));
        assertEquals(0, bump.remaining());
        assertNoBlock(block);
        assertEquals(List.of(), walked());
        bump.verify();
        bump.drop();
    }

    @Test
    void aBufferThatHoldsNoBlockIsRefusedAndGivenBack() {
        try (TestRegion other = new TestRegion(RANGE)) {
            Heap parent = new Knr.Provider().create(other);
            IllegalArgumentException thrown =
                    assertThrows(IllegalArgumentException.class, () -> Bump.create(parent, 23));
            assertEquals("bump needs a max of at least 24 bytes, not 23", thrown.getMessage());
            parent.walk((address, usable) -> assertEquals(0, address, "no block is left"));
            assertThrows(IllegalArgumentException.class, () -> Bump.create(parent, 0));
            assertThrows(IllegalArgumentException.class, () -> Bump.create(parent, -1));
            assertThrows(IllegalStateException.class, () -> Bump.create(parent, 2 * RANGE));
            assertThrows(IllegalArgumentException.class, () -> Bump.fromBuffer(0, 100));
            assertThrows(IllegalArgumentException.class, () -> Bump.fromBuffer(16, -1));
            assertThrows(IllegalArgumentException.class, () -> Bump.fromBuffer(16, Long.MAX_VALUE));
        }
    }

    // ---------------------------------------------------------------- as a C program's malloc

    @Test
    void freeDoesNothingButMarkTheBlock() {
        long first = allocate(100);
        long second = allocate(100);
        long remaining = bump.remaining();
        bump.free(second);
        assertEquals(remaining, bump.remaining());
        assertEquals(List.of(first), walked());
        assertEquals(second + 112, allocate(100), "not where the freed one is");
        bump.verify();
    }

    @Test
    void aDoubleFreeIsRefused() {
        long block = allocate(100);
        bump.free(block);
        String message = "This block has already been freed";
        assertRefused(message, block, () -> bump.free(block));
        assertRefused(message, block, () -> bump.usableSize(block));
        assertRefused(message, block, () -> bump.reallocate(block, 1000));
        bump.verify();
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
            block + 1008,
            base + RANGE,
            base + RANGE - 16,
            Long.MAX_VALUE,
            Long.MIN_VALUE,
            Long.MIN_VALUE + 8,
            -16,
            -1,
        };
        for (long address : addresses) {
            assertNoBlock(address);
        }
        bump.free(block);
    }

    @Test
    void everyAlignmentIsServedAndWhatItLeavesIsNoBlock() {
        List<Long> expected = new ArrayList<>();
        for (int log = 4; log < 19; log++) {
            long block = bump.allocate(100, 1L << log);
            assertEquals(0, block % (1L << log));
            expected.add(block);
            expected.add(allocate(1));
            bump.verify();
        }
        assertEquals(expected, walked());
    }

    @Test
    void reallocationAtTheTopIsInPlace() {
        long below = allocate(100);
        long block = allocate(100);
        Memory.putLong(block, 42);
        assertEquals(block, bump.reallocate(block, 10_000));
        assertEquals(10_008, bump.usableSize(block));
        assertEquals(42, Memory.getLong(block));
        assertEquals(block, bump.reallocate(block, 8));
        assertEquals(8, bump.usableSize(block));
        assertEquals(block + 16, allocate(1), "the rest serves again");
        assertEquals(List.of(below, block, block + 16), walked());
        bump.verify();
    }

    @Test
    void reallocationBelowTheTopMovesOnlyToGrow() {
        long block = allocate(100);
        Memory.putLong(block, 42);
        long top = allocate(1);
        assertEquals(block, bump.reallocate(block, 1), "moving would cost memory");
        assertEquals(104, bump.usableSize(block));
        long moved = bump.reallocate(block, 105);
        assertTrue(moved > top);
        assertEquals(42, Memory.getLong(moved));
        assertEquals(List.of(top, moved), walked());
        bump.verify();
    }

    @Test
    void aBlockThatCannotGrowStaysAsItWas() {
        long block = allocate(100);
        long top = allocate(100);
        for (long size : new long[] {RANGE, Long.MAX_VALUE}) {
            assertEquals(0, bump.reallocate(block, size));
            assertEquals(0, bump.reallocate(top, size));
        }
        assertEquals(104, bump.usableSize(block));
        assertEquals(104, bump.usableSize(top));
        bump.verify();
    }

    @Test
    void aStreamOfAllocationsKeepsEveryBlockAsItWas() {
        Random random = new Random(7);
        List<long[]> live = new ArrayList<>();
        long address = allocate(1);
        while (address != 0) {
            long usable = bump.usableSize(address);
            Memory.fill(address, usable, (byte) live.size());
            live.add(new long[] {address, usable});
            long size = 1L + random.nextInt(random.nextInt(1, 3000));
            long alignment = 1L << random.nextInt(4, 8);
            address = bump.allocate(size, alignment);
            assertEquals(0, address % alignment);
        }
        bump.verify();
        for (int i = 0; i < live.size(); i++) {
            long[] block = live.get(i);
            for (long at = block[0]; at < block[0] + block[1]; at++) {
                assertEquals((byte) i, Memory.getByte(at));
            }
            assertEquals(block[1], bump.usableSize(block[0]));
            bump.free(block[0]);
        }
        assertEquals(List.of(), walked());
        bump.verify();
    }

    // ---------------------------------------------------------------- memory

    @Test
    void theBufferIsCommittedAsItIsUsed() {
        assertEquals(0, memory.committedBytes());
        allocate(1);
        assertEquals(Region.PAGE, memory.committedBytes());
        allocate(Region.PAGE);
        assertEquals(2 * Region.PAGE, memory.committedBytes());
        memory.assertUncommittedIsUntouched();
    }

    @Test
    void refusedMemoryLeavesTheHeapAsItWas() {
        long block = allocate(100);
        memory.refuseBeyond(Region.PAGE);
        assertEquals(0, allocate(Region.PAGE));
        assertEquals(0, bump.reallocate(block, Region.PAGE));
        assertEquals(0, bump.allocate(1, Region.PAGE));
        assertEquals(List.of(block), walked());
        assertEquals(block + 112, allocate(1));
        bump.verify();
        memory.assertUncommittedIsUntouched();
    }

    @Test
    void theMaximumLimitsTheBuffer() {
        try (TestRegion other = new TestRegion(RANGE).with("max", 1000)) {
            Heap small = new Bump.Provider().create(other);
            assertEquals(0, small.allocate(1000 - FIRST + 1, 16));
            long block = small.allocate(1000 - FIRST, 16);
            assertEquals(other.base() + 1000, block + small.usableSize(block));
        }
        try (TestRegion other = new TestRegion(RANGE).with("max", 23)) {
            assertThrows(IllegalArgumentException.class, () -> new Bump.Provider().create(other));
        }
    }

    // ---------------------------------------------------------------- finding damage

    @Test
    void verifyFindsAnOverwrittenHeader() {
        long block = allocate(24);
        long next = allocate(24);
        Memory.fill(block, 24 + HEADER, (byte) 0x41);
        String message = "The header of a block was overwritten, maybe by the block before it";
        assertRefused(message, next, bump::verify);
        assertNoBlock(next);
        assertRefused(message, next, () -> bump.walk((address, usable) -> {}));
    }

    @Test
    void aLengthThatLeadsOutOfTheRowIsRefused() {
        long block = allocate(24);
        for (long length : new long[] {0, 48, RANGE, 1L << 47}) {
            ChunkHeader.write(block - HEADER, 0, length, ChunkHeader.LIVE);
            assertNoBlock(block);
            assertThrows(HeapCorruption.class, bump::verify);
        }
    }

    @Test
    void aHeaderThatWasMovedIsNoHeader() {
        long block = allocate(24);
        long next = allocate(24);
        Memory.copy(block - HEADER, next - HEADER, HEADER);
        assertNoBlock(next);
        assertThrows(HeapCorruption.class, bump::verify);
    }
}
