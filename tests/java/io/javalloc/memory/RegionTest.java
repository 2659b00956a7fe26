package io.javalloc.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The region does arithmetic only, so it is tested on addresses where there is no memory at all.
class RegionTest {

    private static final long KIB = 1L << 10;
    private static final long MIB = 1L << 20;
    private static final long BASE = 0x7f00_0000_0000L;

    /// What the committer was asked for and granted, as pairs of address and end.
    private final List<List<Long>> granted = new ArrayList<>();

    private int asked;
    private long grantUpTo = Long.MAX_VALUE;

    private Region region(long base, long bytes) {
        return new Region(base, bytes, this::grant);
    }

    private boolean grant(long address, long bytes) {
        asked++;
        if (address + bytes > grantUpTo) {
            return false;
        }
        granted.add(List.of(address, address + bytes));
        return true;
    }

    @Test
    void nothingIsUsableAtFirst() {
        Region region = region(BASE, 64 * MIB);
        assertEquals(BASE, region.base());
        assertEquals(BASE + 64 * MIB, region.limit());
        assertEquals(BASE, region.committed());
        assertEquals(0, asked);
    }

    @Test
    void aLittleMemoryIsCommittedInOneLargeStep() {
        Region region = region(BASE, 64 * MIB);
        assertTrue(region.commit(BASE + 1));
        assertEquals(List.of(List.of(BASE, BASE + MIB)), granted);
        assertEquals(BASE + MIB, region.committed());
    }

    @Test
    void whatIsUsableAlreadyIsNotCommittedAgain() {
        Region region = region(BASE, 64 * MIB);
        assertTrue(region.commit(BASE + 1));
        assertTrue(region.commit(BASE + MIB));
        assertTrue(region.commit(BASE));
        assertEquals(1, asked);
    }

    @Test
    void theNextStepBeginsWhereTheLastOneEnded() {
        Region region = region(BASE, 64 * MIB);
        assertTrue(region.commit(BASE + 1));
        assertTrue(region.commit(BASE + MIB + 1));
        assertEquals(List.of(BASE + MIB, BASE + 2 * MIB), granted.get(1));
    }

    @Test
    void aLargeRequestIsCommittedAtOnce() {
        Region region = region(BASE, 64 * MIB);
        assertTrue(region.commit(BASE + 20 * MIB + 5));
        assertEquals(List.of(List.of(BASE, BASE + 21 * MIB)), granted);
    }

    @Test
    void stepsGrowWithWhatIsInUse() {
        Region region = region(BASE, 64 * MIB);
        assertTrue(region.commit(BASE + 32 * MIB));
        assertTrue(region.commit(BASE + 32 * MIB + 1));
        assertEquals(BASE + 36 * MIB, region.committed());
    }

    @Test
    void noStepGoesBehindTheLimit() {
        Region region = region(BASE, MIB + 128 * KIB);
        assertTrue(region.commit(BASE + MIB + 1));
        assertEquals(BASE + MIB + 128 * KIB, region.committed());
        assertTrue(region.commit(region.limit()));
        assertEquals(1, asked);
    }

    @Test
    void whatLiesOutsideIsRefusedWithoutAsking() {
        Region region = region(BASE, 4 * MIB);
        assertFalse(region.commit(BASE + 4 * MIB + 1));
        assertFalse(region.commit(Long.MAX_VALUE));
        assertFalse(region.commit(Long.MIN_VALUE), "a sum that has overflowed");
        assertEquals(0, asked);
        assertEquals(BASE, region.committed());
    }

    @Test
    void whereTheStepIsRefusedThePagesThatAreNeededAreAskedFor() {
        Region region = region(BASE, 64 * MIB);
        grantUpTo = BASE + 192 * KIB;
        assertTrue(region.commit(BASE + 130 * KIB));
        assertEquals(BASE + 192 * KIB, region.committed());
        assertEquals(2, asked);
    }

    @Test
    void refusedMemoryLeavesTheRegionAsItWas() {
        Region region = region(BASE, 64 * MIB);
        assertTrue(region.commit(BASE + 1));
        grantUpTo = BASE + MIB;
        assertFalse(region.commit(BASE + MIB + 1));
        assertEquals(BASE + MIB, region.committed());
        grantUpTo = Long.MAX_VALUE;
        assertTrue(region.commit(BASE + MIB + 1));
        assertEquals(List.of(BASE + MIB, BASE + 2 * MIB), granted.get(1));
    }

    @Test
    void memoryThatIsUsableAlreadyIsSoToItsEnd() {
        Region usable = Region.ofUsable(BASE + 8, 1000);
        assertEquals(BASE + 8, usable.base());
        assertEquals(BASE + 1008, usable.limit());
        assertEquals(BASE + 1008, usable.committed());
        assertTrue(usable.commit(BASE + 1008));
        assertFalse(usable.commit(BASE + 1009));
        assertFalse(usable.protect(BASE + 8, 8, false));
        assertFalse(usable.discard(BASE + 8, 8));
    }

    @Test
    void itContainsItsAddressesAndNoOthers() {
        Region region = region(BASE, 4 * MIB);
        assertTrue(region.contains(BASE));
        assertTrue(region.contains(BASE + 4 * MIB - 1), "reserved, if not usable yet");
        assertFalse(region.contains(BASE - 1));
        assertFalse(region.contains(BASE + 4 * MIB));
        assertFalse(region.contains(0));
        assertFalse(region.contains(-1));
        assertFalse(region.contains(Long.MAX_VALUE));
        assertFalse(region.contains(Long.MIN_VALUE), "the difference to the base overflows");
    }

    @Test
    void usableIsWhatHasBeenCommitted() {
        Region region = region(BASE, 4 * MIB);
        assertFalse(region.isUsable(BASE, 1));
        assertTrue(region.commit(BASE + MIB));
        assertTrue(region.isUsable(BASE, MIB));
        assertTrue(region.isUsable(BASE + MIB - 1, 1));
        assertFalse(region.isUsable(BASE - 1, 1));
        assertFalse(region.isUsable(BASE, MIB + 1));
        assertFalse(region.isUsable(BASE + MIB, 1));
        assertFalse(region.isUsable(BASE, Long.MAX_VALUE));
        assertFalse(region.isUsable(Long.MIN_VALUE, 1));
    }

    @Test
    void inADividedRegionUsableIsWhatItsPartsHaveCommitted() {
        Region region = region(BASE, 8 * MIB);
        Region[] parts = region.divide(2);
        assertTrue(parts[1].commit(parts[1].base() + MIB));
        assertFalse(region.isUsable(BASE, 1));
        assertTrue(region.isUsable(parts[1].base(), MIB));
        assertFalse(region.isUsable(parts[1].base() - 1, 1));
        assertFalse(region.isUsable(parts[1].base(), MIB + 1));
    }

    @Test
    void aSplitRegionHasALastPartOfTheSizeThatIsAskedFor() {
        Region region = region(BASE, 8 * MIB);
        Region[] parts = region.split(64 * KIB);
        assertEquals(BASE, parts[0].base());
        assertEquals(parts[0].limit(), parts[1].base());
        assertEquals(region.limit() - 64 * KIB, parts[1].base());
        assertEquals(region.limit(), parts[1].limit());
        assertTrue(parts[1].commit(parts[1].limit()));
        assertTrue(region.isUsable(parts[1].base(), 64 * KIB));
    }

    /// Protects everything but one page.
    private record Protecting(long refused) implements Region.Pages {

        @Override
        public boolean commit(long address, long bytes) {
            return true;
        }

        @Override
        public boolean protect(long address, long bytes, boolean accessible) {
            return address != refused;
        }
    }

    @Test
    void whatIsProtectedIsNotUsableUntilItIsAccessibleAgain() {
        Region region = new Region(BASE, 4 * MIB, new Protecting(BASE + 28 * KIB));
        assertTrue(region.commit(BASE + MIB));
        assertTrue(region.protect(BASE + 8 * KIB, 4 * KIB, false));
        assertFalse(region.protect(BASE + 28 * KIB, 4 * KIB, false));
        assertTrue(region.isUsable(BASE, 8 * KIB));
        assertFalse(region.isUsable(BASE, 8 * KIB + 1));
        assertFalse(region.isUsable(BASE + 12 * KIB - 1, 1));
        assertTrue(region.isUsable(BASE + 12 * KIB, 20 * KIB), "what was refused is usable");
        assertTrue(region.protect(BASE + 8 * KIB, 4 * KIB, true));
        assertTrue(region.isUsable(BASE, MIB));
    }

    @Test
    void roundUpGoesToTheNextMultiple() {
        assertEquals(0, Region.roundUp(0, 16));
        assertEquals(16, Region.roundUp(1, 16));
        assertEquals(16, Region.roundUp(16, 16));
        assertEquals(32, Region.roundUp(17, 16));
        assertEquals(BASE, Region.roundUp(BASE - 1, 1L << 32));
    }
}
