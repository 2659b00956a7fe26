package io.javalloc.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class SplitMix64Test {

    @Test
    void the_numbers_are_those_of_the_paper() {
        SplitMix64 random = new SplitMix64(1234567);
        assertEquals(6457827717110365317L, random.next());
        assertEquals(3203168211198807973L, random.next());
    }

    @Test
    void numbers_below_a_bound_and_fractions_are_spread_evenly() {
        SplitMix64 random = new SplitMix64(1);
        int[] counts = new int[8];
        int small = 0;
        for (int i = 0; i < 80_000; i++) {
            counts[random.below(8)]++;
            double fraction = random.fraction();
            assertTrue(fraction >= 0 && fraction < 1);
            small += fraction < 0.25 ? 1 : 0;
        }
        for (int count : counts) {
            assertEquals(10_000, count, 500);
        }
        assertEquals(20_000, small, 1000);
    }
}
