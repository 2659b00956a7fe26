package io.javalloc.heaps;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/// libc's malloc as a heap. That the same streams hold on it as on every other is in
/// [HeapModelTest].
class SystemMallocTest {

    private static final long FIRST_TABLE = Region.PAGE;

    /// Of this size, libc gives out pages of their own: its blocks lie 16 bytes behind their start.
    private static final long LARGE = 300_000;

    private final TestRegion memory = new TestRegion(64 * Region.PAGE);
    private final SystemMalloc heap = (SystemMalloc) new SystemMalloc.Provider().create(memory);

    @AfterEach
    void close() {
        for (long block : walked()) {
            heap.free(block);
        }
        memory.close();
    }

    private long allocate(long size) {
        return heap.allocate(size, Heap.MIN_ALIGNMENT);
    }

    private List<Long> walked() {
        List<Long> blocks = new ArrayList<>();
        heap.walk((address, usable) -> blocks.add(address));
        return blocks;
    }

    private static void assertRefused(long address, Executable operation) {
        HeapCorruption thrown = assertThrows(HeapCorruption.class, operation);
        assertEquals(
                "libc gave out no such block, or it was freed: 0x" + Long.toHexString(address),
                thrown.getMessage());
    }

    // ---------------------------------------------------------------- the document's functions

    @Test
    void globalAllocServesEveryAlignment() {
        for (int log = 0; log < 20; log++) {
            Allocation block = heap.allocate(Layout.of(100, 1L << log));
            assertEquals(0, block.address() % Math.max(16, 1L << log));
            assertTrue(block.size() >= 100);
            Memory.fill(block.address(), block.size(), (byte) log);
        }
        heap.verify();
    }

    @Test
    void globalAllocZeroedClearsWhatWasUsedBefore() {
        for (int log = 4; log < 13; log++) {
            Layout layout = Layout.of(5000, 1L << log);
            Allocation dirty = heap.allocate(layout);
            Memory.fill(dirty.address(), dirty.size(), (byte) 1);
            heap.free(dirty.address(), layout);
            Allocation zeroed = heap.allocateZeroed(layout);
            assertEquals(0, zeroed.address() % (1L << log));
            for (long at = 0; at < 5000; at++) {
                assertEquals(0, Memory.getByte(zeroed.address() + at));
            }
        }
    }

    @Test
    void globalDeallocFrees() {
        Layout layout = Layout.of(100, 64);
        Allocation block = heap.allocate(layout);
        assertEquals(List.of(block.address()), walked());
        heap.free(block.address(), layout);
        assertEquals(List.of(), walked());
    }

    @Test
    void globalDeallocRefusesALayoutLargerThanTheBlock() {
        Allocation block = heap.allocate(Layout.of(100, 8));
        Layout larger = Layout.of(block.size() + 1, 8);
        HeapCorruption thrown =
                assertThrows(HeapCorruption.class, () -> heap.free(block.address(), larger));
        assertEquals(
                "The block is smaller than the layout that it is freed with: 0x"
                        + Long.toHexString(block.address()),
                thrown.getMessage());
        assertEquals(List.of(block.address()), walked());
    }

    @Test
    void globalReallocKeepsTheContentsUpToTheSmallerSize() {
        for (long alignment : new long[] {8, 16, 64, 1 << 16}) {
            Layout small = Layout.of(100, 8);
            Layout large = Layout.of(LARGE, alignment);
            Allocation first = heap.allocate(small);
            Memory.fill(first.address(), 100, (byte) 7);
            Allocation second = heap.reallocate(first.address(), small, large);
            assertEquals(0, second.address() % alignment);
            assertEquals(7, Memory.getByte(second.address() + 99));
            assertRefused(first.address(), () -> heap.usableSize(first.address()));
            Memory.fill(second.address(), LARGE, (byte) 9);
            Allocation third = heap.reallocate(second.address(), large, Layout.of(50, alignment));
            assertEquals(0, third.address() % alignment);
            assertTrue(third.size() < LARGE);
            assertEquals(9, Memory.getByte(third.address() + 49));
            heap.free(third.address());
        }
        assertEquals(List.of(), walked());
    }

    @Test
    void globalReallocThatFailsLeavesTheBlockAsItWas() {
        Layout layout = Layout.of(100, 8);
        Allocation block = heap.allocate(layout);
        Memory.fill(block.address(), 100, (byte) 7);
        for (long alignment : new long[] {8, 4096}) {
            Layout huge = Layout.of(1L << 60, alignment);
            assertTrue(heap.reallocate(block.address(), layout, huge).isFailed());
        }
        assertEquals(7, Memory.getByte(block.address() + 99));
        assertEquals(List.of(block.address()), walked());
        heap.verify();
    }

    // ---------------------------------------------------------------- what it knows of its blocks

    @Test
    void theUsableSizeIsLibcs() {
        for (long size = 1; size < 300_000; size += size / 3 + 1) {
            long block = allocate(size);
            assertTrue(heap.usableSize(block) >= size);
            assertEquals(Libc.usableSize(block), heap.usableSize(block));
        }
    }

    @Test
    void itsBlocksLieOutsideOfTheRegion() {
        long block = allocate(100);
        assertFalse(memory.region().contains(block));
        assertTrue(heap.outside().test(block));
        assertFalse(heap.outside().test(block + 16));
        assertFalse(heap.outside().test(0));
        heap.free(block);
        assertFalse(heap.outside().test(block));
        assertEquals(heap.outside(), heap.outside(), "it never changes");
    }

    @Test
    void whatIsNoLiveBlockIsRefused() {
        long block = allocate(100);
        long libcs = Libc.malloc(100);
        long[] addresses = {block + 16, block - 16, libcs, memory.base(), 16, -16};
        for (long address : addresses) {
            assertRefused(address, () -> heap.free(address));
            assertRefused(address, () -> heap.usableSize(address));
            assertRefused(address, () -> heap.reallocate(address, 10));
        }
        Libc.free(libcs);
        heap.free(block);
        assertRefused(block, () -> heap.free(block));
        assertRefused(block, () -> heap.usableSize(block));
        assertRefused(block, () -> heap.reallocate(block, 10));
    }

    @Test
    void whatCannotBeHadIsAnsweredWith0() {
        for (long size : new long[] {1L << 60, Long.MAX_VALUE - 15, Long.MAX_VALUE}) {
            assertEquals(0, allocate(size));
            assertEquals(0, heap.allocateZeroed(size, 16));
        }
        for (int log = 50; log < 63; log++) {
            assertEquals(0, heap.allocate(16, 1L << log));
        }
        long block = allocate(100);
        assertEquals(0, heap.reallocate(block, 1L << 60));
        assertEquals(List.of(block), walked());
    }

    @Test
    void withoutMemoryForTheTableThereIsNoBlock() {
        memory.refuseBeyond(FIRST_TABLE);
        List<Long> blocks = new ArrayList<>();
        for (long block = allocate(16); block != 0; block = allocate(16)) {
            blocks.add(block);
        }
        assertEquals(2048, blocks.size());
        assertNotEquals(0, heap.reallocate(blocks.get(0), 5000), "one for another is no more");
        heap.free(blocks.get(1));
        assertNotEquals(0, allocate(16));
        assertEquals(2048, walked().size());
        memory.refuseNothing();
        assertNotEquals(0, allocate(16));
        heap.verify();
        memory.assertUncommittedIsUntouched();
    }

    @Test
    void verifyFindsAnOverflowIntoLibcsOwnHeader() {
        long block = allocate(LARGE); // no neighbour whose free would look at its header
        long header = block - Long.BYTES;
        long word = Memory.getLong(header);
        Memory.putLong(header, word + Region.SYSTEM_PAGE); // what libc keeps there: the size
        HeapCorruption thrown = assertThrows(HeapCorruption.class, heap::verify);
        Memory.putLong(header, word);
        assertEquals(
                "The header of a block was overwritten, maybe by the block before it: 0x"
                        + Long.toHexString(block),
                thrown.getMessage());
        heap.verify();
    }

    @Test
    void verifyFindsAnOverwrittenTable() {
        long block = allocate(24);
        for (long word = memory.base(); word < memory.base() + FIRST_TABLE; word += 16) {
            if (Memory.getLong(word) == block) {
                Memory.putLong(word, 0x4141414141414140L);
                assertThrows(HeapCorruption.class, heap::verify);
                Memory.putLong(word, 0);
                assertThrows(HeapCorruption.class, heap::verify, "one is missing");
                Memory.putLong(word, block);
            }
        }
        heap.verify();
    }

    // ---------------------------------------------------------------- as a heap of a program

    @Test
    void severalThreadsMayCallAtOnce() throws InterruptedException {
        assertTrue(heap.isThreadSafe());
        inFourThreads(this::churn);
        assertEquals(List.of(), walked());
        heap.verify();
    }

    @Test
    void noBlockIsForgottenWhenSeveralThreadsAllocateAtOnce() throws InterruptedException {
        int each = 8_000;
        inFourThreads(
                tag -> {
                    for (int i = 0; i < each; i++) {
                        allocate(16);
                    }
                });
        assertEquals(4 * each, walked().size());
        heap.verify();
    }

    /// Lets four threads do the same, each with a number of its own.
    private static void inFourThreads(IntConsumer work) throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
        CountDownLatch missing = new CountDownLatch(4);
        for (int i = 0; i < 4; i++) {
            int number = i;
            Thread thread =
                    new Thread(
                            () -> {
                                missing.countDown();
                                while (missing.getCount() > 0) {
                                    Thread.onSpinWait();
                                }
                                work.accept(number);
                            });
            thread.setUncaughtExceptionHandler((which, thrown) -> failures.add(thrown));
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertEquals(List.of(), failures);
    }

    private void churn(int number) {
        byte tag = (byte) number;
        long[] blocks = new long[50];
        for (int step = 0; step < 20_000; step++) {
            int at = step % blocks.length;
            if (blocks[at] != 0) {
                assertEquals(tag, Memory.getByte(blocks[at]));
                blocks[at] = heap.reallocate(blocks[at], 1 + step % 900);
                assertEquals(tag, Memory.getByte(blocks[at]));
                heap.free(blocks[at]);
            }
            blocks[at] = allocate(1 + step % 700);
            Memory.putByte(blocks[at], tag);
        }
        for (long block : blocks) {
            heap.free(block);
        }
    }

    @Test
    void theUsualPathsMakeNoJavaObjects() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        usualPaths(10_000);
        long before = threads.getCurrentThreadAllocatedBytes();
        usualPaths(10_000);
        long bytes = threads.getCurrentThreadAllocatedBytes() - before;
        assertTrue(bytes < 10_000, bytes + " bytes of garbage");
    }

    private void usualPaths(int count) {
        for (int i = 0; i < count; i++) {
            long small = allocate(1 + i % 2000);
            long large = heap.allocateZeroed(10_000, 16);
            long aligned = heap.allocate(10_000, 4096);
            small = heap.reallocate(small, 1 + i % 3000);
            assertTrue(heap.usableSize(small) > 0);
            heap.free(small);
            heap.free(large);
            heap.free(aligned);
        }
    }
}
