package io.javalloc.layers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.javalloc.BlockVisitor;
import io.javalloc.Heap;
import io.javalloc.TestRegion;
import io.javalloc.catalog.Catalog;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongPredicate;
import org.junit.jupiter.api.Test;

class LockedTest {

    /// Says whether the lock is held while the heap inside is called.
    private static final class Probe implements Heap {
        private final Object monitor;
        private boolean held;

        Probe(Object monitor) {
            this.monitor = monitor;
        }

        @Override
        public long allocate(long size, long alignment) {
            held = Thread.holdsLock(monitor);
            return 16;
        }

        @Override
        public long allocateZeroed(long size, long alignment) {
            return allocate(size, alignment);
        }

        @Override
        public void free(long address) {
            held = Thread.holdsLock(monitor);
        }

        @Override
        public long reallocate(long address, long size) {
            held = Thread.holdsLock(monitor);
            return address;
        }

        @Override
        public long usableSize(long address) {
            held = Thread.holdsLock(monitor);
            return 16;
        }

        @Override
        public void verify() {
            held = Thread.holdsLock(monitor);
        }

        @Override
        public void walk(BlockVisitor visitor) {
            held = Thread.holdsLock(monitor);
        }

        @Override
        public long trim(long keep) {
            held = Thread.holdsLock(monitor);
            return 0;
        }

        @Override
        public void atExit() {
            held = Thread.holdsLock(monitor);
        }

        @Override
        public String explain(long address) {
            held = Thread.holdsLock(monitor);
            return null;
        }

        @Override
        public LongPredicate outside() {
            return address -> held = Thread.holdsLock(monitor);
        }
    }

    private static boolean[] heldByEachCall(Locked locked, Probe probe) {
        return heldBy(
                probe,
                () -> locked.allocate(1, 16),
                () -> locked.allocateZeroed(1, 16),
                () -> locked.reallocate(16, 1),
                () -> locked.usableSize(16),
                () -> locked.free(16));
    }

    private static boolean[] heldBy(Probe probe, Runnable... calls) {
        boolean[] held = new boolean[calls.length];
        for (int i = 0; i < calls.length; i++) {
            calls[i].run();
            held[i] = probe.held;
        }
        return held;
    }

    @Test
    void every_call_is_locked_when_nobody_says_that_one_thread_is_alone() {
        Object monitor = new Object();
        Probe probe = new Probe(monitor);
        for (boolean held : heldByEachCall(new Locked(probe, 0, monitor), probe)) {
            assertTrue(held);
        }
    }

    @Test
    void the_lock_is_skipped_exactly_while_the_word_is_zero() {
        try (Arena arena = Arena.ofConfined()) {
            var word = arena.allocate(ValueLayout.JAVA_INT);
            Object monitor = new Object();
            Probe probe = new Probe(monitor);
            Locked locked = new Locked(probe, word.address(), monitor);
            for (boolean held : heldByEachCall(locked, probe)) {
                assertFalse(held);
            }
            word.set(ValueLayout.JAVA_INT, 0, 1);
            for (boolean held : heldByEachCall(locked, probe)) {
                assertTrue(held);
            }
        }
    }

    @Test
    void what_looks_at_the_whole_heap_is_always_locked() {
        try (Arena arena = Arena.ofConfined()) {
            long alone = arena.allocate(ValueLayout.JAVA_INT).address();
            Object monitor = new Object();
            Probe probe = new Probe(monitor);
            Locked locked = new Locked(probe, alone, monitor);
            boolean[] allHeld =
                    heldBy(
                            probe,
                            locked::verify,
                            () -> locked.walk((address, usable) -> {}),
                            () -> locked.trim(0),
                            locked::atExit,
                            () -> locked.explain(16),
                            () -> assertTrue(locked.outside().test(16)));
            for (boolean held : allHeld) {
                assertTrue(held);
            }
            assertTrue(locked.isThreadSafe());
        }
    }

    @Test
    void two_threads_leave_the_heap_as_one_would() throws InterruptedException, ExecutionException {
        Heap heap = Catalog.create("zig-wasm", new TestRegion(16 << 20).region(), 0);
        Counted counted = new Counted(heap);
        Locked locked = new Locked(counted, 0);
        CountDownLatch together = new CountDownLatch(2);
        Runnable work =
                () -> {
                    together.countDown();
                    long[] live = new long[50];
                    for (int i = 0; i < 20_000; i++) {
                        int slot = i % live.length;
                        if (live[slot] != 0) {
                            locked.free(live[slot]);
                        }
                        live[slot] = locked.allocate(1 + (i * 31) % 3000, 16);
                    }
                    for (long block : live) {
                        locked.free(block);
                    }
                };
        try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
            Future<?> one = threads.submit(work);
            Future<?> two = threads.submit(work);
            one.get();
            two.get();
        }
        heap.verify();
        assertEquals(0, counted.figures().liveBlocks());
        assertEquals(0, counted.figures().liveBytes());
    }
}
