package io.javalloc.slab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.javalloc.Heap;
import io.javalloc.TestRegion;
import io.javalloc.memory.Budget;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Once its tables have grown, slab makes no Java object at all, not even for every new span: the
/// Java heap of a program is small. It is what `-prof gc` of JMH shows, as a test.
class SlabGarbageTest {

    private static final int OPERATIONS = 1_000_000;

    /// Bytes. HotSpot makes a few objects itself, once, where it leaves compiled code that did
    /// without them; one for each new span would be at least three times as much.
    private static final long MOST_GARBAGE = 1000;

    private static final int BATCH = 64;
    private static final int MEMORY = 32 << 20;

    /// As many blocks are taken before they are given back: more than the smallest span has.
    private static final int MOST_BLOCKS = 5000;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final TestRegion memory = new TestRegion(MEMORY);
    private final Arena arena = Arena.ofConfined();
    private final long slots = arena.allocate(MOST_BLOCKS * Long.BYTES, Long.BYTES).address();
    private final long alone = arena.allocate(Integer.BYTES, Integer.BYTES).address();

    @AfterEach
    void close() {
        memory.close();
        arena.close();
    }

    private Slab heap(boolean isAlone) {
        SlabPages pages =
                new SlabPages(
                        memory.region(),
                        MEMORY,
                        Integer.MAX_VALUE,
                        new Budget(MEMORY),
                        Hardening.NONE);
        return new Slab(pages, isAlone ? alone : 0);
    }

    private static int blocks(long size) {
        return (int) Math.min(MOST_BLOCKS, MEMORY / 2 / size);
    }

    private void assertNoGarbage(IntConsumer operations) {
        operations.accept(OPERATIONS / 10); // until tables have their size, and code is linked
        long before = threads.getCurrentThreadAllocatedBytes();
        operations.accept(OPERATIONS);
        long bytes = threads.getCurrentThreadAllocatedBytes() - before;
        assertTrue(bytes < MOST_GARBAGE, () -> bytes + " bytes of garbage");
    }

    @ParameterizedTest
    @CsvSource({
        "16, true",
        "16, false",
        "1024, true",
        "1024, false",
        "32768, true",
        "32768, false"
    })
    void fillAndFlushMakeNone(long size, boolean isAlone) {
        Slab heap = heap(isAlone);
        int sizeClass = Slab.classOf(size);
        int blocks = blocks(size);
        assertNoGarbage(
                operations -> {
                    for (int done = 0; done < operations; done += blocks) {
                        for (int i = 0; i < blocks; i += BATCH) {
                            int count = Math.min(BATCH, blocks - i);
                            assertEquals(count, heap.fill(sizeClass, slot(i), count));
                        }
                        for (int i = 0; i < blocks; i += BATCH) {
                            heap.flush(sizeClass, slot(i), Math.min(BATCH, blocks - i));
                        }
                    }
                });
    }

    private long slot(int index) {
        return slots + (long) index * Long.BYTES;
    }

    @ParameterizedTest
    @CsvSource({
        "16, true",
        "16, false",
        "1024, true",
        "1024, false",
        "32768, true",
        "32768, false",
        "65536, true",
        "65536, false",
        "1048576, true",
        "1048576, false"
    })
    void allocateAndFreeMakeNone(long size, boolean isAlone) {
        Slab heap = heap(isAlone);
        int blocks = blocks(size);
        assertNoGarbage(
                operations -> {
                    for (int done = 0; done < operations; done += blocks) {
                        for (int i = 0; i < blocks; i++) {
                            Memory.putLong(slot(i), heap.allocate(size, Heap.MIN_ALIGNMENT));
                        }
                        for (int i = 0; i < blocks; i++) {
                            heap.free(Memory.getLong(slot(i)));
                        }
                    }
                });
    }

    @ParameterizedTest
    @CsvSource({"true", "false"})
    void growingInPlaceMakesNone(boolean isAlone) {
        Slab heap = heap(isAlone);
        long run = heap.allocate(Region.PAGE, Heap.MIN_ALIGNMENT);
        assertNoGarbage(
                operations -> {
                    for (int i = 0; i < operations; i++) {
                        assertEquals(run, heap.reallocate(run, (1 + i % 4) * Region.PAGE));
                    }
                });
    }
}
