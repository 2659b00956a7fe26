package io.javalloc.slab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.javalloc.Heap;
import io.javalloc.HeapCorruption;
import io.javalloc.TestRegion;
import io.javalloc.memory.Budget;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SlabTest {

    private static final long PAGE = Region.PAGE;
    private static final int PAGES = 64;
    private static final int NEVER = 1 << 30;

    /// Of blocks of 64 bytes.
    private static final int CLASS = Slab.classOf(64);

    private static final int CAPACITY = (int) (PAGE / 64);

    private final TestRegion memory = new TestRegion(PAGES * PAGE);
    private final Slab heap = heap(new Budget(Long.MAX_VALUE));
    private final Arena arena = Arena.ofConfined();
    private final long slots = arena.allocate(4L * CAPACITY * Long.BYTES, Long.BYTES).address();

    private Slab heap(Budget budget) {
        return new Slab(
                new SlabPages(memory.region(), PAGES * PAGE, NEVER, budget, Hardening.NONE), 0);
    }

    @AfterEach
    void close() {
        heap.verify();
        memory.assertUncommittedIsUntouched();
        memory.close();
        arena.close();
    }

    private long allocate(long size) {
        return heap.allocate(size, Heap.MIN_ALIGNMENT);
    }

    private List<Long> allocate(int count, long size) {
        List<Long> blocks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            blocks.add(allocate(size));
        }
        return blocks;
    }

    private long slot(int index) {
        return Memory.getLong(slots + (long) index * Long.BYTES);
    }

    private void setSlots(List<Long> blocks) {
        for (int i = 0; i < blocks.size(); i++) {
            Memory.putLong(slots + (long) i * Long.BYTES, blocks.get(i));
        }
    }

    private static long pageOf(long address) {
        return address & -PAGE;
    }

    private Map<Long, Long> walked() {
        Map<Long, Long> blocks = new TreeMap<>();
        heap.walk(blocks::put);
        return blocks;
    }

    private void assertRefused(String message, long address) {
        PageTable table = heap.pages.table;
        Map<Long, Long> before = walked();
        String expected = message + ": 0x" + Long.toHexString(address);
        setSlots(List.of(address));
        int sizeClass = Math.max(1, table.classAt(table.pageOf(address)));
        List<Runnable> calls =
                List.of(
                        () -> heap.free(address),
                        () -> heap.usableSize(address),
                        () -> heap.reallocate(address, 1),
                        () -> heap.flush(sizeClass, slots, 1));
        for (Runnable call : calls) {
            HeapCorruption thrown = assertThrows(HeapCorruption.class, call::run);
            assertEquals(expected, thrown.getMessage());
        }
        assertEquals(before, walked());
        heap.verify();
    }

    // ---------------------------------------------------------------- misuse

    @Test
    void aSecondFreeIsSeen() {
        for (long size : new long[] {1, 64, 30_000, 100_000, 3 * PAGE}) {
            long kept = allocate(size);
            long block = allocate(size);
            heap.free(block);
            assertRefused(Slab.FREED, block);
            heap.free(kept);
            assertRefused(Slab.FREED, block);
            assertRefused(Slab.FREED, kept);
        }
    }

    @Test
    void whatIsNotTheStartOfABlockIsRefused() {
        long small = allocate(48);
        long odd = allocate(20_000);
        long large = allocate(3 * PAGE);
        for (long wrong :
                new long[] {
                    small + 1,
                    small + 16,
                    small + 47,
                    small + PAGE / 48 * 48, // behind the last block of the span
                    odd + 16,
                    odd + 3 * 20_480, // the same
                    large + 16,
                    large + PAGE,
                    large + 3 * PAGE,
                    memory.base() - 16,
                    memory.base() + PAGES * PAGE,
                    8,
                    Long.MIN_VALUE,
                    -16
                }) {
            assertRefused(Slab.NO_BLOCK, wrong);
        }
    }

    @Test
    void aFlushGivesBackAllOthersBeforeItRefusesOne() {
        List<Long> blocks = allocate(5, 64);
        long otherClass = allocate(200);
        long twice = blocks.get(1);
        blocks.add(3, twice);
        blocks.add(4, otherClass);
        blocks.add(5, memory.base() - 64);
        setSlots(blocks);
        HeapCorruption thrown =
                assertThrows(HeapCorruption.class, () -> heap.flush(CLASS, slots, blocks.size()));
        assertEquals(Slab.FREED + ": 0x" + Long.toHexString(twice), thrown.getMessage());
        assertEquals(1, walked().size());
        assertEquals(1, heap.liveBlocks());
        assertEquals(heap.usableSize(otherClass), heap.liveBytes());
        setSlots(List.of(otherClass));
        thrown = assertThrows(HeapCorruption.class, () -> heap.flush(CLASS, slots, 1));
        assertEquals(Slab.NO_BLOCK + ": 0x" + Long.toHexString(otherClass), thrown.getMessage());
    }

    // ---------------------------------------------------------------- spans

    @Test
    void aFillTakesBlocksOfOneSpanInTheirOrder() {
        assertEquals(CAPACITY, heap.fill(CLASS, slots, CAPACITY));
        for (int i = 0; i < CAPACITY; i++) {
            assertEquals(memory.base() + 64L * i, slot(i));
        }
        List<Long> freed = new ArrayList<>();
        for (int i = CAPACITY - 1; i >= 0; i -= 100) {
            freed.add(0, slot(i));
            heap.free(slot(i));
        }
        assertEquals(freed.size(), heap.fill(CLASS, slots, freed.size()));
        for (int i = 0; i < freed.size(); i++) {
            assertEquals(freed.get(i), slot(i));
        }
        assertEquals(0, heap.fill(CLASS, slots, 0));
    }

    @Test
    void theBlockThatWasFreedLastIsUsedAgainFirst() {
        List<Long> blocks = allocate(CAPACITY / 2, 64);
        for (int index : new int[] {100, 300, 20, 200}) {
            heap.free(blocks.get(index));
            assertEquals(blocks.get(index), allocate(64));
        }
    }

    @Test
    void aFillGoesOnInTheNextSpan() {
        int count = 3 * CAPACITY + 7;
        assertEquals(count, heap.fill(CLASS, slots, count));
        assertEquals(count, walked().size());
        heap.verify();
        heap.flush(CLASS, slots, count);
        assertEquals(0, walked().size());
    }

    @Test
    void aFillBringsWhatThereIs() {
        int count = heap.fill(40, slots, 4 * CAPACITY);
        assertEquals(2 * PAGES, count);
        assertEquals(0, heap.fill(40, slots, 1));
        assertEquals(0, heap.fill(CLASS, slots, 1));
        heap.flush(40, slots, 2);
        assertEquals(CAPACITY, heap.fill(CLASS, slots, CAPACITY + 1));
    }

    @Test
    void blocksComeFromTheFullestSpan() {
        List<Long> blocks = allocate(3 * CAPACITY, 64);
        free(blocks, 0, CAPACITY - 1);
        free(blocks, CAPACITY, CAPACITY / 2);
        free(blocks, 2 * CAPACITY, 10);
        heap.purge(System.nanoTime(), true); // no block is kept for the next who asks
        for (int i = 0; i < 10; i++) {
            assertEquals(pageOf(blocks.get(2 * CAPACITY)), pageOf(allocate(64)));
        }
        for (int i = 0; i < CAPACITY / 2; i++) {
            assertEquals(pageOf(blocks.get(CAPACITY)), pageOf(allocate(64)));
        }
        assertEquals(pageOf(blocks.get(0)), pageOf(allocate(64)));
    }

    private void free(List<Long> blocks, int first, int count) {
        for (int i = first; i < first + count; i++) {
            heap.free(blocks.get(i));
        }
    }

    @Test
    void ofTheEmptySpansOneKeepsItsPage() {
        allocate(3 * CAPACITY, 64).forEach(heap::free);
        assertEquals(1, heap.pages.dirty.pages(), "one block is kept for the next who asks");
        heap.purge(System.nanoTime(), true);
        assertEquals(2, heap.pages.dirty.pages());
        assertEquals(memory.base() + PAGE, pageOf(allocate(64)), "the spare");
        assertEquals(2, heap.pages.dirty.pages());
    }

    @Test
    void aBlockThatIsKeptIsFree() {
        long first = allocate(64);
        long second = allocate(64);
        heap.free(first);
        assertEquals(1, heap.liveBlocks());
        assertEquals(64, heap.liveBytes());
        assertEquals(Map.of(second, 64L), walked());
        heap.free(second);
        assertEquals(0, heap.liveBlocks());
        heap.free(allocate(64));
        for (long freed : new long[] {first, second}) {
            assertRefused(Slab.FREED, freed);
            assertEquals(
                    Slab.FREED + ": 0x" + Long.toHexString(freed),
                    assertThrows(HeapCorruption.class, () -> heap.usableSize(freed)).getMessage());
        }
        Memory.putLong(slots, second);
        Memory.putLong(slots + Long.BYTES, first);
        assertThrows(HeapCorruption.class, () -> heap.flush(CLASS, slots, 2));
        assertEquals(0, heap.liveBlocks());
    }

    @Test
    void aBlockThatIsKeptIsGivenUpWhereThereIsNoOtherMemory() {
        long large = allocate((PAGES - 1) * PAGE);
        heap.free(allocate(64));
        long other = allocate(1000);
        assertEquals(memory.base() + (PAGES - 1) * PAGE, other);
        heap.free(other);
        assertEquals(1, heap.fill(40, slots, 1));
        heap.flush(40, slots, 1);
        heap.free(large);
        assertEquals(memory.base(), allocate(PAGES * PAGE));
    }

    @Test
    void anEmptySpanThatIsNotUsedIsGivenUp() {
        heap.free(allocate(64));
        heap.purge(System.nanoTime(), true);
        assertTrue(heap.isWaitingToPurge(true), "it has been used since the last time");
        heap.free(allocate(64));
        heap.purge(System.nanoTime(), true);
        assertEquals(0, heap.pages.dirty.pages(), "again");
        heap.purge(System.nanoTime(), true);
        assertEquals(1, heap.pages.dirty.pages());
        heap.trim(0);
        assertFalse(heap.isWaitingToPurge(true));
    }

    @Test
    void besideOneThreadThatTakesNoLocksItStays() {
        heap.free(allocate(64));
        heap.purge(System.nanoTime(), false);
        heap.purge(System.nanoTime(), false);
        assertEquals(0, heap.pages.dirty.pages());
        assertFalse(heap.isWaitingToPurge(false), "nothing that could be done");
    }

    @Test
    void anEmptySpanIsGivenUpWhenThereIsNoOtherMemory() {
        heap.free(allocate(64));
        heap.free(allocate(1000));
        long all = allocate(PAGES * PAGE);
        assertEquals(memory.base(), all);
        heap.free(all);
        heap.free(allocate(64));
        allocate((PAGES - 1) * PAGE);
        assertEquals(memory.base(), allocate(5000));
        assertEquals(0, allocate(64));
    }

    @Test
    void aPageServesOneClassAfterTheOther() {
        for (int round = 0; round < 2; round++) {
            for (int sizeClass = 1; sizeClass < Slab.CLASSES; sizeClass++) {
                long block = allocate(Slab.blockBytes(sizeClass));
                assertEquals(memory.base(), block);
                heap.verify();
                heap.free(block);
                heap.trim(0);
            }
        }
    }

    // ---------------------------------------------------------------- alignment

    @Test
    void anyAlignmentIsServed() {
        for (int log = 4; log <= 20; log++) {
            for (long size : new long[] {1, 100, 5000, 40_000, 200_000}) {
                long block = heap.allocate(size, 1L << log);
                assertEquals(0, block % (1L << log));
                assertTrue(heap.usableSize(block) >= size);
                heap.free(block);
            }
        }
    }

    @Test
    void anAlignedBlockLeavesThePagesBeforeAndBehindToOthers() {
        long block = heap.allocate(100, 1 << 20);
        assertEquals(PAGE, heap.usableSize(block));
        List<Long> others = new ArrayList<>();
        for (long other = allocate(PAGE); other != 0; other = allocate(PAGE)) {
            others.add(other);
        }
        assertEquals(PAGES - 1, others.size());
        others.forEach(heap::free);
        heap.free(block);
        assertNotEquals(0, allocate(PAGES * PAGE), "one run again");
    }

    // ---------------------------------------------------------------- reallocation

    @Test
    void aBlockStaysInItsClassAndWhileHalfOfItIsUsed() {
        long block = allocate(1000);
        assertEquals(1024, heap.usableSize(block));
        for (long size : new long[] {1024, 900, 513, 600}) {
            assertEquals(block, heap.reallocate(block, size));
        }
        assertNotEquals(block, heap.reallocate(block, 512));
        long small = allocate(10);
        assertEquals(small, heap.reallocate(small, 1), "the smallest class");
    }

    @Test
    void aLargeBlockShrinksWhereItIsAndItsTailServesOthers() {
        long block = allocate(10 * PAGE);
        assertEquals(block, heap.reallocate(block, 4 * PAGE - 1));
        assertEquals(4 * PAGE, heap.usableSize(block));
        assertEquals(4 * PAGE, heap.liveBytes());
        assertEquals(block + 4 * PAGE, allocate(6 * PAGE));
    }

    @Test
    void aLargeBlockGrowsIntoTheFreeRunBehindIt() {
        long block = allocate(2 * PAGE);
        long behind = allocate(3 * PAGE);
        long last = allocate(PAGE);
        heap.free(behind);
        assertEquals(block, heap.reallocate(block, 4 * PAGE));
        assertEquals(block, heap.reallocate(block, 5 * PAGE));
        assertEquals(6 * PAGE, heap.liveBytes());
        long moved = heap.reallocate(block, 6 * PAGE);
        assertEquals(last + PAGE, moved);
        heap.free(last);
        heap.verify();
    }

    @Test
    void theLastBlockGrowsAsFarAsThereIsMemory() {
        long block = allocate(PAGE);
        heap.free(allocate(3 * PAGE)); // a free run at the end, too short
        for (int pages = 2; pages <= PAGES; pages++) {
            assertEquals(block, heap.reallocate(block, pages * PAGE));
        }
        assertEquals(0, heap.reallocate(block, PAGES * PAGE + 1));
        assertEquals(0, heap.reallocate(block, Long.MAX_VALUE));
        assertEquals(PAGES * PAGE, heap.usableSize(block));
    }

    @Test
    void aLargeBlockThatHadToMoveGrowsWhereItIsFromThenOn() {
        long block = allocate(2 * PAGE);
        long hole = allocate(3 * PAGE);
        allocate(PAGE);
        long largerHole = allocate(7 * PAGE);
        allocate(PAGE);
        heap.free(largerHole);
        heap.free(hole);
        assertEquals(block, heap.reallocate(block, 5 * PAGE));
        long moved = heap.reallocate(block, 6 * PAGE);
        assertNotEquals(largerHole, moved, "it would be too tight there");
        assertEquals(moved, heap.reallocate(moved, 20 * PAGE));
    }

    @Test
    void aLargeBlockMovesToATightPlaceIfThereIsNoOther() {
        long block = allocate(2 * PAGE);
        allocate(PAGE);
        long hole = allocate(3 * PAGE);
        allocate((PAGES - 6) * PAGE);
        heap.free(hole);
        Memory.putLong(block, 42);
        assertEquals(hole, heap.reallocate(block, 3 * PAGE));
        assertEquals(42, Memory.getLong(hole));
    }

    @Test
    void aBlockThatMovesTakesItsContentsAlong() {
        long block = allocate(40_000);
        Memory.putLong(block, 42);
        long small = heap.reallocate(block, 100);
        assertEquals(112, heap.usableSize(small));
        long large = heap.reallocate(small, 5 * PAGE);
        assertEquals(42, Memory.getLong(large));
        assertEquals(1, heap.liveBlocks());
    }

    // ---------------------------------------------------------------- zeroes

    @Test
    void pagesThatWereNeverUsedAreNotCleared() {
        assertNotEquals(0, allocate(PAGE));
        long next = memory.base() + PAGE;
        Memory.putLong(next + 8, 1); // behind the heap's back
        assertEquals(next, heap.allocateZeroed(2 * PAGE, Heap.MIN_ALIGNMENT));
        assertEquals(1, Memory.getLong(next + 8), "it has been cleared for nothing");
    }

    @Test
    void onlyTheDirtyPagesOfABlockAreCleared() {
        long dirty = allocate(PAGE);
        long fresh = dirty + PAGE;
        Memory.fill(dirty, PAGE, (byte) 7);
        heap.free(dirty);
        Memory.putLong(fresh + 8, 1); // behind the heap's back
        assertEquals(dirty, heap.allocateZeroed(3 * PAGE, Heap.MIN_ALIGNMENT));
        for (long at = dirty; at < fresh; at += Long.BYTES) {
            assertEquals(0, Memory.getLong(at));
        }
        assertEquals(1, Memory.getLong(fresh + 8));
    }

    @Test
    void pagesOfSpansAreDirtyToo() {
        List<Long> blocks = allocate(2 * CAPACITY, 64);
        blocks.forEach(block -> Memory.fill(block, 64, (byte) 7));
        blocks.forEach(heap::free);
        heap.free(allocate(PAGE));
        long block = heap.allocateZeroed(PAGE, Heap.MIN_ALIGNMENT);
        for (long at = block; at < block + PAGE; at += Long.BYTES) {
            assertEquals(0, Memory.getLong(at));
        }
    }

    // ---------------------------------------------------------------- what others see

    @Test
    void theClassesOfPagesArePublished() {
        long table = arena.allocate(PAGES).address();
        allocate(64);
        heap.publish(table);
        long small = allocate(1000);
        long large = allocate(2 * PAGE);
        assertEquals(CLASS, Memory.getByte(table));
        assertEquals(Slab.classOf(1000), Memory.getByte(table + 1));
        assertEquals(0, Memory.getByte(table + 2));
        heap.free(small);
        heap.free(large);
        heap.trim(0);
        assertEquals(0, Memory.getByte(table + 1));
        Memory.putByte(table, (byte) 3);
        assertVerifySees("The published class was overwritten");
        Memory.putByte(table, (byte) CLASS);
    }

    @Test
    void whatIsLiveIsCounted() {
        List<Long> blocks = allocate(100, 100);
        long large = allocate(100_000);
        assertEquals(101, heap.liveBlocks());
        assertEquals(100 * 112 + 2 * PAGE, heap.liveBytes());
        heap.fill(CLASS, slots, 50);
        long peak = heap.liveBytes();
        assertEquals(100 * 112 + 2 * PAGE + 50 * 64, peak);
        heap.flush(CLASS, slots, 50);
        blocks.forEach(heap::free);
        heap.free(large);
        assertThrows(HeapCorruption.class, () -> heap.free(large));
        assertEquals(0, allocate(PAGES * PAGE + 1));
        assertEquals(0, heap.liveBlocks());
        assertEquals(0, heap.liveBytes());
        assertEquals(peak, heap.peakBytes());
    }

    // ---------------------------------------------------------------- Java's memory

    @Test
    void whereJavaHasNoMemoryForTheTableTheHeapIsFull() {
        PageTable table = new PageTable(0, Integer.MAX_VALUE, new Budget(Long.MAX_VALUE));
        table.lengths.set(255, 7);
        assertFalse(table.hasRoom(Integer.MAX_VALUE), "the VM has a limit on arrays");
        assertTrue(table.hasRoom(3000));
        assertEquals(7, table.lengths.get(255));
        assertEquals(0, table.lengths.get(2999));
        assertEquals(7, table.lengths.find(255));
        assertEquals(0, table.lengths.find(2999));
        assertEquals(0, table.lengths.find(1L << 40), "no page");
    }

    @Test
    void withoutABudgetForMoreRowsTheHeapIsFullAndStaysSound() {
        long forTable = PAGES * 3 + 5 * 4096;
        Slab poor = heap(new Budget(forTable + SpanRows.FIRST_PIECE * Long.BYTES));
        int capacity = (int) PAGE / 16;
        int rows = SpanRows.FIRST_PIECE / SpanRow.words(capacity);
        assertTrue(rows < PAGES);
        List<Long> blocks = new ArrayList<>();
        long block = poor.allocate(16, Heap.MIN_ALIGNMENT);
        while (block != 0) {
            blocks.add(block);
            block = poor.allocate(16, Heap.MIN_ALIGNMENT);
        }
        assertEquals(rows * capacity, blocks.size());
        poor.verify();
        assertNotEquals(0, poor.allocate(70_000, Heap.MIN_ALIGNMENT), "needs no row");
        blocks.forEach(poor::free);
        poor.verify();
        assertEquals(capacity, poor.fill(1, slots, capacity), "of the rows there are");
        poor.verify();
        assertThrows(IllegalStateException.class, () -> heap(new Budget(10)));
    }

    @Test
    void aBlockThatBecameSmallerWithoutMemoryForAnotherIsFreedByItsSize() {
        long block = allocate(4000);
        List<Long> others = new ArrayList<>();
        for (long size : new long[] {PAGE, 4000}) {
            long other = heap.allocate(size, Heap.MIN_ALIGNMENT);
            while (other != 0) {
                others.add(other);
                other = heap.allocate(size, Heap.MIN_ALIGNMENT);
            }
        }
        assertThrows(HeapCorruption.class, () -> heap.freeSized(block, 100, Heap.MIN_ALIGNMENT));
        assertEquals(block, heap.reallocate(block, 100));
        heap.freeSized(block, 100, Heap.MIN_ALIGNMENT);
        others.forEach(heap::free);
        heap.verify();
    }

    @Test
    void aRowThatWasTooShortServesAnotherPage() {
        PageTable table = heap.pages.table;
        List<Long> blocks = allocate(3, 30_000); // 2 of them on a page
        int tooShort = table.rowOf(1);
        blocks.forEach(heap::free);
        heap.trim(0);
        long first = allocate(16);
        long second = allocate(64);
        heap.verify();
        assertNotEquals(tooShort, table.rowOf(1));
        allocate(5 * PAGE);
        long third = allocate(30_000);
        heap.verify();
        assertEquals(tooShort, table.rowOf(table.pageOf(third)));
        for (long block : new long[] {first, second, third}) {
            heap.free(block);
        }
        heap.verify();
    }

    @Test
    void theTableGrowsWithTheHeap() {
        try (TestRegion large = new TestRegion(1100 * PAGE)) {
            Budget budget = new Budget(Long.MAX_VALUE);
            SlabPages pages =
                    new SlabPages(large.region(), 1100 * PAGE, NEVER, budget, Hardening.NONE);
            Slab heap = new Slab(pages, 0);
            long first = heap.allocate(1, 16);
            long run = heap.allocate(1024 * PAGE, 16);
            long last = heap.allocate(1000, 16);
            heap.verify();
            heap.free(last);
            heap.free(run);
            heap.free(first);
            heap.verify();
            assertEquals(large.base(), heap.allocate(1100 * PAGE, 16));
        }
    }

    @Test
    void whereThereIsNoMemoryForARowAPageGetsThatOfAnother() {
        long forTable = PAGES * 3 + 5 * 4096;
        Slab poor = heap(new Budget(forTable + SpanRows.FIRST_PIECE * Long.BYTES));
        int count = 0;
        while (poor.allocate(16, 16) != 0) {
            count++;
        }
        int spans = count / (int) (PAGE / 16);
        assertTrue(spans < PAGES - 1, spans + " rows are all that there is memory for");
        Map<Long, Long> blocks = new TreeMap<>();
        poor.walk(blocks::put);
        blocks.keySet().forEach(poor::free);
        poor.trim(0);
        assertEquals(memory.base(), poor.allocate(spans * PAGE, 16), "all pages that have a row");
        for (int page = spans; page < PAGES; page++) {
            assertEquals(memory.base() + page * PAGE, poor.allocate(16, 16));
            for (int i = 1; i < PAGE / 16; i++) {
                assertNotEquals(0, poor.allocate(16, 16));
            }
        }
        poor.verify();
    }

    // ---------------------------------------------------------------- verify

    private void assertVerifySees(String message) {
        HeapCorruption thrown = assertThrows(HeapCorruption.class, heap::verify);
        assertTrue(thrown.getMessage().startsWith(message), thrown.getMessage());
    }

    @Test
    void whatIsWrongWithASpanIsSeen() {
        allocate(5, 1000);
        PageTable table = heap.pages.table;
        long[] row = table.rows.pieceOf(table.rowOf(0)); // where it is the first
        long bits = row[SpanRow.BITS];
        row[SpanRow.BITS] = bits & ~1;
        assertVerifySees("The count of free blocks is wrong");
        row[SpanRow.FREE]++;
        assertVerifySees("4 blocks of 1024 bytes are out, not 5");
        row[SpanRow.BITS] = bits;
        row[SpanRow.FREE] = 0;
        assertVerifySees("A span is in the list of another group");
        row[SpanRow.FREE] = 59;
        row[SpanRow.HINT] = SpanRow.BITS + 1;
        assertVerifySees("The search for a free block begins outside of the span");
        row[SpanRow.HINT] = SpanRow.BITS;
        table.next.set(0, 0);
        assertVerifySees("A list of spans is broken");
        table.next.set(0, SpanRow.NONE);
        table.classes[0]++;
        assertVerifySees("A list of spans has one of another class");
        table.classes[0]--;
    }

    @Test
    void whatIsWrongWithRowsIsSeen() {
        heap.free(allocate(64));
        heap.trim(0);
        heap.verify();
        PageTable table = heap.pages.table;
        long[] piece = table.rows.pieceOf(table.rowOf(0)); // of which it is the first
        piece[SpanRow.BITS] = 1;
        assertVerifySees("The row of no span is not zero");
        piece[SpanRow.BITS] = 0;
        allocate(1000);
        long[] before = piece.clone();
        table.rows.begin(table.rowOf(0), 64);
        assertVerifySees("The rows in use of piece 1 are miscounted");
        table.rows.end(table.rowOf(0), 64);
        System.arraycopy(before, 0, piece, 0, piece.length);
    }
}
