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
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Every promise and every refusal of the document, in the order of its row in the design.
class HareTest {

    private static final long BYTES = 4 << 20;
    private static final long PAGE = Region.SYSTEM_PAGE;
    private static final long META = HareMeta.BYTES;
    private static final long[] BINS = {8, 24, 40, 72, 136, 264, 520, 1032, 2056};
    private static final long LARGE = 100_000;

    private static final String DOUBLE_FREE =
            "tried to get metadata for already-freed pointer (double free?)";
    private static final String SMALL_OVERFLOW =
            "invalid secondary metadata for small allocation (out-of-bounds write?)";
    private static final String LARGE_OVERFLOW =
            "invalid secondary metadata for large allocation (out-of-bounds write?)";
    private static final String USE_AFTER_FREE =
            "invalid poison data on freelist (use after free?)";
    private static final String NON_HEAP =
            "invalid metadata for small allocation (non-heap pointer?)";
    private static final String NO_LARGE_ADDRESS =
            "invalid large allocation address (non-heap pointer?)";
    private static final String NO_LARGE_META =
            "invalid metadata for large allocation (non-heap pointer?)";
    private static final String ALIGNMENT =
            "invalid alignment for metadata pointer (heap corruption?)";
    private static final String NOT_MARKED =
            "expected metadata on freelist to be marked as free (heap corruption?)";
    private static final String BAD_LINK =
            "invalid metadata for small allocation on freelist (heap corruption?)";

    private final TestRegion memory = new TestRegion(BYTES);
    private final Heap heap = new Hare.Provider().create(memory);
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

    private static long meta(long block) {
        return Memory.getLong(block - META);
    }

    private static void setMeta(long block, long value) {
        Memory.putLong(block - META, value);
    }

    private long second(long block) {
        return block + heap.usableSize(block);
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

    /// All operations that take a block refuse it with the same words.
    private void assertRefused(String message, long address) {
        assertThrown(message, address, () -> heap.free(address));
        assertThrown(message, address, () -> heap.usableSize(address));
        assertThrown(message, address, () -> heap.reallocate(address, 10));
    }

    // ---------------------------------------------------------------- 9 logarithmic bins

    @Test
    void theNineBinsAreLogarithmic() {
        long least = 1;
        for (long size : BINS) {
            assertEquals(size, heap.usableSize(allocate(least)));
            assertEquals(size, heap.usableSize(allocate(size)));
            least = size + 1;
        }
        assertEquals(PAGE - 16 - META, heap.usableSize(allocate(2057)), "a page of its own");
        heap.verify();
    }

    @Test
    void aFreedBlockIsTheNextOfItsBin() {
        for (long size : BINS) {
            long[] b = allocateSome(size, size, size);
            heap.free(b[0]);
            heap.free(b[2]);
            heap.verify();
            assertEquals(b[2], allocate(size));
            assertEquals(b[0], allocate(size));
            heap.verify();
        }
    }

    // ---------------------------------------------------------------- 2 MiB chunks

    @Test
    void aChunkHasTwoMebibytes() {
        try (TestRegion large = new TestRegion(128 << 20)) {
            Heap other = new Hare.Provider().create(large);
            other.allocate(1, Heap.MIN_ALIGNMENT);
            assertEquals(2 << 20, large.committedBytes());
        }
    }

    @Test
    void chunksAreShorterWhereMemoryIsLimited() {
        allocate(1);
        assertEquals(BYTES / 64, memory.committedBytes());
    }

    @Test
    void blocksOfAllBinsAreCutFromOneChunkSideBySide() {
        long[] b = allocateSome(8, 40, 24);
        assertEquals(base + 8 + META, b[0]);
        assertEquals(b[0] + 8 + META, b[1]);
        assertEquals(b[1] + 40 + META, b[2]);
        assertEquals(Map.of(b[0], 8L, b[1], 40L, b[2], 24L), walked());
    }

    @Test
    void whatIsLeftOfAChunkBecomesFreeBlocks() {
        long chunk = BYTES / 64;
        long one = 2056 + META;
        long count = (chunk - 8 - META) / one;
        for (long i = 0; i < count; i++) {
            allocate(2056);
        }
        long rest = base + 8 + count * one;
        assertEquals(base + chunk + 8 + META, allocate(2056), "a new chunk");
        heap.verify();
        assertEquals(rest + META, allocate(1032), "the largest that fits");
        heap.verify();
    }

    @Test
    void chunksWithoutALiveBlockAreGivenBackWhenThereIsNoOtherMemory() {
        List<Long> blocks = fillWithSmall();
        long kept = blocks.get(10);
        Memory.putLong(kept, 42);
        blocks.forEach(block -> freeUnless(block == kept, block));
        long rest = BYTES - BYTES / 64;
        assertEquals(0, allocate(rest), "one page too many");
        assertEquals(base + BYTES / 64 + 16, allocate(rest - 16 - META));
        assertEquals(42, Memory.getLong(kept));
        assertEquals(40, heap.usableSize(kept));
        heap.verify();
        long again = allocate(40);
        assertTrue(again < base + BYTES / 64, "the chunk of the live block is still cut");
        heap.free(kept);
        heap.free(again);
        heap.verify();
    }

    private List<Long> fillWithSmall() {
        List<Long> blocks = new ArrayList<>();
        for (long block = allocate(40); block != 0; block = allocate(40)) {
            blocks.add(block);
        }
        return blocks;
    }

    private void freeUnless(boolean isKept, long block) {
        if (!isKept) {
            heap.free(block);
        }
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
                List.<Executable>of(
                        heap::atExit,
                        heap::verify,
                        () -> assertNotEquals(0, allocate(BYTES - 16 - META)))) {
            long before = threads.getCurrentThreadAllocatedBytes();
            assertDoesNotThrow(look);
            long bytes = threads.getCurrentThreadAllocatedBytes() - before;
            assertTrue(bytes < blocks.length, bytes + " bytes of garbage");
        }
    }

    /// All free blocks were looked at, in the hope of free chunks: that is how this test sees it.
    @Test
    void whatCanNeverFitIsRefusedWithoutALook() {
        long block = allocate(40);
        heap.free(block);
        Memory.putByte(block, (byte) 0);
        for (int log = 22; log < 63; log++) {
            assertEquals(0, allocate(1L << log));
            assertEquals(0, heap.allocate(40, 1L << log));
        }
        assertEquals(0, allocate(BYTES - 1));
        assertEquals(0, allocate(Long.MAX_VALUE - 16));
        assertThrows(HeapCorruption.class, () -> allocate(BYTES - 16 - META), "here it is");
    }

    @Test
    void theChunkThatIsCutIsGivenBackToo() {
        heap.free(allocate(40));
        assertEquals(base + 16, allocate(BYTES - 16 - META));
        heap.verify();
        assertEquals(0, allocate(40));
    }

    @Test
    void aWriteToAFreedBlockIsSeenWhenItsChunkIsGivenBack() {
        long block = allocate(40);
        heap.free(block);
        Memory.putByte(block + 39, (byte) 0);
        assertThrown(USE_AFTER_FREE, block, () -> allocate(BYTES - 16 - META));
    }

    // ---------------------------------------------------------------- 8-byte meta before and after

    @Test
    void theMetaBeforeABlockIsItsSizeAndTheOneAfterItIsThatOfTheNext() {
        long[] b = allocateSome(40, 24);
        assertEquals(40, meta(b[0]));
        assertEquals(24, Memory.getLong(second(b[0])));
        assertEquals(second(b[0]) + META, b[1]);
        assertEquals(24, Memory.getLong(second(b[1])), "a copy behind the last block");
    }

    @Test
    void allUsableBytesMayBeWritten() {
        for (long size : new long[] {8, 24, 2056, 2057, LARGE}) {
            long block = allocate(size);
            Memory.fill(block, heap.usableSize(block), (byte) -1);
        }
        heap.verify();
        walked().keySet().forEach(heap::free);
        heap.verify();
    }

    // ---------------------------------------------------------------- free marks and poisons

    @Test
    void freeMarksTheLowBitOfTheLinkAndPoisonsTheBytes() {
        for (long size : BINS) {
            long[] b = allocateSome(size, size);
            heap.free(b[0]);
            heap.free(b[1]);
            assertEquals(1, meta(b[0]), "the end of the list");
            assertEquals(b[0] - META | 1, meta(b[1]));
            for (long at = 0; at < size; at++) {
                assertEquals(0x69, Memory.getByte(b[0] + at));
                assertEquals(0x69, Memory.getByte(b[1] + at));
            }
        }
    }

    @Test
    void freshBlocksAreNotPoisoned() {
        long block = allocate(40);
        assertEquals(0, Memory.getLong(block));
        heap.free(block);
        assertEquals(block, allocate(40));
        assertEquals(0x6969696969696969L, Memory.getLong(block), "what is reused still is");
    }

    // ---------------------------------------------------------------- double free

    @Test
    void aDoubleFreeOfASmallBlockIsRefused() {
        for (long size : BINS) {
            long[] b = allocateSome(size, size);
            heap.free(b[0]);
            assertRefused(DOUBLE_FREE, b[0]);
            heap.free(b[1]);
            assertRefused(DOUBLE_FREE, b[0]);
            assertRefused(DOUBLE_FREE, b[1]);
            heap.verify();
        }
    }

    @Test
    void aDoubleFreeOfALargeBlockIsRefused() {
        long[] b = allocateSome(LARGE, LARGE, LARGE);
        heap.free(b[1]);
        assertRefused(DOUBLE_FREE, b[1]);
        heap.free(b[0]);
        heap.free(b[2]);
        assertRefused(DOUBLE_FREE, b[1]);
        heap.verify();
    }

    @Test
    void aPointerIntoAFreedBlockIsRefused() {
        long block = allocate(264);
        heap.free(block);
        for (long at = 16; at < 264; at += 16) {
            assertRefused(DOUBLE_FREE, block + at);
        }
    }

    // ---------------------------------------------------------------- out-of-bounds write

    @Test
    void anOverflowOfASmallBlockIsRefused() {
        for (long size : BINS) {
            long[] b = allocateSome(size, size);
            for (long block : b) {
                for (long written : new long[] {0, 16, 2057, LARGE, -2, 0x4242424242424242L}) {
                    long before = Memory.getLong(second(block));
                    Memory.putLong(second(block), written);
                    assertRefused(SMALL_OVERFLOW, block);
                    Memory.putLong(block + size, before);
                }
                heap.free(block);
            }
        }
    }

    @Test
    void anOverflowThatLooksLikeTheMetaOfAFreeBlockIsRefused() {
        long[] b = allocateSome(40, 40);
        for (long written : new long[] {-1, 0x4141414141414141L, base + BYTES + 9, b[1] | 1}) {
            Memory.putLong(second(b[0]), written);
            assertRefused(SMALL_OVERFLOW, b[0]);
            setMeta(b[1], 40);
        }
        heap.verify();
    }

    @Test
    void anOverflowIntoAFreeBlockIsRefused() {
        long[] b = allocateSome(40, 40);
        heap.free(b[1]);
        Memory.putLong(second(b[0]), 0x4141414141414141L);
        assertRefused(SMALL_OVERFLOW, b[0]);
    }

    @Test
    void aFreeNeighbourThatLeadsToWhatIsNotFreeIsRefused() {
        long[] b = allocateSome(40, 40, 40);
        heap.free(b[2]);
        heap.free(b[1]);
        setMeta(b[2], 40);
        assertThrown(NOT_MARKED, b[2], () -> heap.free(b[0]));
    }

    @Test
    void anOverflowOfALargeBlockIsRefused() {
        for (long alignment = 16; alignment <= 1 << 14; alignment *= 4) {
            long block = heap.allocate(LARGE, alignment);
            long before = Memory.getLong(second(block));
            for (int at = 0; at < META; at++) {
                Memory.putByte(second(block) + at, (byte) 0x42);
                assertRefused(LARGE_OVERFLOW, block);
                Memory.putLong(block + before, before);
            }
            heap.free(block);
        }
    }

    // ---------------------------------------------------------------- use after free

    @Test
    void aWriteToAFreedBlockIsSeenWhenItIsReused() {
        for (long size : BINS) {
            for (long at = 0; at < size; at += Math.max(1, size / 13)) {
                long block = allocate(size);
                heap.free(block);
                Memory.putByte(block + at, (byte) 0x68);
                assertThrown(USE_AFTER_FREE, block, () -> allocate(size));
                Memory.putByte(block + at, (byte) 0x69);
                assertEquals(block, allocate(size));
                heap.free(block);
            }
        }
    }

    /// Such a block passed for one of the list, and the free bytes of its chunk were not what they
    /// seemed.
    @Test
    void aLinkIntoTheListOfAnotherSizeIsSeen() {
        long[] b = allocateSome(24, 24, 40, 40, 8, 8);
        for (long block : b) {
            heap.free(block);
        }
        for (int from = 1; from < b.length; from += 2) {
            long before = meta(b[from]);
            for (int to = 0; to < b.length; to += 2) {
                if (to != from - 1) {
                    setMeta(b[from], b[to] - META | 1);
                    assertThrows(HeapCorruption.class, heap::atExit);
                }
            }
            setMeta(b[from], before);
            heap.atExit();
        }
    }

    @Test
    void aListWhoseBeginningIsLostIsNamedBySize() {
        long[] b = allocateSome(24, 24);
        heap.free(b[0]);
        heap.free(b[1]);
        setMeta(b[1], 1);
        assertEquals(b[1], allocate(24));
        HeapCorruption thrown = assertThrows(HeapCorruption.class, heap::atExit);
        assertEquals(
                "the freelist of 24-byte allocations ends too early (heap corruption?)",
                thrown.getMessage());
    }

    @Test
    void aWriteToAnyFreeBlockIsSeenAtExit() {
        for (long size : BINS) {
            long[] b = allocateSome(size, size, size);
            for (long block : b) {
                heap.free(block);
            }
            heap.atExit();
            for (long block : b) {
                Memory.putByte(block + size - 1, (byte) 0);
                assertThrown(USE_AFTER_FREE, block, heap::atExit);
                assertThrown(USE_AFTER_FREE, block, heap::verify);
                Memory.putByte(block + size - 1, (byte) 0x69);
            }
        }
        heap.atExit();
    }

    // ---------------------------------------------------------------- non-heap pointer

    @Test
    void aPointerOutsideOfTheHeapIsRefused() {
        allocate(40);
        long[] addresses = {
            16,
            base - 16,
            base,
            base + memory.committedBytes() + 16,
            base + BYTES,
            base + BYTES + 16,
            Long.MAX_VALUE - 15,
            Long.MIN_VALUE,
            Long.MIN_VALUE + 16,
            -16,
        };
        for (long address : addresses) {
            assertRefused(NON_HEAP, address);
        }
        try (Arena arena = Arena.ofConfined()) {
            assertRefused(NON_HEAP, arena.allocate(64, 16).address() + 32);
        }
    }

    @Test
    void everyPointerThatIsNoBlockIsRefused() {
        List<Long> blocks = new ArrayList<>();
        for (long size : new long[] {8, 24, 40, 100, 2056, 2057, 5000, LARGE}) {
            blocks.add(allocate(size));
            blocks.add(heap.allocate(size, 256));
            heap.free(allocate(size));
        }
        Map<Long, Long> live = walked();
        for (long address = base - 100; address < base + memory.committedBytes() + 100; address++) {
            long pointer = address;
            if (!live.containsKey(pointer)) {
                assertThrows(HeapCorruption.class, () -> heap.free(pointer));
            }
        }
        assertEquals(live, walked());
        heap.verify();
        blocks.forEach(heap::free);
        assertEquals(Map.of(), walked());
    }

    @Test
    void aPointerIntoALiveBlockIsRefused() {
        long block = allocate(LARGE);
        assertRefused(NON_HEAP, block + 4096);
        Memory.putLong(block + 4096 - META, LARGE);
        assertRefused(NO_LARGE_ADDRESS, block + 4096);
        Memory.putLong(block + 1024 - META, -2);
        assertRefused(NO_LARGE_ADDRESS, block + 1024);
    }

    @Test
    void aSizeThatIsNotThatOfTheBlockIsRefused() {
        long small = allocate(40);
        for (long size : new long[] {0, 16, 32, 48, 2040}) {
            setMeta(small, size);
            assertRefused(NON_HEAP, small);
        }
        setMeta(small, LARGE);
        assertRefused(NO_LARGE_ADDRESS, small);
        setMeta(small, 40);
        long large = allocate(LARGE);
        long real = meta(large);
        for (long size : new long[] {LARGE, real + PAGE, real - PAGE, -8, Long.MIN_VALUE}) {
            setMeta(large, size);
            assertRefused(NO_LARGE_META, large);
        }
        setMeta(large, 40);
        assertThrown(SMALL_OVERFLOW, large, heap::verify);
    }

    @Test
    void aSizeThatLeadsOutOfTheMemoryIsRefused() {
        allocate(BYTES - 16 - META);
        long last = base + BYTES - 16;
        setMeta(last, 24);
        assertRefused(NON_HEAP, last);
    }

    @Test
    void aPointerThatIsNotAlignedIsRefused() {
        for (long block : allocateSome(264, LARGE)) {
            for (int at = 1; at < 16; at++) {
                assertRefused(ALIGNMENT, block + at);
            }
        }
    }

    // ---------------------------------------------------------------- corrupted list

    /// Free blocks of one bin, each leading to the one before it.
    private long[] freeSome(int count) {
        long[] sizes = new long[count];
        Arrays.fill(sizes, 40);
        long[] b = allocateSome(sizes);
        for (long block : b) {
            heap.free(block);
        }
        return b;
    }

    @Test
    void aListThatLeadsToWhatIsNotMarkedAsFreeIsRefused() {
        long[] b = freeSome(3);
        setMeta(b[0], 40);
        assertThrown(NOT_MARKED, b[0], () -> allocate(40));
        assertThrown(NOT_MARKED, b[0], () -> heap.free(b[1]));
        assertThrown(NOT_MARKED, b[0], heap::atExit);
        assertThrown(NOT_MARKED, b[0], heap::verify);
        setMeta(b[2], 40);
        assertThrown(NOT_MARKED, b[2], () -> allocate(40));
    }

    @Test
    void aLinkThatLeadsToNoMetaIsRefusedAndNotFollowed() {
        long[] b = freeSome(3);
        long uncommitted = base + memory.committedBytes() + META;
        HareMeta.setFree(uncommitted, 0);
        long[] links = {
            0x4141414141414141L, -1, b[0] | 1, base + BYTES + META, base - META, uncommitted, 8
        };
        for (long link : links) {
            for (int damaged = 1; damaged < 3; damaged++) {
                long block = b[damaged];
                long before = meta(block);
                setMeta(block, link | 1);
                assertThrown(BAD_LINK, block, () -> allocate(40));
                assertThrown(BAD_LINK, block, heap::atExit);
                assertThrown(BAD_LINK, block, () -> heap.free(block));
                setMeta(block, before);
            }
        }
        heap.verify();
    }

    @Test
    void aLinkToTheLastWordOfTheMemoryIsNotReadBeyond() {
        long[] b = freeSome(2);
        allocate(BYTES - BYTES / 64 - 16 - META);
        long last = base + BYTES - META;
        HareMeta.setFree(last, 0);
        setMeta(b[1], last | 1);
        assertThrown(BAD_LINK, last + META, heap::atExit);
        allocate(40);
        assertThrown(BAD_LINK, last + META, () -> allocate(40));
    }

    @Test
    void aListThatEndsEarlyOrNeverIsSeenAtExit() {
        long[] b = freeSome(3);
        setMeta(b[1], 1);
        assertThrown(BAD_LINK, b[1], heap::atExit);
        setMeta(b[1], b[2] - META | 1);
        assertThrown(BAD_LINK, b[2], heap::atExit);
    }

    @Test
    void aListThatLeadsIntoAnotherIsSeenAtExit() {
        long[] small = allocateSome(40, 40, 40);
        long[] other = allocateSome(72, 72, 72);
        for (int i = 0; i < 3; i++) {
            heap.free(small[i]);
            heap.free(other[i]);
        }
        setMeta(small[2], other[1] - META | 1);
        assertThrown(BAD_LINK, other[1], heap::atExit);
    }

    @Test
    void aFreeBlockThatIsInNoListIsSeenByVerify() {
        long[] b = allocateSome(40, 40);
        setMeta(b[1], 1);
        assertThrown(SMALL_OVERFLOW, b[0], heap::verify);
        setMeta(b[1], 40);
        setMeta(b[0], 1);
        assertThrown(NON_HEAP, b[0], heap::verify);
    }

    // ---------------------------------------------------------------- large blocks

    @Test
    void aLargeBlockFillsItsPagesAndHasItsSizeOnBothSides() {
        long[][] sizes = {{2057, 1}, {4072, 1}, {4073, 2}, {8168, 2}, {LARGE, 25}};
        for (long[] sizeAndPages : sizes) {
            long block = allocate(sizeAndPages[0]);
            long real = sizeAndPages[1] * PAGE - 16 - META;
            assertEquals(16, block % PAGE);
            assertEquals(real, heap.usableSize(block));
            assertEquals(real, meta(block));
            assertEquals(real, Memory.getLong(block + real));
        }
        heap.verify();
    }

    @Test
    void aFreedLargeBlockGivesItsPagesBack() {
        long[] b = allocateSome(LARGE, LARGE, LARGE);
        heap.free(b[0]);
        heap.free(b[1]);
        heap.verify();
        assertEquals(b[0], allocate(2 * LARGE));
    }

    // ---------------------------------------------------------------- realloc

    @Test
    void aBlockWhoseRealSizeIsEqualStaysInPlace() {
        long[][] ranges = {{1, 8}, {9, 24}, {137, 264}, {1033, 2056}, {2057, 4072}, {4073, 8168}};
        for (long[] range : ranges) {
            long block = allocate(range[0]);
            Memory.putLong(block, 42);
            assertEquals(block, heap.reallocate(block, range[1]));
            assertEquals(block, heap.reallocate(block, range[0]));
            assertEquals(42, Memory.getLong(block));
        }
        heap.verify();
    }

    @Test
    void aBlockWhoseRealSizeIsAnotherMovesWithItsBytes() {
        long[] sizes = {264, 265, 136, 2057, 2056, LARGE, 2 * LARGE, 5000, 24};
        long block = allocate(200);
        long kept = 200;
        Memory.fill(block, 24, (byte) 7);
        for (long size : sizes) {
            long usable = heap.usableSize(block);
            long last = Math.min(usable, size) - 1;
            Memory.putByte(block + last, (byte) 9);
            long moved = heap.reallocate(block, size);
            assertEquals(9, Memory.getByte(moved + last), "all usable bytes are kept");
            assertEquals(7, Memory.getByte(moved + 20));
            if (moved != block) {
                long old = block;
                assertThrows(HeapCorruption.class, () -> heap.free(old));
            }
            heap.verify();
            block = moved;
            kept = size;
        }
        assertEquals(Map.of(block, kept), walked());
    }

    @Test
    void aBlockThatCannotMoveStaysAsItWas() {
        long block = allocate(LARGE);
        long real = heap.usableSize(block);
        memory.refuseBeyond(memory.committedBytes());
        while (allocate(2057) != 0) {
            // Nothing shall be left.
        }
        assertEquals(0, heap.reallocate(block, 2 * LARGE));
        assertEquals(0, heap.reallocate(block, Long.MAX_VALUE));
        assertEquals(block, heap.reallocate(block, 100), "smaller it need not be");
        assertEquals(real, heap.usableSize(block));
        heap.verify();
    }

    // ---------------------------------------------------------------- count of live allocations

    private static Heap refusingLeaks(TestRegion memory) {
        return new Hare.Provider().create(memory.with("live", 1));
    }

    @Test
    void liveBlocksAtExitAreALeakIfTheOptionSaysSo() {
        try (TestRegion other = new TestRegion(BYTES)) {
            Heap strict = refusingLeaks(other);
            strict.atExit();
            long first = strict.allocate(40, 16);
            long moved = strict.reallocate(strict.allocate(50, 16), LARGE);
            long aligned = strict.allocate(40, 512);
            assertLeak(3, first, strict);
            strict.free(first);
            assertLeak(2, moved, strict);
            strict.free(moved);
            assertLeak(1, aligned, strict);
            strict.free(aligned);
            strict.atExit();
        }
    }

    private static void assertLeak(int count, long first, Heap heap) {
        String message = "memory leak (live allocations: " + count + "), the first";
        assertThrown(message, first, heap::atExit);
    }

    @Test
    void liveBlocksAtExitAreNoLeakWithoutTheOption() {
        allocate(40);
        heap.atExit();
    }

    @Test
    void useAfterFreeIsSaidBeforeLeaks() {
        try (TestRegion other = new TestRegion(BYTES)) {
            Heap strict = refusingLeaks(other);
            long block = strict.allocate(40, 16);
            strict.allocate(40, 16);
            strict.free(block);
            Memory.putByte(block, (byte) 0);
            assertThrown(USE_AFTER_FREE, block, strict::atExit);
        }
    }

    // ---------------------------------------------------------------- alignment

    @ParameterizedTest
    @ValueSource(longs = {1, 40, 2056, 2057, LARGE})
    void anyAlignmentIsServedByABlockLikeTheOthers(long size) {
        for (int log = 5; log < 20; log++) {
            long block = heap.allocate(size, 1L << log);
            assertEquals(0, block % (1L << log));
            assertTrue(heap.usableSize(block) >= size);
            Memory.fill(block, heap.usableSize(block), (byte) -1);
            heap.verify();
            assertEquals(block, heap.reallocate(block, heap.usableSize(block)));
            assertEquals(Map.of(block, heap.usableSize(block)), walked());
            heap.free(block);
            assertRefused(DOUBLE_FREE, block);
            heap.verify();
            assertEquals(base + 16, allocate(BYTES - 16 - META), "all of it came back");
            heap.free(base + 16);
        }
    }

    @Test
    void whatIsSkippedBeforeAnAlignedBlockIsNotABlock() {
        long block = heap.allocate(40, 1024);
        for (long address = block - 1024; address < block; address += 16) {
            long pointer = address;
            assertThrows(HeapCorruption.class, () -> heap.free(pointer));
        }
        Memory.putLong(block - 16, 512);
        assertRefused(NO_LARGE_ADDRESS, block);
        Memory.putLong(block - 16, 1024);
        heap.free(block);
    }

    @Test
    void anOverwrittenDistanceIsSeenByVerify() {
        long block = heap.allocate(40, 1024);
        for (long distance : new long[] {0, -16, 8, 32, 512, 2048, 4096, Long.MIN_VALUE}) {
            Memory.putLong(block - 1024, distance);
            assertThrown(NO_LARGE_ADDRESS, block - 1024, heap::verify);
            assertThrown(NO_LARGE_ADDRESS, block, () -> heap.free(block));
        }
    }

    @Test
    void anAlignmentThatCannotBeHadIsAnsweredWithZero() {
        for (int log = 23; log < 63; log++) {
            assertEquals(0, heap.allocate(40, 1L << log));
        }
        assertEquals(0, heap.allocate(Long.MAX_VALUE - (1L << 62), 1L << 62));
        heap.verify();
    }

    // ---------------------------------------------------------------- memory

    @Test
    void refusedMemoryLeavesTheHeapAsItWas() {
        memory.refuseBeyond(Region.PAGE);
        long large = allocate(50_000);
        long small = allocate(40);
        assertNotEquals(0, small, "a shorter chunk");
        assertEquals(0, allocate(LARGE));
        assertEquals(0, heap.allocate(40, 4096));
        heap.verify();
        assertEquals(Map.of(small, 40L, large, heap.usableSize(large)), walked());
        memory.refuseNothing();
        assertNotEquals(0, allocate(LARGE));
        memory.assertUncommittedIsUntouched();
    }

    @Test
    void freshPagesAreNotFilledAgain() {
        // What nobody ever wrote to stands for zeros; plant something there to see it untouched.
        long plant = base + 4096;
        Memory.putLong(plant, 42);
        long block = heap.allocateZeroed(LARGE, Heap.MIN_ALIGNMENT);
        assertEquals(42, Memory.getLong(plant));
        heap.free(block);
        assertEquals(block, heap.allocateZeroed(LARGE, Heap.MIN_ALIGNMENT));
        assertEquals(0, Memory.getLong(plant));
    }

    @Test
    void zeroedBlocksHaveNoPoison() {
        for (long size : BINS) {
            heap.free(allocate(size));
            long block = heap.allocateZeroed(size, Heap.MIN_ALIGNMENT);
            for (long at = 0; at < size; at++) {
                assertEquals(0, Memory.getByte(block + at));
            }
        }
    }

    @Test
    void lessThanAPageIsRefused() {
        try (TestRegion other = new TestRegion(BYTES).with("max", 4095)) {
            Executable create = () -> new Hare.Provider().create(other);
            assertThrows(IllegalArgumentException.class, create);
        }
        try (TestRegion other = new TestRegion(BYTES).with("max", 4096)) {
            assertEquals(other.base() + 16, new Hare.Provider().create(other).allocate(1, 16));
        }
    }

    // ---------------------------------------------------------------- finding damage

    @Test
    void verifyFindsAnOverwrittenMeta() {
        long[] b = allocateSome(40, 40, 40);
        setMeta(b[0], 16);
        assertThrown(NON_HEAP, b[0], heap::verify);
        setMeta(b[0], 24);
        assertThrown(SMALL_OVERFLOW, b[0], heap::verify);
        setMeta(b[0], 40);
        setMeta(b[2], 0);
        assertThrown(SMALL_OVERFLOW, b[1], heap::verify);
        setMeta(b[2], 40);
        Memory.putLong(second(b[2]), 24);
        assertThrown(SMALL_OVERFLOW, b[2], heap::verify);
    }

    @Test
    void verifyFindsBlocksThatBecameOne() {
        long[] b = allocateSome(24, 40, 8);
        setMeta(b[0], 72);
        assertThrown("2 live blocks are to be found, not 3, the first", b[0], heap::verify);
    }
}
