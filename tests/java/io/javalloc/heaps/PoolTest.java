package io.javalloc.heaps;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.javalloc.Allocation;
import io.javalloc.Heap;
import io.javalloc.HeapCorruption;
import io.javalloc.Layout;
import io.javalloc.TestRegion;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class PoolTest {

    private static final long RANGE = 1 << 20;
    private static final long BLOCK = 64;

    private final TestRegion memory = new TestRegion(RANGE).with("block", BLOCK).with("count", 100);
    private final Pool pool = (Pool) new Pool.Provider().create(memory);
    private final long base = memory.base();

    @AfterEach
    void close() {
        memory.close();
    }

    private List<Long> fill() {
        List<Long> blocks = new ArrayList<>();
        for (long block = pool.allocate(); block != 0; block = pool.allocate()) {
            blocks.add(block);
        }
        return blocks;
    }

    private List<Long> walked() {
        List<Long> blocks = new ArrayList<>();
        pool.walk(
                (address, usable) -> {
                    assertEquals(BLOCK, usable);
                    blocks.add(address);
                });
        return blocks;
    }

    private static void assertRefused(String message, long address, Executable operation) {
        HeapCorruption thrown = assertThrows(HeapCorruption.class, operation);
        assertEquals(message + ": 0x" + Long.toHexString(address), thrown.getMessage());
    }

    private void assertNoBlock(long address) {
        assertRefused("No block of this pool starts here", address, () -> pool.free(address));
        assertRefused("No block of this pool starts here", address, () -> pool.usableSize(address));
    }

    private static Pool create(double block, double count) {
        return (Pool)
                new Pool.Provider()
                        .create(new TestRegion(RANGE).with("block", block).with("count", count));
    }

    // ---------------------------------------------------------------- the document's methods

    @Test
    void newTakesItsBufferFromAHeapAndDropGivesItBack() {
        try (TestRegion other = new TestRegion(RANGE)) {
            Heap parent = new Knr.Provider().create(other);
            Pool own = Pool.create(parent, 64, 100);
            List<Long> buffers = new ArrayList<>();
            parent.walk(
                    (address, usable) -> {
                        assertTrue(usable >= 6400);
                        buffers.add(address);
                    });
            assertEquals(List.of(own.allocate()), buffers);
            own.drop();
            parent.walk((address, usable) -> assertEquals(0, address, "nothing is live"));
            parent.verify();
        }
    }

    @Test
    void allocHandsOutBlocksOfTheSizeSideBySide() {
        List<Long> blocks = fill();
        assertEquals(100, blocks.size());
        for (int i = 0; i < 100; i++) {
            assertEquals(base + i * BLOCK, blocks.get(i));
            assertEquals(BLOCK, pool.usableSize(blocks.get(i)));
        }
        assertEquals(blocks, walked());
        pool.verify();
    }

    @Test
    void allocAnswers0WhenThePoolIsFull() {
        List<Long> blocks = fill();
        assertEquals(0, pool.allocate());
        assertEquals(Allocation.FAILED, pool.allocate(Layout.forLong()));
        pool.free(blocks.get(50));
        assertEquals(blocks.get(50), pool.allocate());
        assertEquals(0, pool.allocate());
        pool.verify();
    }

    @Test
    void deallocPutsTheBlockToTheFrontOfTheList() {
        long first = pool.allocate();
        long second = pool.allocate();
        pool.free(first);
        pool.free(second);
        assertEquals(second, pool.allocate());
        assertEquals(first, pool.allocate());
        pool.verify();
    }

    @Test
    void numFreeBlocksAndNumAllocatedAddUp() {
        assertEquals(100, pool.freeBlocks());
        assertEquals(0, pool.allocatedBlocks());
        long first = pool.allocate();
        long second = pool.allocate();
        assertEquals(98, pool.freeBlocks());
        assertEquals(2, pool.allocatedBlocks());
        pool.free(first);
        assertEquals(99, pool.freeBlocks());
        assertEquals(1, pool.allocatedBlocks());
        fill();
        assertEquals(0, pool.freeBlocks());
        assertEquals(100, pool.allocatedBlocks());
        pool.free(second);
        assertEquals(1, pool.freeBlocks());
    }

    @Test
    void afterDropThereIsNeitherRoomNorABlock() {
        long first = pool.allocate();
        pool.free(pool.allocate());
        pool.drop();
        assertEquals(0, pool.allocate());
        assertEquals(0, pool.freeBlocks());
        assertEquals(0, pool.allocatedBlocks());
        assertNoBlock(first);
        assertEquals(List.of(), walked());
        pool.verify();
        pool.drop();
    }

    @Test
    void theMinimumBlockSizeIs8Bytes() {
        IllegalArgumentException thrown =
                assertThrows(IllegalArgumentException.class, () -> create(7, 10));
        assertEquals(
                "pool needs blocks of 8 bytes at least, which its list takes, and of"
                        + " 70368744177664 at most, not of 7",
                thrown.getMessage());
        assertEquals(10, create(8, 10).freeBlocks());
    }

    @Test
    void blocksAreRoundedUpTo16Bytes() {
        for (int size : new int[] {8, 9, 16}) {
            Pool small = create(size, 10);
            assertEquals(16, small.usableSize(small.allocate()));
        }
        Pool larger = create(100, 10);
        assertEquals(112, larger.usableSize(larger.allocate()));
    }

    @Test
    void thereIsNoFragmentation() {
        List<Long> blocks = fill();
        for (int i = 0; i < 100; i += 2) {
            pool.free(blocks.get(i));
        }
        assertEquals(50, fill().size());
        assertEquals(blocks, walked());
    }

    // ---------------------------------------------------------------- as a C program's malloc

    @Test
    void anythingUpToTheBlockIsServedAndNothingLarger() {
        assertNotEquals(0, pool.allocate(1, 16));
        assertNotEquals(0, pool.allocate(64, 16));
        assertEquals(0, pool.allocate(65, 16));
        assertEquals(0, pool.allocateZeroed(65, 16));
        assertEquals(0, pool.allocate(Long.MAX_VALUE, 16));
        assertEquals(64, pool.allocate(Layout.forInt()).size());
    }

    @Test
    void theAlignmentThatTheSizeHasIsServedAndNoLargerOne() {
        assertNotEquals(0, pool.allocate(1, 64));
        assertEquals(0, pool.allocate(1, 128));
        assertEquals(0, pool.allocate(1, 1L << 62));
        Pool odd = create(192, 10);
        for (int i = 0; i < 10; i++) {
            assertEquals(0, odd.allocate(1, 64) % 64);
        }
        Pool large = create(1 << 17, 3);
        assertEquals(0, large.allocate(1, 1 << 17) % (1 << 17));
        assertEquals(0, Pool.create(new Knr.Provider().create(memory), 256, 4).allocate() % 256);
    }

    @Test
    void reallocationStaysInTheBlock() {
        long block = pool.allocate(10, 16);
        assertEquals(block, pool.reallocate(block, 1));
        assertEquals(block, pool.reallocate(block, 64));
        assertEquals(0, pool.reallocate(block, 65));
        assertEquals(1, pool.allocatedBlocks());
    }

    @Test
    void allocZeroedClearsWhatWasUsedBefore() {
        long block = pool.allocate();
        Memory.fill(block, BLOCK, (byte) 1);
        pool.free(block);
        assertEquals(block, pool.allocateZeroed(BLOCK, 16));
        for (long at = block; at < block + BLOCK; at++) {
            assertEquals(0, Memory.getByte(at));
        }
    }

    @Test
    void withoutACountThereAreAllThatFit() {
        try (TestRegion other = new TestRegion(RANGE).with("block", 1000)) {
            Pool all = (Pool) new Pool.Provider().create(other);
            assertEquals(RANGE / 1008, all.freeBlocks());
        }
        try (TestRegion other = new TestRegion(RANGE)) {
            Pool usual = (Pool) new Pool.Provider().create(other);
            assertEquals(RANGE / 256, usual.freeBlocks());
        }
    }

    @Test
    void moreThanFitIsRefused() {
        IllegalArgumentException thrown =
                assertThrows(IllegalArgumentException.class, () -> create(64, 16385));
        assertEquals(
                "pool has room for 16384 blocks of 64 bytes, and cannot have 16385",
                thrown.getMessage());
        assertEquals(16384, create(64, 16384).freeBlocks());
        assertThrows(IllegalArgumentException.class, () -> create(64, 0));
        assertThrows(IllegalArgumentException.class, () -> create(2 * RANGE, 1));
        assertThrows(IllegalArgumentException.class, () -> create(9e18, 1));
        try (TestRegion other = new TestRegion(RANGE).with("block", 2 * RANGE)) {
            assertThrows(IllegalArgumentException.class, () -> new Pool.Provider().create(other));
        }
        Heap parent = new Knr.Provider().create(new TestRegion(RANGE));
        assertThrows(IllegalArgumentException.class, () -> Pool.create(parent, 7, 1));
        assertThrows(IllegalArgumentException.class, () -> Pool.create(parent, 64, 0));
        assertThrows(IllegalArgumentException.class, () -> Pool.create(parent, 64, 1L << 60));
        assertThrows(IllegalArgumentException.class, () -> Pool.create(parent, 1L << 60, 64));
        assertThrows(IllegalStateException.class, () -> Pool.create(parent, 64, 1 << 20));
    }

    @Test
    void aStreamOfAllocationsAndFreesKeepsEveryBlockAsItWas() {
        Random random = new Random(5);
        Map<Long, Byte> live = new HashMap<>();
        List<Long> order = new ArrayList<>();
        for (int step = 0; step < 20_000; step++) {
            long block = random.nextInt(100) < 55 ? pool.allocateZeroed(BLOCK, 16) : 0;
            if (block != 0) {
                assertEquals(0, Memory.getLong(block));
                Memory.fill(block, BLOCK, (byte) step);
                assertEquals(null, live.put(block, (byte) step));
                order.add(block);
            } else if (!order.isEmpty()) {
                long freed = order.remove(random.nextInt(order.size()));
                byte tag = live.remove(freed);
                for (long at = freed; at < freed + BLOCK; at++) {
                    assertEquals(tag, Memory.getByte(at));
                }
                pool.free(freed);
            }
            assertEquals(order.size(), pool.allocatedBlocks());
        }
        order.sort(null);
        assertEquals(order, walked());
        pool.verify();
    }

    @Test
    void theUsualPathsMakeNoJavaObjects() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        usualPaths(100);
        long before = threads.getCurrentThreadAllocatedBytes();
        usualPaths(10_000);
        long bytes = threads.getCurrentThreadAllocatedBytes() - before;
        assertTrue(bytes < 10_000, bytes + " bytes of garbage");
    }

    private void usualPaths(int count) {
        for (int i = 0; i < count; i++) {
            long first = pool.allocate(10, 16);
            long second = pool.allocateZeroed(64, 64);
            pool.free(first);
            pool.free(pool.reallocate(second, 20));
        }
    }

    // ---------------------------------------------------------------- misuse and damage

    @Test
    void aDoubleFreeIsRefused() {
        List<Long> blocks = fill();
        for (long block : blocks) {
            pool.free(block);
        }
        for (long block : blocks) {
            String message = "This block has already been freed";
            assertRefused(message, block, () -> pool.free(block));
            assertRefused(message, block, () -> pool.usableSize(block));
            assertRefused(message, block, () -> pool.reallocate(block, 1));
        }
        assertEquals(100, pool.freeBlocks());
        pool.verify();
    }

    @Test
    void aLiveBlockThatLooksFreeIsNot() {
        long first = pool.allocate();
        long second = pool.allocate();
        pool.free(first);
        long link = Memory.getLong(first);
        assertEquals(first, pool.allocate());
        Memory.putLong(first, link); // the program kept what it should not have read
        pool.free(second);
        pool.free(first);
        assertEquals(100, pool.freeBlocks());
        pool.verify();
    }

    @Test
    void aBlockThatWasNeverWrittenToCanBeFreedAgainAndAgain() {
        for (int i = 0; i < 3; i++) {
            long block = pool.allocate();
            long other = pool.allocate();
            pool.free(block);
            pool.free(other);
        }
        assertEquals(100, pool.freeBlocks());
    }

    @Test
    void whatIsNoBlockIsRefused() {
        long block = pool.allocate();
        for (long offset = 1; offset < BLOCK; offset++) {
            assertNoBlock(block + offset);
        }
        long[] addresses = {
            16,
            base - BLOCK,
            block + BLOCK,
            base + 99 * BLOCK,
            base + 100 * BLOCK,
            base + RANGE,
            Long.MAX_VALUE,
            Long.MIN_VALUE,
            Long.MIN_VALUE + BLOCK,
            -BLOCK,
            -1,
        };
        for (long address : addresses) {
            assertNoBlock(address);
        }
        pool.free(block);
    }

    @Test
    void aWriteToAFreeBlockIsFound() {
        List<Long> blocks = fill();
        pool.free(blocks.get(0));
        pool.free(blocks.get(1));
        String message = "A block was written to after it was freed";
        for (long word : new long[] {0, 42, blocks.get(0), -1}) {
            Memory.putLong(blocks.get(1), word);
            assertRefused(message, blocks.get(1), pool::verify);
            assertRefused(message, blocks.get(1), pool::allocate);
            assertRefused(message, blocks.get(1), () -> pool.walk((address, usable) -> {}));
        }
    }

    @Test
    void aListThatEndsTooEarlyIsFound() {
        List<Long> blocks = fill();
        pool.free(blocks.get(0));
        pool.free(blocks.get(1));
        pool.free(blocks.get(2));
        long first = Memory.getLong(blocks.get(2));
        // Leads past the one in the middle.
        Memory.putLong(blocks.get(2), first ^ blocks.get(1) ^ blocks.get(0));
        HeapCorruption thrown = assertThrows(HeapCorruption.class, pool::verify);
        assertEquals("The list has 2 blocks instead of 3", thrown.getMessage());
    }

    @Test
    void aListThatLeadsInACircleIsFound() {
        List<Long> blocks = fill();
        pool.free(blocks.get(0));
        pool.free(blocks.get(1));
        long toFirst = Memory.getLong(blocks.get(1)) ^ blocks.get(0);
        Memory.putLong(blocks.get(1), toFirst ^ blocks.get(1));
        assertRefused("The list leads to a block twice", blocks.get(1), pool::verify);
    }

    // ---------------------------------------------------------------- memory

    @Test
    void theBufferIsCommittedAsItIsUsed() {
        try (TestRegion other = new TestRegion(RANGE).with("block", 4096)) {
            Pool large = (Pool) new Pool.Provider().create(other);
            assertEquals(0, other.committedBytes());
            other.refuseBeyond(Region.PAGE);
            for (int i = 0; i < 16; i++) {
                assertNotEquals(0, large.allocate());
            }
            assertEquals(Region.PAGE, other.committedBytes());
            assertEquals(0, large.allocate());
            assertEquals(16, large.allocatedBlocks());
            large.verify();
            other.refuseNothing();
            assertNotEquals(0, large.allocate());
            other.assertUncommittedIsUntouched();
        }
    }

    @Test
    void freshMemoryIsNotClearedAgain() {
        Memory.putLong(base + 8, 42); // stands for zeros that nobody ever wrote to
        assertEquals(base, pool.allocateZeroed(BLOCK, 16));
        assertEquals(42, Memory.getLong(base + 8));
    }
}
