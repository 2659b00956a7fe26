package io.javalloc.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class FrontierTest {

    private static final long BASE = 0x7f00_0000_1000L;
    private static final long PAGE = Region.PAGE;

    private static Region region(long bytes) {
        return new Region(BASE, bytes, (address, length) -> true);
    }

    @Test
    void baseAndLimitAreMultiplesOfTheGrain() {
        Frontier frontier = new Frontier(region(4 * PAGE), Long.MAX_VALUE, PAGE);
        assertEquals(0x7f00_0001_0000L, frontier.base());
        assertEquals(3 * PAGE, frontier.room());
        assertEquals(frontier.base() + 3 * PAGE, frontier.limit());
        assertEquals(frontier.base(), frontier.end());
    }

    @Test
    void thereIsNoMoreRoomThanTheMaximum() {
        assertEquals(96, new Frontier(region(4 * PAGE), 100, 16).room());
        assertEquals(0, new Frontier(region(4 * PAGE), 15, 16).room());
        assertEquals(0, new Frontier(region(4096), Long.MAX_VALUE, PAGE).room(), "no whole page");
    }

    @Test
    void whatIsTakenIsCommitted() {
        Region region = region(4 * PAGE);
        Frontier frontier = new Frontier(region, Long.MAX_VALUE, 16);
        assertTrue(frontier.advance(BASE + PAGE + 16));
        assertEquals(BASE + PAGE + 16, frontier.end());
        assertTrue(region.committed() >= frontier.end());
    }

    @Test
    void nothingBehindTheLimitIsTaken() {
        Frontier frontier = new Frontier(region(4 * PAGE), PAGE, 16);
        assertTrue(frontier.advance(BASE + 32));
        for (long to : new long[] {BASE + PAGE + 1, Long.MAX_VALUE, Long.MIN_VALUE, -1, 0}) {
            assertFalse(frontier.advance(to));
            assertEquals(BASE + 32, frontier.end());
        }
        assertTrue(frontier.advance(BASE + PAGE));
    }

    @Test
    void refusedMemoryIsNotTaken() {
        Region region = new Region(BASE, 4 * PAGE, (address, length) -> false);
        Frontier frontier = new Frontier(region, Long.MAX_VALUE, 16);
        assertFalse(frontier.advance(BASE + 16));
        assertEquals(BASE, frontier.end());
        assertEquals(BASE, frontier.fresh());
    }

    @Test
    void whatWasTakenOnceIsNeverFreshAgain() {
        Frontier frontier = new Frontier(region(4 * PAGE), Long.MAX_VALUE, 16);
        frontier.advance(BASE + 64);
        frontier.retreat(BASE + 16);
        assertEquals(BASE + 16, frontier.end());
        assertEquals(BASE + 64, frontier.fresh());
        frontier.advance(BASE + 32);
        assertEquals(BASE + 64, frontier.fresh());
    }
}
