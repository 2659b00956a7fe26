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

class ZigPagesTest {

    private static final long PAGE = Region.PAGE;
    private static final int CONVENTIONAL = 2048;
    private static final int PAGES = 256;

    private TestRegion memory = new TestRegion(PAGES * PAGE);
    private Heap heap = new ZigPages.Provider().create(memory);
    private long base = memory.base();

    @AfterEach
    void close() {
        memory.close();
    }

    private long allocate(long size) {
        return heap.allocate(size, Heap.MIN_ALIGNMENT);
    }

    private long pages(long count) {
        return allocate(count * PAGE);
    }

    private long page(long number) {
        return base + number * PAGE;
    }

    /// Begins anew with a heap that is large enough for an extended part.
    ///
    /// @param left how many pages of the conventional part are not in use
    private void useExtended(int left) {
        memory.close();
        memory = new TestRegion((CONVENTIONAL + 64) * PAGE);
        heap = new ZigPages.Provider().create(memory);
        base = memory.base();
        assertEquals(page(1), pages(CONVENTIONAL - 1 - left));
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

    // ------------------------------------------------------------- Zig's own test, one to one

    @Test
    void zig_test_internals() {
        long conventionalBytes = CONVENTIONAL * PAGE;
        try (TestRegion region = new TestRegion(3 * conventionalBytes)) {
            Heap heap = new ZigPages.Provider().create(region);
            long border = region.base() + conventionalBytes;

            long initial = heap.allocate(PAGE, 16);
            assertTrue(initial < border, "the first page is conventional");
            assertEquals(initial, heap.reallocate(initial, 1));
            assertEquals(initial, heap.reallocate(initial, 4));
            heap.free(initial);

            long reuse = heap.allocate(1, 16);
            assertEquals(initial, reuse);
            heap.free(reuse);

            // A block that may lie on both sides of the border.
            long padding = heap.allocate(conventionalBytes, 16);
            heap.free(padding);

            long extended = heap.allocate(conventionalBytes, 16);
            assertTrue(extended >= border);

            long small = heap.allocate(1, 16);
            assertEquals(initial, small);
            heap.free(small);

            assertEquals(extended, heap.reallocate(extended, 1));
            heap.free(extended);

            long reuseExtended = heap.allocate(conventionalBytes, 16);
            assertEquals(extended, reuseExtended);
            heap.free(reuseExtended);
            heap.verify();
        }
    }

    // ---------------------------------------------------------------- first fit

    @Test
    void aBlockTakesWholePagesFromPage1On() {
        assertEquals(page(1), allocate(1));
        assertEquals(page(2), pages(1));
        assertEquals(page(3), allocate(PAGE + 1));
        assertEquals(page(5), allocate(1));
        assertEquals(PAGE, heap.usableSize(page(1)));
        assertEquals(2 * PAGE, heap.usableSize(page(3)));
        assertEquals(
                Map.of(page(1), PAGE, page(2), PAGE, page(3), 2 * PAGE, page(5), PAGE), walked());
        heap.verify();
    }

    @Test
    void theFirstRunOfFreePagesThatIsLongEnoughIsTaken() {
        long[] blocks = {pages(1), pages(1), pages(3), pages(1), pages(2), pages(1)};
        heap.free(blocks[4]);
        heap.free(blocks[2]);
        heap.free(blocks[0]);
        heap.verify();
        assertEquals(blocks[2], pages(2), "the lowest address that fits, not the best fit");
        assertEquals(blocks[4], pages(2));
        assertEquals(blocks[0], pages(1));
        assertEquals(blocks[2] + 2 * PAGE, pages(1));
        assertEquals(page(10), pages(1), "none left");
        heap.verify();
    }

    @Test
    void freePagesSideBySideAreOneRun() {
        long[] blocks = {pages(3), pages(100), pages(5), pages(1)};
        heap.free(blocks[2]);
        heap.free(blocks[0]);
        heap.free(blocks[1]);
        assertEquals(blocks[0], pages(108), "across the words of the bitmap");
        heap.verify();
    }

    @Test
    void whenNoRunFitsMemoryGrowsByAllThatIsAskedForEvenIfTheLastPagesAreFree() {
        pages(1);
        heap.free(pages(2));
        assertEquals(page(4), pages(3));
        assertEquals(page(2), pages(2));
    }

    @Test
    void theBitmapLiesInPage0() {
        long first = pages(1);
        pages(62);
        long last = pages(2);
        pages(1);
        assertEquals(0, Memory.getLong(base));
        heap.free(first);
        heap.free(last);
        assertEquals(0b10, Memory.getLong(base));
        assertEquals(0b11, Memory.getLong(base + 8));
    }

    @Test
    void noRecycledRunCrossesTheBorder() {
        useExtended(3);
        long below = pages(3);
        long first = pages(4);
        heap.free(first);
        heap.free(below);
        assertEquals(page(CONVENTIONAL + 4), pages(4), "3 pages below the border, and 3 above it");
        assertEquals(below, pages(3));
        assertEquals(page(CONVENTIONAL), pages(3), "the fourth is stolen");
        heap.verify();
    }

    // ---------------------------------------------------------------- the extended part

    @Test
    void theLastPageOfTheFirstExtendedRunThatIsFreedIsStolenForTheBitmap() {
        useExtended(0);
        long[] blocks = {pages(2), pages(4), pages(1)};
        Memory.fill(blocks[1], 4 * PAGE, (byte) -1);
        heap.free(blocks[1]);
        heap.verify();
        long bitmap = blocks[1] + 3 * PAGE;
        assertEquals(0b011100, Memory.getLong(bitmap));
        assertEquals(0, Memory.getLong(bitmap + 8));
        heap.free(blocks[0]);
        assertEquals(0b011111, Memory.getLong(bitmap));
        assertEquals(page(CONVENTIONAL), pages(5));
        heap.free(blocks[2]);
        assertEquals(0b1000000, Memory.getLong(bitmap), "nothing is stolen a second time");
        heap.verify();
        assertRefused(bitmap);
    }

    @Test
    void aSinglePageIsStolenWhole() {
        useExtended(0);
        long block = pages(1);
        heap.free(block);
        heap.verify();
        assertNotEquals(block, pages(1));
    }

    @Test
    void aRunThatIsFreedOnBothSidesOfTheBorderIsUsedOnBothSides() {
        useExtended(3);
        long block = pages(6);
        pages(1);
        heap.free(block);
        heap.verify();
        assertEquals(page(CONVENTIONAL - 3), pages(3));
        assertEquals(page(CONVENTIONAL), pages(2), "of 3, one is stolen");
        assertEquals(page(CONVENTIONAL + 4), pages(1));
        heap.verify();
    }

    @Test
    void theUpperPagesOfAShrunkExtendedBlockAreUsed() {
        useExtended(0);
        long block = pages(10);
        assertEquals(block, heap.reallocate(block, 1));
        heap.verify();
        assertEquals(block + PAGE, pages(8), "the last one is stolen");
        heap.verify();
    }

    // ---------------------------------------------------------------- alignment

    @Test
    void pagesLeftOutForTheAlignmentAreFree() {
        long block = heap.allocate(1, 16 * PAGE);
        assertEquals(Region.roundUp(page(1), 16 * PAGE), block);
        heap.verify();
        assertEquals(page(1), allocate(1));
        assertEquals(page(2), pages(2));
    }

    @Test
    void theAlignedPlaceInTheMidstOfAFreeRunIsFound() {
        pages(1);
        long run = pages(64);
        pages(1);
        heap.free(run);
        for (long alignment = 2 * PAGE; alignment <= 16 * PAGE; alignment *= 2) {
            long block = heap.allocate(3 * PAGE, alignment);
            assertEquals(0, block % alignment);
            assertTrue(run < block && block < run + 64 * PAGE);
            heap.verify();
        }
        assertEquals(run, pages(1), "the pages before them are still free");
    }

    @Test
    void anAlignmentThatTheFreeRunHasNotIsServedBehindIt() {
        long run = pages(3);
        pages(1);
        heap.free(run);
        long block = heap.allocate(PAGE, 32 * PAGE);
        assertEquals(0, block % (32 * PAGE));
        assertTrue(block > page(4));
        heap.verify();
    }

    // ---------------------------------------------------------------- reallocating

    @Test
    void aBlockThatShrinksStaysAndItsUpperPagesAreFree() {
        long block = pages(5);
        pages(1);
        assertEquals(block, heap.reallocate(block, PAGE + 1));
        assertEquals(2 * PAGE, heap.usableSize(block));
        heap.verify();
        assertEquals(block + 2 * PAGE, pages(3));
        assertRefused(block + PAGE);
    }

    @Test
    void aBlockGrowsWithinItsPagesAndMovesBeyondThem() {
        long block = allocate(1);
        assertEquals(block, heap.reallocate(block, PAGE));
        Memory.putLong(block + PAGE - 8, 42);
        long moved = heap.reallocate(block, PAGE + 1);
        assertEquals(page(2), moved, "although the page behind it was free");
        assertEquals(42, Memory.getLong(moved + PAGE - 8));
        assertEquals(block, allocate(1));
        heap.verify();
    }

    @Test
    void aBlockThatCannotGrowStaysAsItWas() {
        long block = pages(1);
        Memory.putLong(block, 42);
        memory.refuseBeyond(2 * PAGE);
        for (long size : new long[] {PAGE + 1, PAGES * PAGE, Long.MAX_VALUE}) {
            assertEquals(0, heap.reallocate(block, size));
            assertEquals(42, Memory.getLong(block));
            assertEquals(Map.of(block, PAGE), walked());
        }
        heap.verify();
    }

    // ---------------------------------------------------------------- memory

    @Test
    void onlyAsMuchMemoryAsNeededIsCommitted() {
        assertEquals(PAGE, memory.committedBytes());
        pages(2);
        assertEquals(3 * PAGE, memory.committedBytes());
        heap.free(page(1));
        pages(2);
        assertEquals(3 * PAGE, memory.committedBytes());
        memory.assertUncommittedIsUntouched();
    }

    @Test
    void refusedMemoryLeavesTheHeapAsItWas() {
        long block = pages(1);
        memory.refuseBeyond(2 * PAGE);
        assertEquals(0, pages(1));
        assertEquals(0, heap.allocate(1, 64 * PAGE));
        heap.verify();
        assertEquals(Map.of(block, PAGE), walked());
        heap.free(block);
        assertEquals(block, pages(1), "what there is is used");
        memory.refuseNothing();
        assertEquals(page(2), pages(1));
    }

    @Test
    void theMaximumLimitsThePages() {
        try (TestRegion other = new TestRegion(8 * PAGE).with("max", 4 * PAGE - 1)) {
            Heap small = new ZigPages.Provider().create(other);
            assertEquals(0, small.allocate(2 * PAGE + 1, 16));
            assertNotEquals(0, small.allocate(2 * PAGE, 16), "page 0 has the bitmap");
            assertEquals(0, small.allocate(1, 16));
        }
        try (TestRegion other = new TestRegion(8 * PAGE).with("max", 100 * PAGE)) {
            Heap large = new ZigPages.Provider().create(other);
            assertNotEquals(0, large.allocate(7 * PAGE, 16), "no more than the region");
        }
        try (TestRegion other = new TestRegion(8 * PAGE).with("max", 2 * PAGE - 1)) {
            assertThrows(
                    IllegalArgumentException.class, () -> new ZigPages.Provider().create(other));
        }
    }

    @Test
    void freshPagesAreNotFilledAndRecycledOnesAre() {
        // What nobody ever wrote to stands for zeros; plant something there to see it untouched.
        Memory.putLong(page(1) + 64, 42);
        long block = heap.allocateZeroed(2 * PAGE, Heap.MIN_ALIGNMENT);
        assertEquals(42, Memory.getLong(page(1) + 64));
        Memory.fill(block, 2 * PAGE, (byte) 1);
        heap.free(block);
        assertEquals(block, heap.allocateZeroed(2 * PAGE, Heap.MIN_ALIGNMENT));
        for (long at = block; at < block + 2 * PAGE; at += Long.BYTES) {
            assertEquals(0, Memory.getLong(at));
        }
    }

    // ---------------------------------------------------------------- refusing, finding damage

    @Test
    void anAddressWhereNoLiveBlockStartsIsRefused() {
        long block = pages(3);
        long[] addresses = {
            block + 1,
            block + 16,
            block + PAGE,
            block + 3 * PAGE,
            base,
            base - PAGE,
            base + PAGES * PAGE,
            16,
            -PAGE,
            Long.MIN_VALUE,
            Long.MAX_VALUE - 15,
        };
        for (long address : addresses) {
            assertRefused(address);
        }
    }

    @Test
    void aDoubleFreeIsRefused() {
        long block = pages(3);
        heap.free(block);
        assertRefused(block);
        pages(2);
        heap.free(block);
        assertRefused(block);
    }

    @Test
    void verifyFindsPagesMarkedFreeThatAreNot() {
        pages(3); // pages 1 to 3
        pages(1); // page 4, the last before the frontier
        for (int page = 0; page < 64; page++) {
            Memory.putLong(base, 1L << page);
            assertCorrupt(page < 5 ? "What is in use is marked free" : "Pages not yet taken");
        }
    }

    @Test
    void whatIsInUseIsNotHandedOutBecauseTheBitmapSaysItIsFree() {
        long first = pages(1);
        pages(3); // pages 2 to 4
        pages(1); // page 5, the last before the frontier
        heap.free(first);
        Map<Long, Long> before = walked();
        for (int page = 2; page <= 6; page++) {
            Memory.putLong(base, 1L << page);
            assertMisled(1);
            assertEquals(before, walked());
        }
    }

    @Test
    void theStolenPageIsNotHandedOutBecauseTheBitmapSaysItIsFree() {
        useExtended(0);
        long block = pages(2);
        heap.free(block);
        Memory.putLong(block + PAGE, 0b11);
        assertMisled(2);
    }

    private void assertMisled(long count) {
        HeapCorruption thrown = assertThrows(HeapCorruption.class, () -> pages(count));
        assertTrue(
                thrown.getMessage().startsWith("The page bitmap has been overwritten"),
                thrown.getMessage());
    }

    @Test
    void verifyFindsAPageThatIsNeitherFreeNorInUse() {
        long block = pages(3);
        heap.free(block);
        Memory.putLong(base, 0b1010);
        assertCorrupt("A free page is lost: 0x" + Long.toHexString(page(2)));
    }

    @Test
    void verifyFindsAStolenPageThatIsMarkedFree() {
        useExtended(0);
        long block = pages(1);
        heap.free(block);
        Memory.putLong(block, 1);
        assertCorrupt("What is in use is marked free: 0x" + Long.toHexString(block));
    }
}
