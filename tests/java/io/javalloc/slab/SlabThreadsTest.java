package io.javalloc.slab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.javalloc.Heap;
import io.javalloc.kit.ReservedMemory;
import io.javalloc.memory.Budget;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/// Lists of spans that two threads have changed at once may have no end: that is a failure, too.
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class SlabThreadsTest {

    private static final long BYTES = 256L << 20;
    private static final int THREADS = 4;
    private static final int BATCH = 32;

    private final ReservedMemory memory = new ReservedMemory(BYTES);
    private final Arena arena = Arena.ofShared();
    private final long shared = arena.allocate(Integer.BYTES, Integer.BYTES).address();
    private final Slab heap = heap(0);
    private final ExecutorService threads = Executors.newCachedThreadPool();

    private Slab heap(long shared) {
        Budget budget = new Budget(Long.MAX_VALUE);
        return new Slab(new SlabPages(memory.region(), BYTES, 1, budget, Hardening.NONE), shared);
    }

    @AfterEach
    void close() {
        threads.shutdownNow();
        memory.close();
        arena.close();
    }

    private void runAll(List<Callable<Void>> tasks) throws Exception {
        for (Future<Void> done : threads.invokeAll(tasks)) {
            done.get();
        }
    }

    // ---------------------------------------------------------------- everything at once

    /// A block with its own address in its first and last word.
    private record Stamped(long address, long bytes) {

        Stamped {
            Memory.putLong(address, address);
            Memory.putLong(address + bytes - Long.BYTES, ~address);
        }

        void check() {
            assertEquals(address, Memory.getLong(address));
            assertEquals(~address, Memory.getLong(address + bytes - Long.BYTES));
        }
    }

    @Test
    void blocksThatPassBetweenThreadsKeepTheirContents() throws Exception {
        AtomicReferenceArray<Stamped> table = new AtomicReferenceArray<>(1000);
        List<Callable<Void>> tasks = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            SplittableRandom random = new SplittableRandom(i);
            tasks.add(() -> exchange(table, random));
        }
        tasks.add(
                () -> {
                    for (int i = 0; i < 30; i++) {
                        heap.verify();
                        heap.walk((address, usable) -> assertTrue(usable > 0));
                        heap.trim(0);
                    }
                    return null;
                });
        runAll(tasks);
        for (int i = 0; i < table.length(); i++) {
            free(table.get(i));
        }
        heap.verify();
        assertEquals(0, heap.liveBlocks());
        assertEquals(0, heap.liveBytes());
        heap.trim(0);
        assertTrue(
                heap.allocate(heap.pages.free.end() * Region.PAGE, Heap.MIN_ALIGNMENT) != 0,
                "all free");
    }

    private Void exchange(AtomicReferenceArray<Stamped> table, SplittableRandom random) {
        for (int i = 0; i < 60_000; i++) {
            int index = random.nextInt(table.length());
            free(table.getAndSet(index, allocated(random)));
        }
        return null;
    }

    private Stamped allocated(SplittableRandom random) {
        int kind = random.nextInt(40);
        long most = kind == 0 ? 200_000 : kind < 4 ? 10_000 : 300;
        long size = 16 + random.nextLong(most);
        long alignment = kind == 5 ? 4096 : Heap.MIN_ALIGNMENT;
        long block = heap.allocate(size, alignment);
        if (kind == 6 || kind == 0) {
            size = 16 + random.nextLong(2 * most);
            block = heap.reallocate(block, size);
        }
        return new Stamped(block, heap.usableSize(block));
    }

    private void free(Stamped block) {
        if (block != null) {
            block.check();
            heap.free(block.address());
        }
    }

    // ---------------------------------------------------------------- batches

    @Test
    void batchesOfAllClassesDoNotDisturbEachOther() throws Exception {
        List<Callable<Void>> tasks = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            SplittableRandom random = new SplittableRandom(i);
            long slots = arena.allocate(8 * BATCH * (long) Long.BYTES, Long.BYTES).address();
            tasks.add(() -> fillAndFlush(slots, random));
        }
        runAll(tasks);
        heap.verify();
        assertEquals(0, heap.liveBlocks());
        assertEquals(0, heap.liveBytes());
    }

    private Void fillAndFlush(long slots, SplittableRandom random) {
        for (int round = 0; round < 5_000; round++) {
            int sizeClass = 1 + random.nextInt(6) * random.nextInt(7);
            int count = 1 + random.nextInt(8 * BATCH);
            assertEquals(count, heap.fill(sizeClass, slots, count));
            for (int i = 0; i < count; i++) {
                long slot = slots + (long) i * Long.BYTES;
                new Stamped(Memory.getLong(slot), Slab.blockBytes(sizeClass));
            }
            for (int i = 0; i < count; i++) {
                long block = Memory.getLong(slots + (long) i * Long.BYTES);
                assertEquals(block, Memory.getLong(block));
            }
            heap.flush(sizeClass, slots, count);
        }
        return null;
    }

    @Test
    void whatOneThreadTakesAndAnotherGivesBackIsUsedAgain() throws Exception {
        BlockingQueue<Long> full = new ArrayBlockingQueue<>(4);
        BlockingQueue<Long> empty = new ArrayBlockingQueue<>(4);
        for (int i = 0; i < 4; i++) {
            empty.add(arena.allocate(BATCH * (long) Long.BYTES, Long.BYTES).address());
        }
        int rounds = 10_000;
        Callable<Void> producer =
                () -> {
                    for (int i = 0; i < rounds; i++) {
                        long slots = empty.take();
                        assertEquals(BATCH, heap.fill(Slab.classOf(200), slots, BATCH));
                        full.put(slots);
                    }
                    return null;
                };
        Callable<Void> consumer =
                () -> {
                    for (int i = 0; i < rounds; i++) {
                        long slots = full.take();
                        heap.flush(Slab.classOf(200), slots, BATCH);
                        empty.put(slots);
                    }
                    return null;
                };
        runAll(List.of(producer, consumer));
        heap.verify();
        assertTrue(
                heap.pages.free.end() <= 2,
                heap.pages.free.end() + " pages for 128 blocks of 224 bytes");
    }

    // ---------------------------------------------------------------- locks

    @Test
    void whileThereIsOneThreadNoLockOfAClassIsTaken() throws Exception {
        Slab alone = heap(shared);
        int sizeClass = Slab.classOf(64);
        long slots = arena.allocate(Long.BYTES, Long.BYTES).address();
        Callable<Void> calls =
                () -> {
                    alone.free(alone.reallocate(alone.allocate(64, 16), 60));
                    alone.fill(sizeClass, slots, 1);
                    alone.flush(sizeClass, slots, 1);
                    return null;
                };
        synchronized (alone.small.spans[sizeClass]) {
            threads.submit(calls).get();
        }
        Memory.putInt(shared, 1);
        Thread caller = new Thread(() -> alone.allocate(64, 16));
        synchronized (alone.small.spans[sizeClass]) {
            caller.start();
            while (caller.getState() != Thread.State.BLOCKED) {
                Thread.onSpinWait();
            }
        }
        caller.join();
        assertEquals(1, alone.liveBlocks());
    }

    @Test
    void aClassDoesNotWaitForAnother() throws Exception {
        synchronized (heap.small.spans[Slab.classOf(64)]) {
            long block = threads.submit(() -> heap.allocate(1000, 16)).get();
            threads.submit(() -> heap.free(block)).get();
            long large = threads.submit(() -> heap.allocate(100_000, 16)).get();
            threads.submit(() -> heap.free(large)).get();
        }
    }
}
