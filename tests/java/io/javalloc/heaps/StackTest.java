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
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class StackTest {

    private static final long RANGE = 1 << 20;
    private static final long HEADER = ChunkHeader.BYTES_WITH_LINK;
    private static final String OVERWRITTEN =
            "The header of a block was overwritten, maybe by the block before it";

    private final TestRegion memory = new TestRegion(RANGE);
    private final Stack stack = (Stack) new Stack.Provider().create(memory);
    private final long base = memory.base();

    @AfterEach
    void close() {
        memory.close();
    }

    private long allocate(long size) {
        return stack.allocate(size, Heap.MIN_ALIGNMENT);
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
        stack.walk((address, usable) -> blocks.add(address));
        return blocks;
    }

    private static void assertRefused(String message, long address, Executable operation) {
        HeapCorruption thrown = assertThrows(HeapCorruption.class, operation);
        assertEquals(message + ": 0x" + Long.toHexString(address), thrown.getMessage());
    }

    private void assertNoBlock(long address) {
        String message = "No block of this heap starts here, or its header was overwritten";
        assertRefused(message, address, () -> stack.free(address));
        assertRefused(message, address, () -> stack.usableSize(address));
        assertRefused(message, address, () -> stack.reallocate(address, 10));
    }

    // ---------------------------------------------------------------- the document's methods

    @Test
    void newTakesItsBufferFromAHeapAndDropGivesItBack() {
        try (TestRegion other = new TestRegion(RANGE)) {
            Heap parent = new Knr.Provider().create(other);
            Stack own = Stack.create(parent, 2048);
            List<Long> buffers = new ArrayList<>();
            parent.walk((address, usable) -> buffers.add(address));
            assertEquals(List.of(own.allocate(1, 16) - HEADER), buffers);
            own.drop();
            parent.walk((address, usable) -> assertEquals(0, address, "nothing is live"));
            parent.verify();
            assertThrows(IllegalArgumentException.class, () -> Stack.create(parent, 31));
            parent.walk((address, usable) -> assertEquals(0, address, "nothing is live"));
        }
    }

    @Test
    void allocPutsABlockOnTheTop() {
        long[] b = allocateSome(8, 16, 17, 1);
        assertEquals(base + HEADER, b[0]);
        assertEquals(b[0] + 16 + HEADER, b[1]);
        assertEquals(b[1] + 16 + HEADER, b[2]);
        assertEquals(b[2] + 32 + HEADER, b[3]);
        stack.verify();
    }

    @Test
    void allocWithALayoutTellsTheActualSize() {
        Allocation allocation = stack.allocate(Layout.of(10, 64));
        assertEquals(0, allocation.address() % 64);
        assertEquals(16, allocation.size());
        stack.verify();
    }

    @Test
    void allocAnswers0WhenTheBufferIsFull() {
        long block = allocate(stack.remaining());
        assertNotEquals(0, block);
        assertEquals(0, stack.remaining());
        assertEquals(0, allocate(1));
        assertEquals(Allocation.FAILED, stack.allocate(Layout.forByte()));
        stack.free(block);
        assertEquals(block, allocate(1));
    }

    @Test
    void whatCanNeverFitIsAnsweredWith0() {
        long remaining = stack.remaining();
        for (long size : new long[] {RANGE, 1L << 32, 1L << 62, Long.MAX_VALUE - 15}) {
            assertEquals(0, allocate(size));
            assertEquals(0, stack.allocateZeroed(size, 16));
        }
        for (int log = 21; log < 63; log++) {
            assertEquals(0, stack.allocate(16, 1L << log));
        }
        assertEquals(remaining, stack.remaining(), "the heap is as it was");
    }

    @Test
    void popFreesTheMostRecentAllocation() {
        long[] b = allocateSome(8, 4, 8);
        long remaining = stack.remaining();
        assertEquals(b[2], stack.pop());
        assertTrue(stack.remaining() > remaining);
        assertEquals(List.of(b[0], b[1]), walked());
        assertEquals(b[1], stack.pop());
        assertEquals(b[0], stack.pop());
        assertEquals(List.of(), walked());
        assertEquals(b[0], allocate(100));
        stack.verify();
    }

    @Test
    void popOfAnEmptyStackDoesNothing() {
        assertEquals(0, stack.pop());
        allocate(1);
        stack.pop();
        assertEquals(0, stack.pop());
        stack.verify();
    }

    @Test
    void popTakesWhatTheAlignmentLeftOverToo() {
        long remaining = stack.remaining();
        stack.allocate(8, 4096);
        stack.verify();
        stack.pop();
        assertEquals(remaining, stack.remaining());
    }

    @Test
    void popAfterAFreeBelowTakesTheMostRecentThatIsLive() {
        long[] b = allocateSome(16, 16, 16, 16);
        stack.free(b[2]);
        assertEquals(b[3], stack.pop());
        assertEquals(b[1], stack.pop(), "the one that waited is gone");
        assertEquals(List.of(b[0]), walked());
    }

    @Test
    void resetFreesAllAtOnce() {
        long remaining = stack.remaining();
        long[] b = allocateSome(100, 200, 300);
        stack.reset();
        assertEquals(remaining, stack.remaining());
        assertEquals(List.of(), walked());
        assertEquals(0, stack.pop());
        assertNoBlock(b[1]);
        assertEquals(b[0], allocate(1000));
        assertNoBlock(b[1]);
        assertNoBlock(b[2]);
        stack.verify();
    }

    @Test
    void remainingIsTheLargestBlockThatCanBeHad() {
        Random random = new Random(1);
        while (stack.remaining() > 0) {
            long remaining = stack.remaining();
            assertEquals(0, allocate(remaining + 1));
            assertNotEquals(0, allocate(Math.min(remaining, 1 + random.nextInt(20_000))));
        }
        assertEquals(0, allocate(1));
    }

    @Test
    void theHeaderStoresThePreviousOffset() {
        long[] b = allocateSome(8, 100);
        assertEquals(-1, ChunkHeader.link(b[0] - HEADER));
        assertEquals(0, ChunkHeader.link(b[1] - HEADER));
        long third = allocate(1);
        assertEquals(b[1] - HEADER - base, ChunkHeader.link(third - HEADER));
    }

    @Test
    void afterDropThereIsNeitherRoomNorABlock() {
        long block = allocate(100);
        stack.drop();
        assertEquals(0, allocate(1));
        assertEquals(0, stack.remaining());
        assertEquals(0, stack.pop());
        assertNoBlock(block);
        stack.verify();
        stack.drop();
    }

    // ---------------------------------------------------------------- as a C program's malloc

    @Test
    void aFreeOfTheTopIsDoneAtOnce() {
        long[] b = allocateSome(100, 100);
        stack.free(b[1]);
        assertEquals(b[1], allocate(5000));
        stack.verify();
    }

    @Test
    void aFreeBelowTheTopWaitsUntilItIsTheTop() {
        long[] b = allocateSome(100, 100, 100, 100);
        long remaining = stack.remaining();
        stack.free(b[1]);
        stack.free(b[2]);
        assertEquals(remaining, stack.remaining());
        assertEquals(List.of(b[0], b[3]), walked());
        stack.verify();
        stack.free(b[3]);
        assertEquals(List.of(b[0]), walked());
        assertEquals(b[1], allocate(1), "all three are free now");
        stack.verify();
    }

    @Test
    void everyOrderOfFreeingEmptiesTheStack() {
        long remaining = stack.remaining();
        Random random = new Random(3);
        for (int round = 0; round < 100; round++) {
            List<Long> live = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                live.add(stack.allocate(1 + random.nextInt(100), 16L << random.nextInt(4)));
            }
            while (!live.isEmpty()) {
                stack.free(live.remove(random.nextInt(live.size())));
                stack.verify();
                assertEquals(live, walked());
            }
            assertEquals(remaining, stack.remaining());
        }
    }

    @Test
    void aDoubleFreeIsRefused() {
        long[] b = allocateSome(100, 100);
        stack.free(b[0]);
        assertRefused("This block has already been freed", b[0], () -> stack.free(b[0]));
        assertRefused("This block has already been freed", b[0], () -> stack.usableSize(b[0]));
        stack.free(b[1]);
        assertNoBlock(b[0]);
        assertNoBlock(b[1]);
    }

    @Test
    void aPointerToAPoppedBlockIsRefusedAfterOthersTookItsPlace() {
        long[] b = allocateSome(100, 100, 100);
        stack.pop();
        stack.pop();
        assertEquals(b[1], allocate(1000));
        assertNoBlock(b[2]);
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
        stack.free(block);
    }

    @Test
    void reallocationAtTheTopIsInPlace() {
        long[] b = allocateSome(100, 100);
        Memory.putLong(b[1], 42);
        assertEquals(b[1], stack.reallocate(b[1], 10_000));
        assertEquals(10_000, stack.usableSize(b[1]));
        assertEquals(b[1], stack.reallocate(b[1], 1));
        assertEquals(42, Memory.getLong(b[1]));
        assertEquals(b[1] + 16 + HEADER, allocate(1));
        stack.verify();
    }

    @Test
    void reallocationBelowTheTopMovesOnlyToGrow() {
        long[] b = allocateSome(100, 100);
        Memory.putLong(b[0], 42);
        assertEquals(b[0], stack.reallocate(b[0], 1));
        assertEquals(112, stack.usableSize(b[0]));
        long moved = stack.reallocate(b[0], 113);
        assertTrue(moved > b[1]);
        assertEquals(42, Memory.getLong(moved));
        assertEquals(List.of(b[1], moved), walked());
        stack.verify();
    }

    @Test
    void aBlockThatCannotGrowStaysAsItWas() {
        long[] b = allocateSome(100, 100);
        for (long size : new long[] {RANGE, Long.MAX_VALUE}) {
            assertEquals(0, stack.reallocate(b[0], size));
            assertEquals(0, stack.reallocate(b[1], size));
        }
        assertEquals(112, stack.usableSize(b[0]));
        assertEquals(112, stack.usableSize(b[1]));
        stack.verify();
    }

    @Test
    void allocZeroedClearsWhatWasUsedBefore() {
        long block = allocate(1000);
        Memory.fill(block, 1000, (byte) 1);
        stack.pop();
        assertEquals(block, stack.allocateZeroed(2000, 16));
        for (long at = block; at < block + 2000; at++) {
            assertEquals(0, Memory.getByte(at));
        }
    }

    @Test
    void aStreamOfAllocationsAndPopsKeepsEveryBlockAsItWas() {
        Random random = new Random(11);
        List<Long> live = new ArrayList<>();
        for (int step = 0; step < 20_000; step++) {
            long size = 1L + random.nextInt(1000);
            long address = random.nextInt(100) < 52 ? stack.allocateZeroed(size, 16) : 0;
            if (address != 0) {
                assertEquals(0, Memory.getByte(address + size - 1));
                Memory.fill(address, stack.usableSize(address), (byte) (live.size() + 1));
                live.add(address);
            } else if (!live.isEmpty()) {
                long top = live.get(live.size() - 1);
                byte tag = (byte) live.size();
                assertEquals(tag, Memory.getByte(top));
                assertEquals(tag, Memory.getByte(top + stack.usableSize(top) - 1));
                assertEquals(top, stack.pop());
                live.remove(live.size() - 1);
            }
        }
        assertTrue(live.size() > 100, "deep");
        assertEquals(live, walked());
        stack.verify();
    }

    // ---------------------------------------------------------------- memory

    @Test
    void theBufferIsCommittedAsItIsUsed() {
        assertEquals(0, memory.committedBytes());
        allocate(Region.PAGE - HEADER);
        assertEquals(Region.PAGE, memory.committedBytes());
        memory.refuseBeyond(Region.PAGE);
        assertEquals(0, allocate(1));
        stack.verify();
        assertNotEquals(0, stack.pop());
        assertNotEquals(0, allocate(1));
        memory.assertUncommittedIsUntouched();
    }

    @Test
    void theMaximumLimitsTheBuffer() {
        try (TestRegion other = new TestRegion(RANGE).with("max", 1000)) {
            Heap small = new Stack.Provider().create(other);
            assertEquals(0, small.allocate(992 - HEADER + 1, 16));
            assertNotEquals(0, small.allocate(992 - HEADER, 16));
        }
        try (TestRegion other = new TestRegion(RANGE).with("max", 31)) {
            assertThrows(IllegalArgumentException.class, () -> new Stack.Provider().create(other));
        }
    }

    // ---------------------------------------------------------------- finding damage

    @Test
    void anOverflowIntoTheNextHeaderIsFound() {
        long[] b = allocateSome(16, 16, 16);
        Memory.fill(b[0], 16 + HEADER, (byte) 0x41);
        assertRefused(OVERWRITTEN, b[1], stack::verify);
        assertNoBlock(b[1]);
        assertRefused(OVERWRITTEN, b[2], stack::pop);
    }

    @Test
    void anOverwrittenHeaderOfTheTopIsFoundByAFreeBelowIt() {
        long[] b = allocateSome(16, 16, 16);
        Memory.putLong(b[2] - HEADER, 32 | ChunkHeader.FREE); // not sealed
        assertRefused(OVERWRITTEN, b[2], () -> stack.free(b[0]));
    }

    @Test
    void aPreviousOffsetOfAnotherBlockIsNotFollowed() {
        long[] b = allocateSome(16, 16, 16);
        ChunkHeader.setLink(b[2] - HEADER, b[0] - HEADER - base);
        assertRefused(OVERWRITTEN, b[2], stack::verify);
        assertRefused(OVERWRITTEN, b[2], stack::pop);
    }

    @Test
    void aFalsePreviousOffsetIsNotFollowed() {
        long[] offsets = {
            -1, 16, 31, 1L << 40, Long.MAX_VALUE, Long.MIN_VALUE, 0x4141414141414140L
        };
        for (long offset : offsets) {
            long[] b = allocateSome(16, 16);
            ChunkHeader.setLink(b[1] - HEADER, offset);
            assertRefused(OVERWRITTEN, b[1], stack::verify);
            assertRefused(OVERWRITTEN, b[1], stack::pop);
            stack.reset();
        }
    }
}
