package io.javalloc.kit;

import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.javalloc.Heap;
import io.javalloc.HeapProvider;
import io.javalloc.catalog.Catalog;
import org.junit.jupiter.api.Test;

class PracticalTest {

    @Test
    void every_provider_is_in_its_expression_which_serves_all_sizes() {
        for (HeapProvider provider : Catalog.providers()) {
            String expression = Practical.expression(provider);
            assertTrue(expression.contains(provider.name()), expression);
            try (ReservedMemory memory = new ReservedMemory(1L << 30)) {
                Heap heap = Catalog.create(expression, memory.region(), 0);
                for (long size = 1; size < 10_000_000; size *= 3) {
                    assertNotEquals(0, heap.allocate(size, Heap.MIN_ALIGNMENT), expression);
                }
            }
        }
    }
}
