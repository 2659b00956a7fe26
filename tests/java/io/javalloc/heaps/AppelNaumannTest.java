package io.javalloc.heaps;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.javalloc.Heap;
import io.javalloc.HeapCorruption;
import io.javalloc.TestRegion;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/// Every promise of the document, in the order of its row in the design, and what Java refuses.
class AppelNaumannTest {

    private static final long BYTES = 4 << 20;
    private static final long CHUNK = BYTES / 64;
    private static final long PAGE = Region.SYSTEM_PAGE;
    private static final long LARGE = 100_000;

    private final TestRegion memory = new TestRegion(BYTES);
    private final Heap heap = new AppelNaumann.Provider().create(memory);
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

    private static void setSize(long block, long size) {
        AppelNaumannBlock.setSize(block, size);
    }

    private Map<Long, Long> walked() {
        Map<Long, Long> blocks = new TreeMap<>();
        heap.walk((block, size) -> assertEquals(null, blocks.put(block, size)));
        return blocks;
    }

    private static void assertThrown(String message, long address, Executable operation) {
        HeapCorruption thrown = assertThrows(HeapCorruption.class, operation);
        assertEquals(message + ": 0x" + Long.toHexString(address), thrown.getMessage());
    }

    private void assertNoBlock(long address) {
        String message = "The word before this address is not the size of a block";
        assertThrown(message, address, () -> heap.free(address));
        assertThrown(message, address, () -> heap.usableSize(address));
        assertThrown(message, address, () -> heap.reallocate(address, 10));
    }

    private static void assertDamaged(long block, Executable operation) {
        assertThrown("A block was freed twice, or written to after that", block, operation);
    }

    // ---------------------------------------------------------------- 50 linear bins

    @Test
    void theFiftyBinsAreLinear() {
        long least = 1;
        for (int bin = 0; bin < 50; bin++) {
            long size = 8 + 16L * bin;
            assertEquals(size, heap.usableSize(allocate(least)));
            assertEquals(size, heap.usableSize(allocate(size)));
            least = size + 1;
        }
        assertEquals(793, least);
        assertEquals(PAGE - 16, heap.usableSize(allocate(793)), "a page of its own");
        heap.verify();
    }

    // ---------------------------------------------------------------- 1 MiB, pre-cut, linked

    @Test
    void aBinIsFilledAMebibyteAtATime() {
        try (TestRegion large = new TestRegion(64 << 20)) {
            Heap other = new AppelNaumann.Provider().create(large);
            other.allocate(100, Heap.MIN_ALIGNMENT);
            assertEquals(1 << 20, large.committedBytes());
            other.allocate(200, Heap.MIN_ALIGNMENT);
            assertEquals(2 << 20, large.committedBytes());
        }
    }

    @Test
    void aChunkIsCutIntoALinkedListFromItsFirstBlockToItsLast() {
        long block = allocate(100);
        assertEquals(base + 16, block);
        long stride = 104 + 8;
        long last = base + 16 + ((CHUNK - 8) / stride - 1) * stride;
        while (block != last) {
            assertEquals(104, Memory.getLong(block - 8));
            assertEquals(block + stride == last ? 0 : block + 2 * stride, linkBehind(block));
            block += stride;
        }
        assertTrue(last + 104 <= base + CHUNK);
    }

    /// The link of the block behind one of 104 bytes.
    private static long linkBehind(long block) {
        return Memory.getLong(block + 104 + 8);
    }

    @Test
    void aListThatIsUsedUpIsFilledWithAnotherChunk() {
        long blocks = (CHUNK - 8) / (40 + 8);
        for (long i = 0; i < blocks; i++) {
            assertEquals(base + 16 + i * 48, allocate(40));
        }
        assertEquals(base + CHUNK + 16, allocate(40));
        heap.verify();
        assertEquals(blocks + 1, walked().size());
    }

    @Test
    void freePutsABlockBackAtTheHeadOfItsList() {
        long[] b = allocateSome(40, 40, 40);
        heap.free(b[0]);
        heap.free(b[2]);
        assertEquals(b[0], Memory.getLong(b[2]));
        heap.verify();
        assertEquals(b[2], allocate(40));
        assertEquals(b[0], allocate(40));
        heap.verify();
    }

    @Test
    void chunksWithoutALiveBlockAreGivenBackWhenThereIsNoOtherMemory() {
        List<Long> blocks = new ArrayList<>();
        for (long block = allocate(40); block != 0; block = allocate(40)) {
            blocks.add(block);
        }
        long kept = blocks.remove(10);
        Memory.putLong(kept, 42);
        blocks.forEach(heap::free);
        assertEquals(base + CHUNK + 16, allocate(BYTES - CHUNK - 16));
        assertEquals(42, Memory.getLong(kept));
        heap.verify();
        assertTrue(allocate(40) < base + CHUNK, "the list of the chunk that stays");
        assertEquals(0, allocate(50));
        heap.verify();
    }

    /// A look at the free blocks made an array of them all, for which the Java heap of a program
    /// has no room when they are millions.
    @Test
    void looksAtAllFreeBlocksNeedHardlyAnyJavaMemory() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long[] blocks = new long[1 << 17];
        for (int i = 0; i < blocks.length; i++) {
            blocks[i] = allocate(8);
        }
        for (long block : blocks) {
            heap.free(block);
        }
        for (Executable look :
                List.<Executable>of(heap::verify, () -> assertNotEquals(0, allocate(BYTES - 16)))) {
            long before = threads.getCurrentThreadAllocatedBytes();
            assertDoesNotThrow(look);
            long bytes = threads.getCurrentThreadAllocatedBytes() - before;
            assertTrue(bytes < blocks.length, bytes + " bytes of garbage");
        }
    }

    /// Its chunk would have been given back under the feet of the one in use.
    @Test
    void aBlockThatIsFreedTwiceIsSeenWhenMemoryIsShort() {
        long[] b = allocateSome(40, 40, 40);
        heap.free(b[0]);
        heap.free(b[1]);
        heap.free(b[0]);
        assertThrows(HeapCorruption.class, () -> allocate(BYTES - 16));
    }

    /// All free blocks were looked at, in the hope of free chunks: that is how this test sees it.
    @Test
    void whatCanNeverFitIsRefusedWithoutALook() {
        long block = allocate(40);
        heap.free(block);
        heap.free(block);
        for (int log = 22; log < 63; log++) {
            assertEquals(0, allocate(1L << log));
            assertEquals(0, heap.allocate(40, 1L << log));
        }
        assertEquals(0, allocate(BYTES - 1));
        assertEquals(0, allocate(Long.MAX_VALUE - 16));
        assertThrows(HeapCorruption.class, () -> allocate(BYTES - 16), "here it is");
    }

    @Test
    void aListWhoseChunksWereGivenBackIsFilledAgain() {
        heap.free(allocate(40));
        assertEquals(base + 16, allocate(BYTES - 16));
        assertEquals(0, allocate(40));
        heap.free(base + 16);
        assertEquals(base + 16, allocate(40));
        heap.verify();
    }

    // ---------------------------------------------------------------- larger ones, from the region

    @Test
    void aLargerBlockHasItsSizeBeforeItAndUsesItsPagesToTheEnd() {
        long[][] sizes = {{793, 1}, {4080, 1}, {4081, 2}, {LARGE, 25}};
        for (long[] sizeAndPages : sizes) {
            long block = allocate(sizeAndPages[0]);
            assertEquals(16, block % PAGE);
            assertEquals(sizeAndPages[1] * PAGE - 16, heap.usableSize(block));
            assertEquals(heap.usableSize(block), Memory.getLong(block - 8));
            Memory.fill(block, heap.usableSize(block), (byte) -1);
        }
        heap.verify();
    }

    @Test
    void aFreedLargerBlockGivesItsPagesBack() {
        long[] b = allocateSome(LARGE, LARGE, LARGE);
        heap.free(b[0]);
        heap.free(b[1]);
        assertNoBlock(b[1]);
        assertEquals(b[0], allocate(2 * LARGE));
        heap.verify();
    }

    @Test
    void anyAlignmentIsServed() {
        for (long size : new long[] {1, 40, 793, LARGE}) {
            for (int log = 5; log < 20; log++) {
                long block = heap.allocate(size, 1L << log);
                assertEquals(0, block % (1L << log));
                assertTrue(heap.usableSize(block) >= size);
                Memory.fill(block, heap.usableSize(block), (byte) -1);
                heap.verify();
                assertEquals(Map.of(block, heap.usableSize(block)), walked());
                assertEquals(block, heap.reallocate(block, heap.usableSize(block)));
                heap.free(block);
                assertEquals(Map.of(), walked());
            }
        }
        assertEquals(base + 16, allocate(BYTES - 16), "all of it came back");
        for (int log = 23; log < 63; log++) {
            assertEquals(0, heap.allocate(40, 1L << log));
        }
    }

    // ---------------------------------------------------------------- realloc in place

    @Test
    void aBlockStaysWhereItIsAsLongAsTheNewSizeFits() {
        for (long size : new long[] {40, 792, 4000, LARGE}) {
            long block = allocate(size);
            long usable = heap.usableSize(block);
            assertEquals(block, heap.reallocate(block, usable));
            assertEquals(block, heap.reallocate(block, 1));
            assertEquals(usable, heap.usableSize(block));
        }
    }

    @Test
    void aBlockThatIsTooSmallMovesWithAllItsBytes() {
        long block = allocate(8);
        for (long size : new long[] {9, 40, 792, 793, 5000, LARGE}) {
            long last = heap.usableSize(block) - 1;
            Memory.putByte(block + last, (byte) 9);
            long moved = heap.reallocate(block, size);
            assertNotEquals(block, moved);
            assertEquals(9, Memory.getByte(moved + last));
            heap.verify();
            assertEquals(List.of(moved), List.copyOf(walked().keySet()));
            block = moved;
        }
        assertEquals(0, heap.reallocate(block, BYTES));
        assertEquals(0, heap.reallocate(block, Long.MAX_VALUE));
        assertEquals(List.of(block), List.copyOf(walked().keySet()));
    }

    // ---------------------------------------------------------------- memory

    @Test
    void zeroedBlocksHaveNoLink() {
        for (long size : new long[] {1, 8, 40, 792}) {
            long block = heap.allocateZeroed(size, Heap.MIN_ALIGNMENT);
            assertEquals(0, Memory.getByte(block), "of a fresh chunk");
            Memory.fill(block, size, (byte) 1);
            heap.free(block);
            assertEquals(block, heap.allocateZeroed(size, Heap.MIN_ALIGNMENT));
            for (long at = 0; at < size; at++) {
                assertEquals(0, Memory.getByte(block + at));
            }
        }
    }

    @Test
    void freshPagesAreNotFilledAgain() {
        long plant = base + 4096;
        Memory.putLong(plant, 42);
        long block = heap.allocateZeroed(LARGE, Heap.MIN_ALIGNMENT);
        assertEquals(42, Memory.getLong(plant));
        heap.free(block);
        assertEquals(block, heap.allocateZeroed(LARGE, Heap.MIN_ALIGNMENT));
        assertEquals(0, Memory.getLong(plant));
    }

    @Test
    void refusedMemoryLeavesTheHeapAsItWas() {
        memory.refuseBeyond(Region.PAGE);
        long[] b = allocateSome(50_000, 40);
        assertNotEquals(0, b[1], "a shorter chunk");
        assertEquals(0, allocate(LARGE));
        heap.verify();
        assertEquals(2, walked().size());
        memory.refuseNothing();
        assertNotEquals(0, allocate(LARGE));
        memory.assertUncommittedIsUntouched();
    }

    @Test
    void lessThanAPageIsRefused() {
        try (TestRegion other = new TestRegion(BYTES).with("max", 4095)) {
            Executable create = () -> new AppelNaumann.Provider().create(other);
            assertThrows(IllegalArgumentException.class, create);
        }
    }

    // ---------------------------------------------------------------- what Java refuses

    @Test
    void aPointerOutsideOfTheHeapIsRefused() {
        allocate(40);
        long[] addresses = {
            16,
            base - 16,
            base,
            base + memory.committedBytes(),
            base + memory.committedBytes() + 16,
            base + BYTES,
            Long.MAX_VALUE - 15,
            Long.MIN_VALUE,
            Long.MIN_VALUE + 16,
            -16,
        };
        for (long address : addresses) {
            assertNoBlock(address);
        }
    }

    @Test
    void aPointerBehindAWordThatIsNoSizeIsRefused() {
        long[] b = allocateSome(264, LARGE);
        for (long block : b) {
            for (long at = 1; at < 264; at++) {
                assertNoBlock(block + at);
            }
        }
        for (long size : new long[] {0, 16, 41, 800, LARGE, -8, Long.MIN_VALUE}) {
            setSize(b[0], size);
            assertNoBlock(b[0]);
            setSize(b[1], size);
            assertNoBlock(b[1]);
        }
    }

    @Test
    void aSizeThatLeadsOutOfTheMemoryIsRefused() {
        memory.refuseBeyond(Region.PAGE);
        long block = allocate(Region.PAGE - 16);
        setSize(block + Region.PAGE - 48, 40);
        assertNoBlock(block + Region.PAGE - 48);
    }

    @Test
    void aLinkToWhatIsNoBlockOfTheBinIsRefusedAndNotFollowed() {
        long[] b = allocateSome(40, 40, 24);
        heap.free(b[0]);
        heap.free(b[1]);
        long uncommitted = base + memory.committedBytes() + 16;
        setSize(uncommitted, 40);
        long[] links = {0x4141414141414141L, -1, 1, b[0] + 8, b[2], base + BYTES, uncommitted};
        for (long link : links) {
            Memory.putLong(b[1], link);
            assertDamaged(b[1], () -> allocate(40));
            assertDamaged(b[1], heap::verify);
        }
        Memory.putLong(b[1], b[0]);
        heap.verify();
    }

    @Test
    void aBlockThatIsFreedTwiceIsInItsListTwiceAndVerifyFindsIt() {
        long[] b = allocateSome(40, 40);
        heap.free(b[0]);
        heap.free(b[1]);
        heap.free(b[0]);
        assertThrows(HeapCorruption.class, heap::verify);
        assertEquals(b[0], allocate(40));
        assertEquals(b[1], allocate(40));
        assertEquals(b[0], allocate(40), "the document has no check");
    }

    @Test
    void aListWhoseBeginningIsLostIsNamedBySize() {
        long[] b = allocateSome(40, 40);
        heap.free(b[0]);
        heap.free(b[1]);
        Memory.putLong(b[1], 0);
        assertEquals(b[1], allocate(40));
        HeapCorruption thrown = assertThrows(HeapCorruption.class, heap::verify);
        String message = "The list of free blocks of 40 bytes ends too early";
        assertTrue(thrown.getMessage().startsWith(message), thrown.getMessage());
    }

    @Test
    void aListThatEndsEarlyIsFoundByVerify() {
        long[] b = allocateSome(40, 40);
        heap.free(b[0]);
        heap.free(b[1]);
        Memory.putLong(b[1], 0);
        assertDamaged(b[1], heap::verify);
    }

    @Test
    void anOverwrittenSizeIsFoundByVerify() {
        long[] b = allocateSome(40, 40, LARGE);
        for (long block : b) {
            long size = heap.usableSize(block);
            for (long wrong : new long[] {0, 24, LARGE}) {
                setSize(block, wrong);
                assertThrows(HeapCorruption.class, heap::verify);
            }
            setSize(block, size);
            heap.verify();
        }
    }
}
