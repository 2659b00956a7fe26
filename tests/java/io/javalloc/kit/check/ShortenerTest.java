package io.javalloc.kit.check;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ShortenerTest {

    private static final List<Integer> LIST = IntStream.range(0, 150).boxed().toList();

    @Test
    void only_what_the_fault_needs_is_left() {
        List<Integer> needed = List.of(3, 77, 78, 149);
        assertEquals(needed, Shortener.shorten(LIST, list -> list.containsAll(needed)));
    }

    @Test
    void one_element_is_the_least() {
        assertEquals(1, Shortener.shorten(LIST, list -> true).size());
    }

    @Test
    void a_list_of_which_all_is_needed_stays() {
        assertEquals(LIST, Shortener.shorten(LIST, list -> list.size() == LIST.size()));
    }
}
