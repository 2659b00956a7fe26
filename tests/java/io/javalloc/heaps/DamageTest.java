package io.javalloc.heaps;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.javalloc.Heap;
import io.javalloc.HeapCorruption;
import io.javalloc.HeapProvider;
import io.javalloc.TestRegion;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.RandomDistribution;
import net.jqwik.api.constraints.Size;

/// Heaps whose metadata lie among the blocks: whatever a program writes there, and whatever it says
/// is a block, the answer is [HeapCorruption] or an answer. A heap that follows what was written
/// ends this test's process.
class DamageTest {

    private static final List<HeapProvider> HEAPS =
            List.of(new AppelNaumann.Provider(), new Hare.Provider());

    @Property(tries = 100, edgeCases = EdgeCasesMode.NONE)
    void aHeapThatWasWrittenOverNeverLeadsJavaAstray(
            @ForAll("seeds") @Size(min = 1, max = 200) List<Long> seeds) {
        for (HeapProvider provider : HEAPS) {
            try (TestRegion memory = new TestRegion(8 * Region.PAGE)) {
                Program program = new Program(provider.create(memory), memory);
                for (long seed : seeds) {
                    program.step(seed);
                }
                memory.assertUncommittedIsUntouched();
            }
        }
    }

    @Provide
    Arbitrary<List<Long>> seeds() {
        return Arbitraries.longs().withDistribution(RandomDistribution.uniform()).list();
    }

    /// A program that does everything that it should not.
    private static final class Program {

        private static final long[] SIZES = {1, 24, 40, 40, 40, 100, 800, 2000, 3000, 20_000};

        private final Heap heap;
        private final TestRegion memory;
        private final List<Long> blocks = new ArrayList<>();

        Program(Heap heap, TestRegion memory) {
            this.heap = heap;
            this.memory = memory;
        }

        void step(long seed) {
            long size = SIZES[(int) Long.remainderUnsigned(seed >>> 8, SIZES.length)];
            try {
                switch ((int) Long.remainderUnsigned(seed, 12)) {
                    case 0, 1, 2, 3 -> add(heap.allocate(size, 16));
                    case 4 -> add(heap.allocate(size, 64));
                    case 5, 6, 7 -> heap.free(pick(seed));
                    case 8 -> add(heap.reallocate(pick(seed), size));
                    case 9 -> writeNear(pick(seed), seed);
                    case 10 -> heap.allocate(8 * Region.PAGE, 16); // looks for empty chunks
                    default -> lookAtAll();
                }
            } catch (HeapCorruption expected) {
                assertTrue(expected.getMessage().contains("0x"), expected.getMessage());
            }
        }

        private void lookAtAll() {
            heap.atExit();
            heap.verify();
        }

        private void add(long block) {
            if (block != 0) {
                blocks.add(block);
            }
        }

        /// A block, live or not, or something near one.
        private long pick(long seed) {
            if (blocks.isEmpty()) {
                return memory.base() + 16;
            }
            long block = blocks.get((int) Long.remainderUnsigned(seed >>> 16, blocks.size()));
            return (seed >>> 32 & 7) == 0 ? block + 16 * (seed >>> 40 & 3) : block;
        }

        /// Writes a word in or around a block: one that could be there, or garbage.
        private void writeNear(long block, long seed) {
            long word = block + 8 * ((seed >>> 20 & 7) - 2);
            if (word < memory.base() || word >= memory.base() + memory.committedBytes()) {
                return;
            }
            switch ((int) (seed >>> 24 & 3)) {
                case 0 -> Memory.putLong(word, SIZES[(int) (seed >>> 28 & 7)]);
                case 1 ->
                        Memory.putLong(word, pick(seed * 31) - (seed >>> 48 & 8) | seed >>> 52 & 1);
                case 2 -> Memory.putLong(word, Memory.getLong(word) ^ 1L << (seed >>> 50 & 63));
                default -> Memory.putLong(word, seed);
            }
        }
    }
}
