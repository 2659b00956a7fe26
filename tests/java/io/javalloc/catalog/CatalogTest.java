package io.javalloc.catalog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.javalloc.Heap;
import io.javalloc.HeapProvider;
import io.javalloc.TestRegion;
import io.javalloc.heaps.Knr;
import io.javalloc.heaps.ZigWasm;
import io.javalloc.layers.Locked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CatalogTest {

    private static Heap create(String expression) {
        return Catalog.create(expression, new TestRegion(4 << 20).region(), 0);
    }

    @Test
    void names_choose_heaps() {
        assertInstanceOf(Knr.class, create("knr"));
        assertInstanceOf(ZigWasm.class, create(Catalog.DEFAULT));
    }

    @Test
    void heaps_stand_inside_layers() {
        Locked locked = assertInstanceOf(Locked.class, create(" locked ( knr(max=1m) ) "));
        assertInstanceOf(Knr.class, locked.heap());
    }

    @Test
    void options_reach_the_heap() {
        Heap small = create("knr(max=64k)");
        assertEquals(0, small.allocate(65 << 10, 16));
        assertNotEquals(0, small.allocate(32 << 10, 16));
    }

    @Test
    void a_value_without_a_name_is_the_first_option() {
        assertEquals(0, create("knr(64k)").allocate(65 << 10, 16));
    }

    @Test
    void every_provider_makes_a_heap_under_its_name() {
        for (HeapProvider provider : Catalog.providers()) {
            String inner = provider.inner().replace("SIZE:", "").replace("HEAP", "knr");
            String expression =
                    provider.name()
                            + (inner.isEmpty() ? "" : "(" + inner.replace(", ...", "") + ")");
            assertNotEquals(0, create(expression).allocate(100, 16), provider.name());
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    slob             | column 1: there is no heap 'slob'; there are: KNOWN
                    locked(slob)     | column 8: there is no heap 'slob'; there are: KNOWN
                    locked           | column 1: locked takes inner heaps: locked(HEAP)
                    locked(knr,knr)  | column 12: locked takes one inner heap
                    knr(locked(knr)) | column 5: knr takes no inner heap
                    knr(mux=1m)      | column 5: knr has no option 'mux'; it has: max
                    knr(max=0)       | column 5: max=0 is not a size: a number above 0, with k, m or g if you like
                    knr(max=1x)      | column 5: max=1x is not a size: a number above 0, with k, m or g if you like
                    knr(max=9999999999g) | column 5: max=9999999999g is not a size: a number above 0, with k, m or g if you like
                    knr(max=1m       | column 11: expected ',' or ')', found the end
                    knr(max=)        | column 9: expected a value, found ')'
                    knr()            | column 5: expected an option or a heap, found ')'
                    knr)             | column 4: expected the end, found ')'
                    knr(1m,2m)       | column 8: knr has no value '2m'; it has: max
                    knr(max=1m,max=1m) | column 12: max is written twice
                    locked(*:knr)    | column 8: locked takes no size
                    locked(*)        | column 9: expected ':' and a heap behind '*', found ')'
                    knr(max=8)       | column 1: knr needs a max of at least 32 bytes, not 8
                    locked(knr(8))   | column 8: knr needs a max of at least 32 bytes, not 8
                    7knr             | column 1: expected the name of a heap, found '7'
                    """)
    void mistakes_are_shown_with_their_column(String expression, String message) {
        IllegalArgumentException thrown =
                assertThrows(IllegalArgumentException.class, () -> create(expression));
        String expected = message.replace("KNOWN", Catalog.knownNames());
        assertEquals("heap '" + expression + "', " + expected, thrown.getMessage());
    }
}
