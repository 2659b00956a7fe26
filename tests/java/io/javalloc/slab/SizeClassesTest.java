package io.javalloc.slab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.javalloc.TestRegion;
import io.javalloc.memory.Budget;
import io.javalloc.memory.Region;
import org.junit.jupiter.api.Test;

class SizeClassesTest {

    @Test
    void eachSizeGetsTheSmallestClassThatItFitsIn() {
        for (int size = 1; size <= SizeClasses.LARGEST; size++) {
            int sizeClass = SizeClasses.of(size);
            assertTrue(SizeClasses.bytes(sizeClass) >= size, "of " + size);
            assertTrue(SizeClasses.bytes(sizeClass - 1) < size, "of " + size);
        }
        assertEquals(40, SizeClasses.of(SizeClasses.LARGEST));
        assertEquals(0, SizeClasses.of(SizeClasses.LARGEST + 1));
        assertEquals(0, SizeClasses.of(Long.MAX_VALUE));
    }

    @Test
    void theClassesAreThoseOfThePicture() {
        long[][] some = {
            {1, 16}, {2, 32}, {8, 128}, {9, 160}, {12, 256}, {13, 320}, {37, 20 << 10}
        };
        for (long[] classAndBytes : some) {
            assertEquals(classAndBytes[1], SizeClasses.bytes((int) classAndBytes[0]));
        }
        assertEquals(SizeClasses.LARGEST, SizeClasses.bytes(SizeClasses.COUNT - 1));
    }

    @Test
    void atMostAQuarterMoreThanWasAskedForIsServed() {
        for (int size = 65; size <= SizeClasses.LARGEST; size++) {
            long bytes = SizeClasses.bytes(SizeClasses.of(size));
            assertTrue(4 * bytes <= 5L * (size + 3), bytes + " for " + size);
        }
    }

    @Test
    void anAlignmentDividesTheSizeOfTheBlocksAndNoSmallerClassWouldDo() {
        for (int log = 4; log <= 15; log++) {
            long alignment = 1L << log;
            for (int size = 1; size <= SizeClasses.LARGEST; size += 7) {
                int sizeClass = SizeClasses.of(size, alignment);
                assertTrue(fits(sizeClass, size, alignment), size + " at " + alignment);
                for (int smaller = SizeClasses.of(size); smaller < sizeClass; smaller++) {
                    assertTrue(!fits(smaller, size, alignment), size + " at " + alignment);
                }
            }
        }
        assertEquals(0, SizeClasses.of(1, 1 << 16));
        assertEquals(0, SizeClasses.of(1L << 62, 1 << 10));
    }

    private static boolean fits(int sizeClass, long size, long alignment) {
        long bytes = SizeClasses.bytes(sizeClass);
        return bytes >= size && bytes % alignment == 0;
    }

    @Test
    void theReciprocalGivesTheIndexOfEveryOffset() {
        try (TestRegion memory = new TestRegion(Region.PAGE)) {
            SlabPages pages =
                    new SlabPages(
                            memory.region(),
                            Region.PAGE,
                            0,
                            new Budget(Long.MAX_VALUE),
                            Hardening.NONE);
            for (int sizeClass = 1; sizeClass < SizeClasses.COUNT; sizeClass++) {
                Spans spans = new Spans(pages, sizeClass);
                for (int offset = 0; offset < Region.PAGE; offset++) {
                    boolean isStart = offset % spans.bytes == 0;
                    long index = offset / spans.bytes;
                    assertEquals(
                            isStart && index < spans.capacity ? index : -1,
                            spans.indexOf(offset),
                            offset + " of class " + sizeClass);
                }
            }
        }
    }
}
