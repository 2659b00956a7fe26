package io.javalloc.layers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.javalloc.Heap;
import io.javalloc.HeapCorruption;
import io.javalloc.HeapProvider;
import io.javalloc.Layer;
import io.javalloc.TestRegion;
import io.javalloc.catalog.Catalog;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What must hold of every layer around one heap.
class LayersTest {

    /// Notes what reaches it.
    private record Probe(Heap heap, List<String> calls) implements Layer {

        @Override
        public void verify() {
            calls.add("verify");
        }

        @Override
        public long trim(long keep) {
            calls.add("trim");
            return keep + 1;
        }

        @Override
        public void atExit() {
            calls.add("atExit");
        }

        @Override
        public String explain(long address) {
            calls.add("explain");
            return address == 16 ? "inside" : null;
        }

        @Override
        public boolean isThreadSafe() {
            return true;
        }
    }

    private final TestRegion memory = new TestRegion(4 << 20);
    private final List<String> calls = new ArrayList<>();
    private final Heap inside = Catalog.create("zig-wasm", memory.region(), 0);

    static List<HeapProvider> layers() {
        List<HeapProvider> layers = new ArrayList<>();
        for (HeapProvider provider : Catalog.providers()) {
            if (provider.inner().equals("HEAP")) {
                layers.add(provider);
            }
        }
        return layers;
    }

    private Heap create(HeapProvider provider) {
        memory.around(new Probe(inside, calls));
        if (provider instanceof Limited.Provider) {
            memory.with("max", 1 << 20);
        } else if (provider instanceof Failing.Provider) {
            memory.with("every", 1000);
        }
        return provider.create(memory);
    }

    @ParameterizedTest
    @MethodSource("layers")
    void the_heap_inside_is_asked_too(HeapProvider provider) {
        Heap heap = create(provider);
        heap.verify();
        heap.atExit();
        assertEquals(101, heap.trim(100));
        assertEquals("inside", heap.explain(16));
        assertEquals(List.of("verify", "atExit", "trim", "explain"), calls);
    }

    @ParameterizedTest
    @MethodSource("layers")
    void no_memory_inside_is_no_memory(HeapProvider provider) {
        Heap heap = create(provider);
        long block = heap.allocate(100, 16);
        assertEquals(0, heap.allocate(8 << 20, 16));
        assertEquals(0, heap.allocateZeroed(8 << 20, 16));
        assertEquals(0, heap.reallocate(block, 8 << 20));
        heap.free(block);
        heap.verify();
    }

    @ParameterizedTest
    @MethodSource("layers")
    void a_block_can_become_smaller_when_there_is_no_memory(HeapProvider provider) {
        Heap heap = create(provider);
        long block = heap.allocate(1000, 16);
        for (long size = 1 << 20; size >= 16; size /= 2) {
            while (heap.allocate(size, 16) != 0) {
                assertNotEquals(0, heap.usableSize(block));
            }
        }
        long smaller = heap.reallocate(block, 10);
        assertNotEquals(0, smaller);
        heap.freeSized(smaller, 10, 16);
    }

    @ParameterizedTest
    @MethodSource("layers")
    void what_is_no_block_is_refused(HeapProvider provider) {
        Heap heap = create(provider);
        long block = heap.allocate(100, 16);
        assertThrows(HeapCorruption.class, () -> heap.free(block + 32));
        assertThrows(HeapCorruption.class, () -> heap.usableSize(block + 32));
        assertThrows(HeapCorruption.class, () -> heap.reallocate(block + 32, 5));
    }
}
