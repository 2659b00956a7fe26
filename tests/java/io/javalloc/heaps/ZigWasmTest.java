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
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

class ZigWasmTest {

    private static final long PAGE = Region.PAGE;
    private static final int PAGES = 32;
    private static final long BYTES = PAGES * PAGE;

    private final TestRegion memory = new TestRegion(BYTES);
    private final ZigWasm heap = new ZigWasm(memory.region(), BYTES);
    private final long base = memory.base();

    @AfterEach
    void close() {
        memory.close();
    }

    private long allocate(long size) {
        return heap.allocate(size, Heap.MIN_ALIGNMENT);
    }

    private long allocateZeroed(long size) {
        return heap.allocateZeroed(size, Heap.MIN_ALIGNMENT);
    }

    private static long page(long number, long base) {
        return base + number * PAGE;
    }

    private long page(long number) {
        return page(number, base);
    }

    private SortedMap<Long, Long> walked() {
        TreeMap<Long, Long> blocks = new TreeMap<>();
        heap.walk(blocks::put);
        return blocks;
    }

    private void assertRefused(String message, long address) {
        SortedMap<Long, Long> before = walked();
        String expected = message + ": 0x" + Long.toHexString(address);
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

    private void assertNoBlock(long address) {
        assertRefused("No block of this heap starts at this address", address);
    }

    private void assertCorrupt(String message) {
        HeapCorruption thrown = assertThrows(HeapCorruption.class, heap::verify);
        assertTrue(thrown.getMessage().startsWith(message), thrown.getMessage());
    }

    // ---------------------------------------------------------------- slots and lists

    @Test
    void aRequestTakesTheSlotOfTheNextPowerOfTwo() {
        long[][] expected = {
            {1, 16},
            {16, 16},
            {17, 32},
            {64, 64},
            {65, 128},
            {32768, 32768},
            {32769, 65536},
            {65536, 65536},
            {65537, 131072},
            {300_000, 524288},
        };
        for (long[] sizeAndSlot : expected) {
            assertEquals(sizeAndSlot[1], heap.usableSize(allocate(sizeAndSlot[0])));
        }
        heap.verify();
    }

    @Test
    void theNodeLiesInTheFirstWordOfTheFreeSlot() {
        for (long size : new long[] {64, 3 * PAGE}) {
            long first = allocate(size);
            long second = allocate(size);
            heap.free(first);
            assertEquals(0, Memory.getLong(first));
            heap.free(second);
            assertEquals(first, Memory.getLong(second));
        }
    }

    @Test
    void theSlotThatWasFreedLastIsReusedFirst() {
        for (long size : new long[] {16, 1000, 2 * PAGE}) {
            long first = allocate(size);
            long second = allocate(size);
            heap.free(first);
            heap.free(second);
            assertEquals(second, allocate(size));
            assertEquals(first, allocate(size));
        }
        heap.verify();
    }

    @Test
    void slotsOfOneSizeAreCutFromOnePageOneBehindTheOther() {
        assertEquals(page(0), allocate(100));
        assertEquals(page(0) + 128, allocate(128));
        assertEquals(page(1), allocate(20_000));
        assertEquals(page(1) + 32768, allocate(20_000));
        assertEquals(page(2), allocate(20_000), "the page is used up");
        assertEquals(page(0) + 256, allocate(65));
        heap.verify();
    }

    @Test
    void aFreeRunIsUsedBeforeFreshPages() {
        long run = allocate(8 * PAGE);
        heap.free(run);
        assertEquals(run, allocate(16), "the front of the larger run");
        assertEquals(run + PAGE, allocate(PAGE), "the parts behind it, each on its list");
        assertEquals(run + 4 * PAGE, allocate(4 * PAGE));
        assertEquals(run + 2 * PAGE, allocate(2 * PAGE));
        assertEquals(page(8), allocate(PAGE), "none left");
        heap.verify();
    }

    @Test
    void theSmallestRunThatIsLargeEnoughIsSplit() {
        long large = allocate(8 * PAGE);
        long small = allocate(2 * PAGE);
        heap.free(small);
        heap.free(large);
        assertEquals(small, allocate(PAGE));
    }

    @Test
    void theTableGrowsWithTheFrontier() {
        try (TestRegion large = new TestRegion(1100 * PAGE)) {
            Heap heap = new ZigWasm(large.region(), 1100 * PAGE);
            long first = heap.allocate(1, 16);
            long run = heap.allocate(1024 * PAGE, 16);
            long last = heap.allocate(1000, 16);
            assertEquals(page(1, large.base()), run);
            assertEquals(page(1025, large.base()), last);
            heap.verify();
            heap.free(last);
            heap.free(run);
            heap.free(first);
            assertEquals(last, heap.allocate(1000, 16));
        }
    }

    // ---------------------------------------------------------------- alignment

    @Test
    void anAlignmentUpToAPageTakesASlotOfThatSize() {
        for (int log = 4; log <= 16; log++) {
            for (int i = 0; i < 3; i++) {
                long block = heap.allocate(1, 1L << log);
                assertEquals(0, block % (1L << log));
                assertEquals(1L << log, heap.usableSize(block));
            }
        }
        heap.verify();
    }

    @Test
    void forALargerAlignmentThePagesBeforeAndBehindAreCutOff() {
        try (TestRegion region = new TestRegion(4 * BYTES)) {
            ZigWasm heap = new ZigWasm(region.region(), 4 * BYTES);
            heap.allocate(1, 16);
            long block = heap.allocate(100, 1 << 20);
            assertEquals(Region.roundUp(region.base() + PAGE, 1 << 20), block);
            assertEquals(PAGE, heap.usableSize(block));
            int gap = heap.runs.pageOf(block) - 1;
            for (int i = 0; i < gap; i++) {
                assertTrue(heap.allocate(PAGE, 16) < block, "the gap is used");
            }
            assertEquals(block + PAGE, heap.allocate(PAGE, 16), "nothing was taken behind it");
            heap.verify();
        }
    }

    @Test
    void theAlignedPartOfAFreeRunIsFound() {
        long run = allocate(8 * PAGE);
        allocate(1);
        heap.free(run);
        long block = heap.allocate(2 * PAGE, 4 * PAGE);
        assertEquals(0, block % (4 * PAGE));
        assertTrue(run <= block && block + 2 * PAGE <= run + 8 * PAGE, "inside of the run");
        heap.verify();
        for (int i = 0; i < 6; i++) {
            long page = allocate(PAGE);
            assertTrue(run <= page && page < run + 8 * PAGE, "the rest of the run is free");
        }
        assertEquals(page(9), allocate(PAGE));
    }

    @Test
    void alignedBlocksThatComeAndGoUseTheSamePages() {
        long first = heap.allocate(PAGE, 2 * PAGE);
        for (int i = 0; i < 100; i++) {
            heap.free(first);
            assertEquals(first, heap.allocate(PAGE, 2 * PAGE));
        }
    }

    // ---------------------------------------------------------------- reallocating

    @Test
    void shrinkingHandsTheUpperPartToTheMatchingLists() {
        long run = allocate(8 * PAGE);
        assertEquals(run, heap.reallocate(run, PAGE));
        assertEquals(PAGE, heap.usableSize(run));
        heap.verify();
        assertEquals(run + 4 * PAGE, allocate(4 * PAGE));
        assertEquals(run + 2 * PAGE, allocate(2 * PAGE));
        assertEquals(run + PAGE, allocate(PAGE));
        assertEquals(page(8), allocate(PAGE));
    }

    @Test
    void aSmallBlockStaysWhileItsSlotIsAtMostFourTimesTooLarge() {
        long block = allocate(1024);
        Memory.putLong(block, 42);
        assertEquals(block, heap.reallocate(block, 1024));
        assertEquals(block, heap.reallocate(block, 129));
        long moved = heap.reallocate(block, 128);
        assertNotEquals(block, moved);
        assertEquals(128, heap.usableSize(moved));
        assertEquals(42, Memory.getLong(moved));
        assertEquals(block, allocate(1024), "the old slot was freed");
        long least = allocate(16);
        assertEquals(least, heap.reallocate(least, 1));
    }

    @Test
    void aRunThatBecomesSmallMovesToASmallSlot() {
        long run = allocate(2 * PAGE);
        Memory.putLong(run + 992, 42);
        long moved = heap.reallocate(run, 1000);
        assertEquals(1024, heap.usableSize(moved));
        assertEquals(42, Memory.getLong(moved + 992));
        assertEquals(run, allocate(PAGE), "what is left of the run was freed");
        heap.verify();
    }

    @Test
    void aRunThatBecomesSmallStaysIfThereIsNoOtherMemory() {
        memory.refuseBeyond(PAGE);
        long run = allocate(PAGE);
        assertEquals(run, heap.reallocate(run, 10));
        assertEquals(PAGE, heap.usableSize(run));
    }

    @Test
    void growingMovesAndKeepsTheContents() {
        long block = allocate(16);
        Memory.putLong(block, 42);
        Memory.putLong(block + 8, 43);
        long moved = heap.reallocate(block, 17);
        assertEquals(32, heap.usableSize(moved));
        assertEquals(42, Memory.getLong(moved));
        assertEquals(43, Memory.getLong(moved + 8));
        assertEquals(block, allocate(16), "the old slot was freed");
    }

    @Test
    void theLastRunGrowsInPlace() {
        allocate(PAGE);
        long run = allocate(PAGE);
        assertEquals(run, heap.reallocate(run, 3 * PAGE));
        assertEquals(4 * PAGE, heap.usableSize(run));
        heap.verify();
        assertEquals(run + 4 * PAGE, allocate(PAGE));
        assertNotEquals(run, heap.reallocate(run, 5 * PAGE), "no longer the last");
        heap.verify();
    }

    @Test
    void aBlockThatCannotGrowStaysAsItWas() {
        long small = allocate(16);
        long run = allocate(PAGE);
        Memory.putLong(small, 42);
        Memory.putLong(run, 43);
        memory.refuseBeyond(2 * PAGE);
        assertEquals(0, heap.reallocate(small, 17));
        assertEquals(0, heap.reallocate(run, 2 * PAGE));
        memory.refuseNothing();
        assertEquals(0, heap.reallocate(run, BYTES));
        assertEquals(0, heap.reallocate(run, 1L << 62));
        assertEquals(16, heap.usableSize(small));
        assertEquals(PAGE, heap.usableSize(run));
        assertEquals(42, Memory.getLong(small));
        assertEquals(43, Memory.getLong(run));
        heap.verify();
    }

    // ---------------------------------------------------------------- refusing

    @Test
    void anAddressWhereNoSlotStartsIsRefused() {
        long small = allocate(64);
        long run = allocate(4 * PAGE);
        for (long offset = 1; offset < 64; offset++) {
            assertNoBlock(small + offset);
        }
        assertNoBlock(run + 1);
        assertNoBlock(run + 16);
        assertNoBlock(run + 32768);
        assertNoBlock(run + PAGE);
        assertNoBlock(run + 3 * PAGE);
    }

    @Test
    void anAddressThatWasNeverHandedOutIsRefused() {
        allocate(64);
        assertNoBlock(page(1));
        assertNoBlock(page(PAGES - 1));
        assertNoBlock(page(PAGES));
        assertNoBlock(page(heap.runs.table.length));
        assertNoBlock(base - 16);
        assertNoBlock(base - PAGE);
        assertNoBlock(16);
        assertNoBlock(-16);
        assertNoBlock(Long.MIN_VALUE);
        assertNoBlock(Long.MAX_VALUE - 15);
        assertNoBlock(base + (1L << 48));
    }

    @Test
    void aRunThatIsFreeAlreadyIsRefused() {
        long run = allocate(4 * PAGE);
        allocate(1);
        heap.free(run);
        assertRefused("This run of pages has already been freed", run);
        assertNoBlock(run + PAGE);
        assertNoBlock(run + 16);
        allocate(PAGE);
        assertRefused("This run of pages has already been freed", run + PAGE);
        assertRefused("This run of pages has already been freed", run + 2 * PAGE);
    }

    // ---------------------------------------------------------------- running out

    @Test
    void freeRunsSideBySideJoinWhenMemoryRunsOut() {
        long[] runs = new long[PAGES];
        for (int i = 0; i < PAGES; i++) {
            runs[i] = allocate(PAGE);
        }
        assertEquals(0, allocate(PAGE));
        for (int i = 0; i < PAGES; i++) {
            if (i != 16 && i != 31) {
                heap.free(runs[i]);
            }
        }
        assertEquals(page(0), allocate(16 * PAGE));
        heap.verify();
        assertEquals(page(17 + 6), allocate(8 * PAGE), "14 pages are 2 and 4 and 8");
        assertEquals(0, allocate(8 * PAGE));
        heap.verify();
    }

    @Test
    void freeRunsJoinBeforeTheFrontierMovesOnIfManyPagesCameBack() {
        allocate(PAGE);
        for (int i = 0; i < 1000; i++) {
            long run = allocate(4 * PAGE);
            assertEquals(page(1), run);
            heap.reallocate(run, 2 * PAGE);
            heap.free(run);
            heap.verify();
        }
    }

    @Test
    void pagesThatWentBackBehindTheFrontierAreHandedOutAgain() {
        long[] runs = {allocate(PAGE), allocate(PAGE), allocate(2 * PAGE)};
        heap.free(runs[2]);
        heap.free(runs[1]);
        assertEquals(runs[1], allocate(4 * PAGE), "three free pages and a fresh one");
        assertNoBlock(runs[2]);
    }

    @Test
    void pagesWhoseSmallSlotsAreAllFreeJoinWhenMemoryRunsOut() {
        List<Long> blocks = new ArrayList<>();
        for (long block = allocate(1000); block != 0; block = allocate(1000)) {
            blocks.add(block);
        }
        assertEquals(64 * PAGES, blocks.size());
        long kept = blocks.remove(64 * 20 + 7);
        Memory.putLong(kept, 42);
        blocks.forEach(heap::free);
        assertEquals(0, allocate(BYTES));
        heap.verify();
        assertEquals(16 * PAGE, heap.usableSize(allocate(16 * PAGE)));
        assertEquals(8 * PAGE, heap.usableSize(allocate(8 * PAGE)));
        for (int i = 0; i < 63; i++) {
            assertEquals(page(20), allocate(1000) & -PAGE, "the slots of the kept page");
        }
        assertNotEquals(page(20), allocate(1000) & -PAGE);
        assertEquals(42, Memory.getLong(kept));
        assertEquals(1024, walked().get(kept));
        heap.verify();
    }

    @Test
    void aPageThatIsStillBeingCutJoinsTheOthers() {
        long block = allocate(16);
        heap.free(block);
        assertEquals(base, allocate(BYTES));
        heap.verify();
        heap.free(base);
        assertEquals(base, allocate(16), "cutting begins anew");
        assertEquals(base + 16, allocate(16));
        heap.verify();
    }

    @Test
    void aPageWithASlotInUseIsNeverTakenAway() {
        long first = allocate(16);
        long second = allocate(16);
        heap.free(first);
        assertEquals(0, allocate(BYTES));
        assertEquals(first, allocate(16));
        assertEquals(second + 16, allocate(16));
        heap.verify();
    }

    @Test
    void aBlockThatWasFreedTwiceIsSeenWhenMemoryRunsOut() {
        long block = allocate(16);
        heap.free(block);
        heap.free(block);
        assertThrows(HeapCorruption.class, () -> allocate(BYTES));
    }

    @Test
    void aLinkToAnotherSizeIsSeenWhenMemoryRunsOut() {
        long block = allocate(16);
        long run = allocate(PAGE);
        heap.free(block);
        Memory.putLong(block, run);
        Memory.putLong(run, 0);
        assertThrows(HeapCorruption.class, () -> allocate(BYTES));
    }

    @Test
    void refusedMemoryLeavesTheHeapAsItWas() {
        memory.refuseBeyond(2 * PAGE);
        long block = allocate(16);
        assertEquals(0, allocate(4 * PAGE));
        assertEquals(0, heap.allocate(PAGE, 1 << 20));
        heap.verify();
        assertEquals(1, walked().size());
        assertEquals(block + 16, allocate(16));
        assertEquals(page(1), allocate(PAGE), "what is usable is used");
        assertEquals(0, allocate(32));
        memory.refuseNothing();
        assertEquals(page(2), allocate(32));
        heap.verify();
        memory.assertUncommittedIsUntouched();
    }

    @Test
    void onlyAsMuchMemoryAsNeededIsCommitted() {
        assertEquals(0, memory.committedBytes());
        allocate(16);
        assertEquals(PAGE, memory.committedBytes());
        allocate(2 * PAGE);
        assertEquals(3 * PAGE, memory.committedBytes());
    }

    @Test
    void theMaximumLimitsThePages() {
        try (TestRegion other = new TestRegion(BYTES).with("max", 3 * PAGE - 1)) {
            Heap small = new ZigWasm.Provider().create(other);
            assertNotEquals(0, small.allocate(2 * PAGE, 16));
            assertEquals(0, small.allocate(16, 16));
        }
        try (TestRegion other = new TestRegion(BYTES).with("max", 2 * BYTES)) {
            Heap large = new ZigWasm.Provider().create(other);
            assertNotEquals(0, large.allocate(BYTES, 16), "no more than the region");
        }
        try (TestRegion other = new TestRegion(BYTES).with("max", PAGE - 1)) {
            assertThrows(
                    IllegalArgumentException.class, () -> new ZigWasm.Provider().create(other));
        }
    }

    // ---------------------------------------------------------------- zeros

    @Test
    void freshSlotsAreNotFilledAgain() {
        // What nobody ever wrote to stands for zeros; plant something there to see it untouched.
        allocate(64);
        Memory.putLong(page(0) + 64, 42);
        assertEquals(page(0) + 64, allocateZeroed(64));
        assertEquals(42, Memory.getLong(page(0) + 64));
        Memory.putLong(page(1) + 8, 42);
        assertEquals(page(1), allocateZeroed(2 * PAGE));
        assertEquals(42, Memory.getLong(page(1) + 8));
    }

    @Test
    void usedSlotsAreFilled() {
        for (long size : new long[] {64, 2 * PAGE}) {
            long block = allocate(size);
            Memory.fill(block, size, (byte) 1);
            heap.free(block);
            assertEquals(block, allocateZeroed(size));
            assertZero(block, size);
        }
    }

    @Test
    void slotsCutFromAUsedPageAreFilled() {
        long run = allocate(PAGE);
        Memory.fill(run, PAGE, (byte) 1);
        heap.free(run);
        for (int i = 0; i < 4; i++) {
            assertEquals(run + 1024L * i, allocateZeroed(1000));
            assertZero(run + 1024L * i, 1000);
        }
    }

    @Test
    void pagesThatWentBackBehindTheFrontierAreFilledUpToWhereTheyAreFresh() {
        long run = allocate(PAGE);
        Memory.fill(run, PAGE, (byte) 1);
        heap.free(run);
        Memory.putLong(page(1), 42);
        assertEquals(base, allocateZeroed(2 * PAGE));
        assertZero(base, PAGE);
        assertEquals(42, Memory.getLong(page(1)));
    }

    private static void assertZero(long block, long size) {
        for (long at = block; at < block + size; at += Long.BYTES) {
            assertEquals(0, Memory.getLong(at));
        }
    }

    // ---------------------------------------------------------------- finding damage

    @Test
    void aNodeThatWasWrittenOverIsRefusedWhenItsSlotIsReused() {
        long[] damages = {0x4141414141414141L, -1, Long.MIN_VALUE, base - 16, page(2), base + 8, 1};
        for (long damage : damages) {
            for (long size : new long[] {64, PAGE}) {
                long block = allocate(size);
                heap.free(block);
                Memory.putLong(block, damage);
                assertCorrupt("A free slot has been overwritten");
                assertThrows(HeapCorruption.class, () -> allocate(size));
                Memory.putLong(block, 0);
                assertEquals(block, allocate(size));
                heap.free(block);
            }
        }
    }

    /// A link was only asked whether it leads to some 16 bytes of the pages in use, so a block was
    /// served that was live.
    @Test
    void aLinkToAnythingButAFreeRunOfTheSizeIsRefused() {
        long live = allocate(PAGE);
        long small = allocate(64);
        long freed = allocate(2 * PAGE);
        long larger = allocate(2 * PAGE);
        heap.free(allocate(PAGE)); // cut from neither
        heap.free(larger);
        long run = allocate(PAGE);
        heap.free(run);
        long[] links = {live, small, freed, freed + PAGE, larger + 16, run + 16, small + 64};
        for (long link : links) {
            long before = Memory.getLong(run);
            Memory.putLong(run, link);
            assertThrows(HeapCorruption.class, () -> allocate(PAGE));
            Memory.putLong(run, before);
        }
        assertEquals(run, allocate(PAGE));
        heap.verify();
    }

    /// The search for an aligned one followed it for ever.
    @Test
    @Timeout(value = 20, threadMode = ThreadMode.SEPARATE_THREAD)
    void freeRunsThatLeadInACircleAreRefused() {
        allocate(PAGE);
        long first = allocate(PAGE);
        allocate(PAGE);
        long second = allocate(PAGE);
        allocate(PAGE);
        heap.free(first);
        heap.free(second);
        Memory.putLong(first, second);
        HeapCorruption thrown =
                assertThrows(HeapCorruption.class, () -> heap.allocate(PAGE, 16 * PAGE));
        String message = "A list of free slots leads in a circle";
        assertTrue(thrown.getMessage().startsWith(message), thrown.getMessage());
    }

    /// As with runs: only the range of the link and its lowest bits were looked at.
    @Test
    void aLinkToAnythingButASlotOfTheSizeIsRefusedWhenItsSlotIsReused() {
        long block = allocate(64);
        long[] links = {allocate(32), allocate(128), allocate(PAGE), block + 16, block + 32};
        heap.free(block);
        for (long link : links) {
            Memory.putLong(block, link);
            assertThrows(HeapCorruption.class, () -> allocate(64));
        }
        Memory.putLong(block, 0);
        assertEquals(block, allocate(64));
    }

    /// All free slots were looked at, in the hope of free pages: that is how this test sees it.
    @Test
    void whatCanNeverFitIsRefusedWithoutALook() {
        long block = allocate(16);
        heap.free(block);
        heap.free(block);
        for (int log = 22; log < 63; log++) {
            assertEquals(0, allocate(1L << log));
            assertEquals(0, allocate((1L << log) - 1));
        }
        assertEquals(0, heap.allocate(16, 1L << 60));
        assertEquals(0, heap.allocate(PAGE, 1L << 62));
        assertThrows(HeapCorruption.class, () -> allocate(BYTES), "but here it is looked at");
    }

    @Test
    void verifyFindsALinkBetweenTheSlots() {
        long first = allocate(64);
        long second = allocate(64);
        heap.free(first);
        Memory.putLong(first, second + 32);
        Memory.putLong(second + 32, 0);
        assertCorrupt("A free slot has been overwritten");
    }

    @Test
    void verifyFindsALinkToASlotOfAnotherSize() {
        long block = allocate(64);
        long other = allocate(128);
        heap.free(block);
        Memory.putLong(block, other);
        assertCorrupt("A free slot has been overwritten");
    }

    @Test
    void verifyFindsALinkToASlotNotHandedOutYet() {
        long block = allocate(64);
        heap.free(block);
        Memory.putLong(block, block + 64);
        assertCorrupt("A list leads to a slot not handed out yet");
    }

    @Test
    void verifyFindsASlotThatWasFreedTwice() {
        long block = allocate(64);
        heap.free(block);
        heap.free(block);
        assertCorrupt("A free slot is listed twice");
    }

    @Test
    void verifyFindsALinkToARunInUse() {
        long block = allocate(PAGE);
        long other = allocate(PAGE);
        heap.free(block);
        Memory.putLong(block, other);
        assertCorrupt("A free slot has been overwritten");
    }

    @Test
    void verifyFindsAFreeRunThatIsInNoList() {
        long first = allocate(PAGE);
        long second = allocate(PAGE);
        heap.free(first);
        heap.free(second);
        Memory.putLong(second, 0);
        assertCorrupt("A free run is in no list");
    }

    @Test
    void verifyFindsATableThatContradictsItself() {
        allocate(2 * PAGE);
        heap.runs.table[1] = 16;
        assertCorrupt("The table has a size where nothing starts");
        heap.runs.table[1] = 0;
        heap.runs.table[5] = 4;
        assertCorrupt("The table has a size where nothing starts");
        heap.runs.table[5] = 0;
        heap.runs.table[0] = 16;
        assertCorrupt("The table has no size for the page");
        heap.runs.table[0] = 18;
        assertCorrupt("The table has no size for the page");
        heap.runs.table[0] = 17;
        heap.verify();
    }

    @Test
    void verifyFindsAPageThatIsCutForAnotherSize() {
        allocate(64);
        allocate(128);
        heap.bumps[6] = heap.bumps[7];
        assertCorrupt("Slots are cut from a page of another size");
    }
}
