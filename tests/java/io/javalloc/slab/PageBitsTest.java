package io.javalloc.slab;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.BitSet;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class PageBitsTest {

    private static final int PAGES = 300;

    /// From where to where, and to which value.
    record Change(int one, int another, boolean value) {

        int from() {
            return Math.min(one, another);
        }

        int to() {
            return Math.max(one, another);
        }
    }

    @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
    void allAnswersAreThoseOfABitSet(@ForAll("changes") List<Change> changes) {
        BitSet model = new BitSet();
        PageBits bits = new PageBits();
        bits.moveTo(new long[PageBits.wordsFor(PAGES)]);
        for (Change change : changes) {
            int from = change.from();
            int to = change.to();
            BitSet part = model.get(from, to);
            assertEquals(part.cardinality(), bits.count(from, to));
            assertEquals(from + part.length(), bits.endOfSet(from, to));
            int set = model.nextSetBit(from);
            assertEquals(set < 0 || set > to ? to : set, bits.nextSet(from, to));
            assertEquals(Math.min(to, model.nextClearBit(from)), bits.nextClear(from, to));
            model.set(from, to, change.value());
            if (change.value()) {
                bits.set(from, to);
            } else {
                bits.clear(from, to);
            }
        }
        bits.moveTo(new long[PageBits.wordsFor(2 * PAGES)]);
        assertEquals(model.cardinality(), bits.count(0, 2 * PAGES));
    }

    @Provide
    Arbitrary<List<Change>> changes() {
        Arbitrary<Integer> pages = Arbitraries.integers().between(0, PAGES);
        return Combinators.combine(pages, pages, Arbitraries.of(true, false))
                .as(Change::new)
                .list()
                .ofMinSize(1)
                .ofMaxSize(40);
    }
}
