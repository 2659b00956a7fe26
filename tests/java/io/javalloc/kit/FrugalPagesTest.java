package io.javalloc.kit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.javalloc.memory.Region;
import org.junit.jupiter.api.Test;

class FrugalPagesTest {

    private static final long BASE = 1L << 30;
    private static final long PAGE = Region.PAGE;

    private final FrugalPages pages =
            new FrugalPages(
                    BASE,
                    new Region.Pages() {
                        @Override
                        public boolean commit(long address, long bytes) {
                            return true;
                        }

                        @Override
                        public boolean protect(long address, long bytes, boolean accessible) {
                            return true;
                        }
                    });

    @Test
    void a_region_gets_no_more_than_it_needs() {
        Region region = new Region(BASE, 100 * PAGE, pages);
        assertTrue(region.commit(BASE + 1));
        assertEquals(BASE + PAGE, region.committed());
        assertTrue(region.commit(BASE + PAGE + 1));
        assertEquals(BASE + 2 * PAGE, region.committed());
        assertEquals(2 * PAGE, pages.committedBytes());
    }

    @Test
    void what_is_committed_in_the_parts_of_a_region_is_known() {
        Region[] parts = new Region(BASE, 100 * PAGE, pages).divide(2);
        assertTrue(parts[1].commit(parts[1].base() + PAGE));
        assertFalse(pages.isUsable(BASE, 1));
        assertTrue(pages.isUsable(parts[1].base(), PAGE));
        assertFalse(pages.isUsable(parts[1].base(), PAGE + 1));
        assertFalse(pages.isUsable(parts[1].base() + 16, Long.MAX_VALUE));
        assertEquals(parts[1].base(), pages.nextCommitted(BASE));
        assertEquals(parts[1].base() + PAGE, pages.endOfCommitted(parts[1].base()));
        assertEquals(-1, pages.nextCommitted(parts[1].base() + PAGE));
    }

    @Test
    void the_budget_is_kept_until_it_is_lifted() {
        Region region = new Region(BASE, 100 * PAGE, pages);
        pages.refuseBeyond(PAGE);
        assertTrue(region.commit(BASE + 1));
        assertFalse(region.commit(BASE + PAGE + 1));
        pages.refuseBeyond(Long.MAX_VALUE);
        assertTrue(region.commit(BASE + PAGE + 1));
    }

    @Test
    void what_is_inaccessible_is_not_usable() {
        Region region = new Region(BASE, 100 * PAGE, pages);
        assertTrue(region.commit(BASE + PAGE));
        assertTrue(region.protect(BASE + 4096, 4096, false));
        assertTrue(pages.isUsable(BASE, 4096));
        assertFalse(pages.isUsable(BASE, 4097));
        assertFalse(pages.isUsable(BASE + 4096 + 8, 8));
        assertTrue(region.protect(BASE + 4096, 4096, true));
        assertTrue(pages.isUsable(BASE, PAGE));
    }
}
