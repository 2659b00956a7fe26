package io.javalloc.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.javalloc.TestRegion;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PageBlocksTest {

    private static final int LOG_PAGE = 12;
    private static final long PAGE = 1 << LOG_PAGE;
    private static final long BYTES = 2 << 20;

    private final TestRegion memory = new TestRegion(BYTES);
    private final PageRuns pages = new PageRuns(memory.region(), BYTES, LOG_PAGE);
    private final PageBlocks blocks = new PageBlocks(pages, memory.region(), LOG_PAGE);
    private final long base = memory.base();

    @AfterEach
    void close() {
        memory.close();
    }

    @Test
    void aBlockUsesItsPagesToTheEnd() {
        long[][] expected = {{1, 1}, {PAGE - 16, 1}, {PAGE - 15, 2}, {10 * PAGE, 11}};
        for (long[] bytesAndPages : expected) {
            long block = blocks.take(bytesAndPages[0], 16);
            assertEquals(16, block % PAGE);
            assertEquals(bytesAndPages[1] * PAGE - 16, blocks.room(block));
            assertEquals(blocks.room(block), blocks.roomFor(block, bytesAndPages[0]));
        }
    }

    @Test
    void anyAlignmentIsServed() {
        for (long alignment = 16; alignment <= 1 << 19; alignment *= 2) {
            long block = blocks.take(100, alignment);
            assertEquals(0, block % alignment);
            assertTrue(blocks.room(block) >= 100);
            assertTrue(blocks.contains(block));
            long run = block - Math.max(alignment, 16);
            assertEquals(block, blocks.blockIn(run));
            assertNotEquals(0, pages.pagesAt(run));
            blocks.give(block);
            assertEquals(0, pages.pagesAt(run));
            assertFalse(blocks.contains(block));
        }
    }

    @Test
    void whatCannotBeHadIsAnsweredWithZero() {
        long[][] sizesAndAlignments = {
            {BYTES - 15, 16},
            {BYTES, 16},
            {Long.MAX_VALUE, 16},
            {Long.MAX_VALUE - (1L << 62), 1L << 62},
            {1, 1L << 62},
            {1, BYTES},
            {BYTES - PAGE + 1, PAGE},
        };
        for (long[] wanted : sizesAndAlignments) {
            assertEquals(0, blocks.take(wanted[0], wanted[1]));
        }
        assertEquals(base + 16, blocks.take(BYTES - 16, 16));
    }

    @Test
    void noOtherAddressIsABlock() {
        long block = blocks.take(10_000, 16);
        long aligned = blocks.take(100, 256);
        Memory.fill(block, blocks.room(block), (byte) 0);
        for (long address = base - 40; address < base + 10 * PAGE; address++) {
            assertEquals(address == block || address == aligned, blocks.contains(address));
        }
        for (long address :
                new long[] {0, 16, -16, Long.MIN_VALUE, base + BYTES, base + BYTES + 16}) {
            assertFalse(blocks.contains(address));
        }
    }

    @Test
    void aDistanceThatTheOtherOneDoesNotConfirmIsNotBelieved() {
        long before = blocks.take(10_000, 16);
        long block = blocks.take(100, 256);
        long run = block - 256;
        for (long distance : new long[] {0, -16, 8, 16, 512, run - before, Long.MIN_VALUE}) {
            Memory.putLong(block - 16, distance);
            assertFalse(blocks.contains(block), "before the block " + distance);
            Memory.putLong(block - 16, 256);
            Memory.putLong(run, distance);
            assertFalse(blocks.contains(block), "in the run " + distance);
            Memory.putLong(run, 256);
        }
        assertTrue(blocks.contains(block));
        Memory.putLong(run, before - run);
        assertEquals(0, blocks.blockIn(run), "the block of another run");
    }
}
