package io.javalloc.kit.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/// Medians, spreads and means.
class SummaryTest {

    private static final double EXACT = 1e-12;

    @Test
    void the_median_is_in_the_middle_and_the_spread_is_half_the_range() {
        Summary odd = Summary.of(9, 1, 2);
        assertEquals(new Summary(2, 1, 9), odd);
        assertEquals(4, odd.spread());
        assertEquals(2.5, Summary.of(4, 1, 2, 3).median());
        assertEquals(0, Summary.of(7).spread());
    }

    @Test
    void of_nothing_nothing_is_known() {
        assertFalse(Summary.of().isKnown());
        assertTrue(Summary.of(1).isKnown());
        assertTrue(Double.isNaN(Summary.NONE.spread()));
    }

    @Test
    void the_mean_of_factors_is_geometric() {
        assertEquals(2, Summary.geometricMean(List.of(1.0, 4.0)), EXACT);
        assertEquals(1, Summary.geometricMean(List.of(0.25, 4.0, 1.0)), EXACT);
        assertTrue(Double.isNaN(Summary.geometricMean(List.of())));
    }
}
