package io.javalloc.catalog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.javalloc.Heap;
import io.javalloc.HeapProvider;
import io.javalloc.TestRegion;
import io.javalloc.heaps.Knr;
import io.javalloc.heaps.Pool;
import io.javalloc.layers.Locked;
import io.javalloc.slab.Slab;
import java.util.Map;
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
        assertInstanceOf(Slab.class, create(Catalog.DEFAULT));
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

    /// Options that have to be written.
    private static final Map<String, String> REQUIRED =
            Map.of("failing", ", every=1000", "limited", ", max=1m");

    @Test
    void values_without_names_are_the_options_in_their_order() {
        Pool pool = assertInstanceOf(Pool.class, create("pool(100, 3)"));
        assertEquals(3, pool.freeBlocks());
        assertEquals(112, pool.usableSize(pool.allocate()));
    }

    /// `Long.decode` read 010 as octal.
    @ParameterizedTest
    @CsvSource({"010, 10", "08, 8", "0x10, 16"})
    void numbers_are_decimal_or_with_0x_hexadecimal(String written, int count) {
        Pool pool = assertInstanceOf(Pool.class, create("pool(100, count=" + written + ")"));
        assertEquals(count, pool.freeBlocks());
    }

    @Test
    void every_provider_makes_a_heap_under_its_name() {
        for (HeapProvider provider : Catalog.providers()) {
            String inner = provider.inner().replace("SIZE:", "").replace("HEAP", "knr");
            String arguments =
                    inner.replace(", ...", "") + REQUIRED.getOrDefault(provider.name(), "");
            String expression =
                    provider.name() + (arguments.isEmpty() ? "" : "(" + arguments + ")");
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
                    knr(max=9999999999g) | column 5: max=9999999999g is too large: a size is at most 9223372036854775807 bytes
                    knr(max=99999999999999999999) | column 5: max=99999999999999999999 is too large: a size is at most 9223372036854775807 bytes
                    knr(max=k)       | column 5: max=k is not a size: a number above 0, with k, m or g if you like
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
                    bump(8)          | column 1: bump needs a max of at least 24 bytes, not 8
                    pool(64,count=1m) | column 9: count=1m is not a whole number
                    pool(5m)         | column 1: pool has room for 0 blocks of 5242880 bytes, and cannot have 1
                    7knr             | column 1: expected the name of a heap, found '7'
                    limited(knr)     | column 1: limited needs to know the limit: limited(HEAP, max=64m)
                    canary(limited(knr)) | column 8: limited needs to know the limit: limited(HEAP, max=64m)
                    limited(knr, 0)  | column 14: max=0 is not a size: a number above 0, with k, m or g if you like
                    limited(1m)      | column 1: limited takes inner heaps: limited(HEAP)
                    quarantine(knr,bytes=all) | column 16: bytes=all is not a size: a number above 0, with k, m or g if you like
                    poisoned(knr,0x1ff) | column 1: byte=511 is not a byte: 0 to 255
                    poisoned(knr,byte=x) | column 14: byte=x is not a whole number
                    failing(knr)     | column 1: failing needs either: failing(HEAP, every=100) or failing(HEAP, rate=0.01)
                    failing(knr,every=2,rate=0.1) | column 1: failing needs either: failing(HEAP, every=100) or failing(HEAP, rate=0.01)
                    failing(knr,0)   | column 1: every=0 is no allocation: failing(HEAP, every=100) or failing(HEAP, rate=0.01)
                    failing(knr,2,seed=1) | column 1: a seed belongs to a rate: failing(HEAP, every=100) or failing(HEAP, rate=0.01)
                    failing(knr,rate=2) | column 13: rate=2 is not a rate: a number between 0 and 1
                    failing(knr,rate=0.5f) | column 13: rate=0.5f is not a rate: a number between 0 and 1
                    failing(knr,rate=0x1p-1) | column 13: rate=0x1p-1 is not a rate: a number between 0 and 1
                    slab(64m,1,1)    | column 12: random=1 is not on or off
                    randomized(knr,seed=+1) | column 16: seed=+1 is not a whole number
                    randomized(knr,seed=0x-1) | column 16: seed=0x-1 is not a whole number
                    randomized(knr,seed=0x) | column 16: seed=0x is not a whole number
                    randomized(knr,seed=#1) | column 16: seed=#1 is not a whole number
                    randomized(knr,seed=-1) | column 16: seed=-1 is not a whole number
                    fallback(knr)    | column 1: fallback takes inner heaps: fallback(HEAP, HEAP, ...)
                    fallback(64:knr,knr) | column 1: fallback takes no sizes; segregated(SIZE:HEAP, ...) does
                    segregated       | column 1: segregated takes inner heaps: segregated(SIZE:HEAP, ...)
                    segregated(4k:knr,64:knr,*:knr) | column 1: the sizes have to rise, but after 4096 comes 64: segregated(64:HEAP, 4k:HEAP, *:HEAP)
                    locked(segregated(*:knr,knr)) | column 8: the sizes have to rise, but after * comes *: segregated(64:HEAP, 4k:HEAP, *:HEAP)
                    """)
    void mistakes_are_shown_with_their_column(String expression, String message) {
        IllegalArgumentException thrown =
                assertThrows(IllegalArgumentException.class, () -> create(expression));
        String expected = message.replace("KNOWN", Catalog.knownNames());
        assertEquals("heap '" + expression + "', " + expected, thrown.getMessage());
    }
}
