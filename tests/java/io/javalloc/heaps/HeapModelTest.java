package io.javalloc.heaps;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.javalloc.Heap;
import io.javalloc.HeapArguments;
import io.javalloc.HeapProvider;
import io.javalloc.TestRegion;
import io.javalloc.catalog.Catalog;
import io.javalloc.kit.HeapModel;
import io.javalloc.kit.HeapModel.Action;
import io.javalloc.kit.HeapModel.Action.Kind;
import io.javalloc.memory.Region;
import io.javalloc.slab.Slab;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.RandomDistribution;
import net.jqwik.api.Tuple;

/// What must hold of every heap that serves blocks of all sizes.
class HeapModelTest {

    private static final long MIB = 1 << 20;

    /// Steps of a stream between two looks at everything.
    private static final int CHECK_EVERY = 10;

    private static final List<HeapProvider> HEAPS =
            List.of(
                    new AppelNaumann.Provider(),
                    new FreeList.Provider(),
                    new Hare.Provider(),
                    new Knr.Provider(),
                    new Slab.Provider(0),
                    new ZigPages.Provider(),
                    new ZigWasm.Provider());

    /// Each layer, and what users may make of several.
    private static final List<Composition> COMPOSITIONS =
            List.of(
                    new Composition("canary(knr)", 1),
                    new Composition("counted(zig-wasm)", 1),
                    new Composition("failing(knr, rate=0)", 1),
                    new Composition("fallback(knr(max=64k), zig-wasm)", 2),
                    new Composition("guarded(zig-wasm)", 1),
                    new Composition("guarded(knr)", 1),
                    new Composition("guarded(canary(zig-wasm))", 1),
                    new Composition("limited(zig-wasm, 1g)", 1),
                    new Composition("locked(knr)", 1),
                    new Composition("poisoned(zig-wasm)", 1),
                    new Composition("quarantine(knr, 64k)", 1),
                    new Composition("randomized(zig-wasm, 7)", 1),
                    new Composition("segregated(64:knr, 4k:knr, *:zig-wasm)", 3),
                    new Composition("segregated(1k:slab, *:slab(decay=0))", 2),
                    new Composition("slab(decay=0)", 1),
                    new Composition("slab(random=on)", 1),
                    new Composition("slab(erase=on)", 1),
                    new Composition("slab(guards=on, decay=0)", 1),
                    new Composition("slab(random=on, erase=on, guards=on)", 1),
                    new Composition("hardened", 1),
                    new Composition("zeroed(knr)", 1),
                    new Composition("limited(canary(quarantine(zig-wasm)), 1g)", 1),
                    new Composition("quarantine(canary(guarded(poisoned(knr))))", 1),
                    new Composition("zeroed(randomized(canary(zig-wasm)))", 1),
                    new Composition("canary(segregated(1k:quarantine(knr), *:guarded(knr)))", 2));

    /// @param expression what the user writes
    /// @param parts      into how many the region is divided
    private record Composition(String expression, int parts) implements HeapProvider {

        @Override
        public String name() {
            return expression;
        }

        @Override
        public String summary() {
            return "";
        }

        @Override
        public Heap create(HeapArguments arguments) {
            return Catalog.create(expression, arguments.region(), 0);
        }
    }

    @Property(tries = 150, edgeCases = EdgeCasesMode.NONE)
    void theSameStreamHoldsOnEveryHeap(
            @ForAll("streams") List<Action> stream, @ForAll("regionSizes") long bytes) {
        for (HeapProvider provider : HEAPS) {
            assertHolds(provider, stream, bytes, bytes);
        }
        // Its blocks lie outside of the region, which thus does not limit them.
        assertHolds(new SystemMalloc.Provider(), stream, bytes, bytes);
    }

    /// [Lite] reuses no large blocks: it may run out of memory when all blocks that there ever were
    /// would fill it, and need not be as it was when all are freed.
    @Property(tries = 100, edgeCases = EdgeCasesMode.NONE)
    void theSameStreamHoldsOnAHeapThatLosesMemory(
            @ForAll("streams") List<Action> stream, @ForAll("regionSizes") long bytes) {
        try (TestRegion memory = new TestRegion(bytes)) {
            Heap heap = new Lite.Provider().create(memory);
            HeapModel model = new HeapModel(heap, memory).losingMemory();
            run(stream, model);
            model.grantCommits();
            while (model.liveBlocks() > 0) {
                model.free(model.liveBlocks());
            }
            model.checkAll();
        }
    }

    @Property(tries = 150, edgeCases = EdgeCasesMode.NONE)
    void anyStreamHoldsOnEveryComposition(
            @ForAll("compositions") Composition composition,
            @ForAll("streams") List<Action> stream,
            @ForAll("regionSizes") long bytes) {
        assertHolds(composition, stream, bytes, bytes / composition.parts() & -Region.PAGE);
    }

    private static void assertHolds(
            HeapProvider provider, List<Action> stream, long bytes, long room) {
        try (TestRegion memory = new TestRegion(bytes)) {
            Heap heap = provider.create(memory);
            HeapModel model = new HeapModel(heap, memory).withRoom(room);
            run(stream, model);
            heap.atExit();
            model.grantCommits();
            while (model.liveBlocks() > 0) {
                model.free(stream.get(model.liveBlocks() % stream.size()).pick());
            }
            model.checkAll();
            assertAsItWas(provider, heap, bytes);
            heap.verify();
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(provider.name() + ": " + e.getMessage(), e);
        }
    }

    private static void assertAsItWas(HeapProvider provider, Heap heap, long bytes) {
        if (!(provider instanceof ZigPages.Provider)) {
            long largest = largest(provider, bytes);
            assertNotEquals(0, heap.allocate(largest, Heap.MIN_ALIGNMENT), "not as it was");
            return;
        }
        // No block lies both on pages that were freed and on pages never taken: count the pages.
        try (TestRegion memory = new TestRegion(bytes)) {
            int pages = fill(provider.create(memory), Region.PAGE).size();
            assertEquals(pages, fill(heap, Region.PAGE).size(), "not as it was");
        }
    }

    private static void run(List<Action> stream, HeapModel model) {
        for (int step = 0; step < stream.size(); step++) {
            model.apply(stream.get(step));
            if (step % CHECK_EVERY == CHECK_EVERY - 1) {
                model.checkAll();
            }
        }
        model.checkAll();
    }

    @Provide
    Arbitrary<Long> regionSizes() {
        return Arbitraries.of(4 * Region.PAGE, MIB, 8 * MIB);
    }

    @Provide
    Arbitrary<List<Action>> streams() {
        Arbitrary<Kind> kinds =
                Arbitraries.frequency(
                        Tuple.of(10, Kind.ALLOCATE),
                        Tuple.of(5, Kind.ALLOCATE_ZEROED),
                        Tuple.of(10, Kind.FREE),
                        Tuple.of(7, Kind.REALLOCATE),
                        Tuple.of(1, Kind.REFUSE_COMMITS),
                        Tuple.of(2, Kind.GRANT_COMMITS));
        Arbitrary<Long> sizes =
                Arbitraries.frequencyOf(
                        Tuple.of(5, uniform(1, 128)),
                        Tuple.of(4, uniform(1, 5_000)),
                        Tuple.of(2, uniform(1, 80_000)),
                        Tuple.of(1, uniform(1, 600_000)),
                        Tuple.of(3, aroundPowersOfTwo()));
        Arbitrary<Integer> logAlignments =
                Arbitraries.frequencyOf(
                        Tuple.of(6, Arbitraries.just(4)),
                        Tuple.of(2, Arbitraries.integers().between(5, 12)),
                        Tuple.of(1, Arbitraries.integers().between(13, 19)));
        Arbitrary<Long> picks = uniform(0, 1000);
        return Combinators.combine(kinds, sizes, logAlignments, picks)
                .as(Action::new)
                .list()
                .ofMinSize(1)
                .ofMaxSize(160)
                .withSizeDistribution(RandomDistribution.uniform());
    }

    /// jqwik's own choice is mostly small numbers.
    private static Arbitrary<Long> uniform(long least, long most) {
        return Arbitraries.longs()
                .between(least, most)
                .withDistribution(RandomDistribution.uniform());
    }

    private static Arbitrary<Long> aroundPowersOfTwo() {
        Arbitrary<Integer> logs = Arbitraries.integers().between(4, 18);
        Arbitrary<Integer> offsets = Arbitraries.integers().between(-1, 1);
        return Combinators.combine(logs, offsets).as((log, offset) -> (1L << log) + offset);
    }

    @Property
    void aFullHeapAnswersZeroAndRecoversWhenBlocksAreFreed(
            @ForAll("heaps") HeapProvider provider, @ForAll("fillers") long size) {
        try (TestRegion memory = new TestRegion(8 * Region.PAGE)) {
            Heap heap = provider.create(memory);
            List<Long> blocks = fill(heap, size);
            long usable = 0;
            for (long block : blocks) {
                usable += heap.usableSize(block);
            }
            assertTrue(usable >= 2 * Region.PAGE, "full at " + blocks.size());
            assertEquals(0, heap.allocate(size, Heap.MIN_ALIGNMENT));
            heap.verify();
            long freed = blocks.remove(blocks.size() / 2);
            heap.free(freed);
            assertEquals(freed, heap.allocate(size, Heap.MIN_ALIGNMENT));
            assertEquals(0, heap.allocate(size, Heap.MIN_ALIGNMENT));
            blocks.add(freed);
            for (long block : blocks) {
                heap.free(block);
            }
            assertEquals(blocks.size(), fill(heap, size).size());
            heap.verify();
        }
    }

    private static List<Long> fill(Heap heap, long size) {
        List<Long> blocks = new ArrayList<>();
        long block = heap.allocate(size, Heap.MIN_ALIGNMENT);
        while (block != 0) {
            blocks.add(block);
            block = heap.allocate(size, Heap.MIN_ALIGNMENT);
        }
        return blocks;
    }

    @Provide
    Arbitrary<Long> fillers() {
        return Arbitraries.of(48L, 1024L, 30_000L, 65_000L, 100_000L);
    }

    @Property
    void whatCanNeverFitIsAnsweredWithZero(@ForAll("heapsAndCompositions") HeapProvider provider) {
        try (TestRegion memory = new TestRegion(MIB)) {
            Heap heap = provider.create(memory);
            long[] sizes = {MIB + 1, 1L << 32, 1L << 47, 1L << 62, Long.MAX_VALUE - 15};
            for (long size : sizes) {
                assertEquals(0, heap.allocate(size, Heap.MIN_ALIGNMENT));
                assertEquals(0, heap.allocateZeroed(size, Heap.MIN_ALIGNMENT));
            }
            assertEquals(0, heap.allocate(Long.MAX_VALUE, Heap.MIN_ALIGNMENT));
            for (int log = 50; log < 63; log++) {
                assertEquals(0, heap.allocate(16, 1L << log));
                assertEquals(0, heap.allocate(1L << log, 1L << log));
            }
            long block = heap.allocate(100, Heap.MIN_ALIGNMENT);
            assertEquals(0, heap.reallocate(block, Long.MAX_VALUE));
            heap.free(block);
            heap.verify();
        }
    }

    @Property
    void nothingIsHandedOutBehindTheMaximum(@ForAll("heaps") HeapProvider provider) {
        try (TestRegion memory = new TestRegion(MIB).with("max", 3 * Region.PAGE + 8)) {
            Heap heap = provider.create(memory);
            for (long block : fill(heap, 1000)) {
                assertTrue(block + 1000 <= memory.base() + 3 * Region.PAGE + 8);
            }
            assertTrue(memory.committedBytes() > 2 * Region.PAGE, "the rest is used");
        }
    }

    @Property
    void theUsualPathsMakeNoJavaObjects(@ForAll("heapsThatFillNothing") HeapProvider provider) {
        try (TestRegion memory = new TestRegion(4 * MIB)) {
            Heap heap = provider.create(memory);
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            usualPaths(heap, 10_000); // until tables have their size
            long before = threads.getCurrentThreadAllocatedBytes();
            usualPaths(heap, 10_000);
            long bytes = threads.getCurrentThreadAllocatedBytes() - before;
            assertTrue(bytes < 10_000, bytes + " bytes of garbage by " + provider.name());
        }
    }

    private static void usualPaths(Heap heap, int count) {
        for (int i = 0; i < count; i++) {
            long small = heap.allocate(1 + i % 2000, Heap.MIN_ALIGNMENT);
            long large = heap.allocate(100_000, 4096);
            small = heap.reallocate(small, 1 + i % 3000);
            large = heap.reallocate(large, 50_000 + i);
            heap.free(small);
            heap.free(large);
        }
    }

    @Provide
    Arbitrary<HeapProvider> heaps() {
        return Arbitraries.of(HEAPS);
    }

    @Provide
    Arbitrary<Composition> compositions() {
        return Arbitraries.of(COMPOSITIONS);
    }

    @Provide
    Arbitrary<HeapProvider> heapsAndCompositions() {
        List<HeapProvider> all = new ArrayList<>(HEAPS);
        all.addAll(COMPOSITIONS);
        return Arbitraries.of(all);
    }

    /// Until it has been compiled, to fill memory makes an object.
    @Provide
    Arbitrary<HeapProvider> heapsThatFillNothing() {
        List<HeapProvider> all = new ArrayList<>(HEAPS);
        for (Composition composition : COMPOSITIONS) {
            if (!composition
                    .name()
                    .matches(".*(decay|erase|guard|hardened|poisoned|quarantine|zeroed).*")) {
                all.add(composition);
            }
        }
        return Arbitraries.of(all);
    }

    /// The largest block that a new heap of that kind can serve.
    private static long largest(HeapProvider provider, long bytes) {
        try (TestRegion memory = new TestRegion(bytes)) {
            Heap heap = provider.create(memory);
            long fits = 1;
            long tooLarge = bytes + 1;
            while (tooLarge - fits > 1) {
                long size = (fits + tooLarge) / 2;
                long block = heap.allocate(size, Heap.MIN_ALIGNMENT);
                if (block != 0) {
                    heap.free(block);
                    fits = size;
                } else {
                    tooLarge = size;
                }
            }
            return fits;
        }
    }
}
