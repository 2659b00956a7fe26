package io.javalloc.slab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.javalloc.Heap;
import io.javalloc.TestRegion;
import io.javalloc.memory.Budget;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What the others can do while pages are given back to the system, which takes its time.
@Timeout(60)
class DirtyRunsTest {

    private static final long PAGE = Region.PAGE;
    private static final int PAGES = 512;
    private static final int HOUR = 3_600_000;

    private final TestRegion memory = new TestRegion(PAGES * PAGE);
    private final Slab heap =
            new Slab(
                    new SlabPages(
                            memory.region(),
                            PAGES * PAGE,
                            HOUR,
                            new Budget(Long.MAX_VALUE),
                            Hardening.NONE),
                    0);

    /// What was begun while pages were given back.
    private final List<FutureTask<Long>> others = new ArrayList<>();

    @AfterEach
    void close() {
        heap.verify();
        memory.close();
    }

    private long allocate(long pages) {
        return heap.allocate(pages * PAGE, Heap.MIN_ALIGNMENT);
    }

    private long dirty(long pages) {
        long run = allocate(pages);
        Memory.fill(run, pages * PAGE, (byte) 1);
        return run;
    }

    private Thread start(Callable<Long> call) {
        FutureTask<Long> other = new FutureTask<>(call);
        others.add(other);
        Thread thread = new Thread(other);
        thread.start();
        return thread;
    }

    /// Another thread does something, once, while pages are given back, and is done before these
    /// are.
    private void meanwhile(Callable<Long> call) {
        memory.duringDiscards(
                () -> {
                    memory.duringDiscards(() -> {});
                    try {
                        start(call).join();
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                });
    }

    /// Another thread begins something, once, while pages are given back, and has to wait.
    private void waitingMeanwhile(Callable<Long> call) {
        memory.duringDiscards(
                () -> {
                    memory.duringDiscards(() -> {});
                    Thread thread = start(call);
                    while (thread.getState() != Thread.State.WAITING) {
                        assertTrue(thread.isAlive(), "it has not waited");
                        Thread.onSpinWait();
                    }
                });
    }

    private long answer() throws Exception {
        return others.getFirst().get();
    }

    @Test
    void othersTakeAndGivePagesMeanwhile() throws Exception {
        long run = dirty(4);
        long large = allocate(3);
        heap.free(run);
        meanwhile(
                () -> {
                    heap.free(large);
                    heap.allocate(64, Heap.MIN_ALIGNMENT);
                    heap.verify();
                    return allocate(5);
                });
        assertEquals(4 * PAGE, heap.trim(0));
        assertNotEquals(0, answer());
    }

    @Test
    void aRunThatIsGivenBackIsNotTakenMeanwhile() throws Exception {
        long run = dirty(4);
        dirty(1);
        heap.free(run);
        meanwhile(() -> allocate(4));
        heap.trim(0);
        assertNotEquals(run, answer());
        assertEquals(run, allocate(4), "afterwards");
    }

    @Test
    void aRunDoesNotGrowIntoOneThatIsGivenBack() throws Exception {
        long run = dirty(2);
        long behind = dirty(4);
        dirty(1);
        heap.free(behind);
        meanwhile(() -> heap.reallocate(run, 3 * PAGE));
        assertEquals(4 * PAGE, heap.trim(0));
        assertNotEquals(run, answer());
        assertEquals(1, Memory.getByte(answer()));
    }

    @Test
    void whatBecomesFreeOnBothSidesMeanwhileIsOneRunWithIt() {
        long before = dirty(2);
        long run = dirty(4);
        long behind = dirty(2);
        dirty(1);
        heap.free(run);
        meanwhile(
                () -> {
                    heap.free(before);
                    heap.free(behind);
                    heap.verify();
                    return 0L;
                });
        heap.trim(0);
        assertEquals(before, allocate(8));
    }

    @Test
    void whatLiesBetweenTwoThatAreGivenBackIsOneRunWithThem() {
        long first = dirty(4);
        long between = dirty(1);
        long second = dirty(4);
        dirty(1);
        heap.free(first);
        heap.free(second);
        meanwhile(
                () -> {
                    heap.free(between);
                    heap.verify();
                    return 0L;
                });
        assertEquals(8 * PAGE, heap.trim(0));
        assertEquals(first, allocate(9));
    }

    @Test
    void whoFindsNoOtherMemoryWaitsForIt() throws Exception {
        long run = dirty(4);
        allocate(PAGES - 4);
        heap.free(run);
        waitingMeanwhile(() -> allocate(4));
        heap.trim(0);
        assertEquals(run, answer());
    }

    @Test
    void whoIsInterruptedWaitsAllTheSame() throws Exception {
        long run = dirty(4);
        allocate(PAGES - 4);
        heap.free(run);
        waitingMeanwhile(
                () -> {
                    Thread.currentThread().interrupt();
                    long taken = allocate(4);
                    return Thread.currentThread().isInterrupted() ? taken : 0;
                });
        heap.trim(0);
        assertEquals(run, answer());
    }

    @Test
    void aRunThatCanOnlyGrowIntoOneThatIsGivenBackWaitsForIt() throws Exception {
        long run = dirty(PAGES - 4);
        heap.free(dirty(4));
        waitingMeanwhile(() -> heap.reallocate(run, (PAGES - 1) * PAGE));
        heap.trim(0);
        assertEquals(run, answer());
        assertEquals(1, Memory.getByte(run));
        assertEquals((PAGES - 1) * PAGE, heap.liveBytes());
    }

    @Test
    void whatTheSystemRefusesKeepsNothingElseFromIt() {
        long first = dirty(5);
        dirty(1);
        long second = dirty(3);
        dirty(1);
        heap.free(first);
        heap.free(second);
        memory.refuseDiscardOf(first);
        assertEquals(3 * PAGE, heap.trim(0));
        assertEquals(0, heap.trim(0));
        assertEquals(5, heap.pages.dirty.pages());
        assertEquals(first, heap.allocateZeroed(5 * PAGE, Heap.MIN_ALIGNMENT));
        assertEquals(0, Memory.getLong(first));
    }

    @Test
    void whatIsLongIsZeroedByTheSystem() {
        for (int pages : new int[] {63, 64}) {
            long run = dirty(pages);
            dirty(1);
            heap.free(run);
            assertEquals(run, heap.allocateZeroed(pages * PAGE, Heap.MIN_ALIGNMENT));
            assertEquals(pages == 64 ? pages * PAGE : 0, memory.discardedBytes());
            assertEquals(0, Memory.getLong(run));
            assertEquals(0, Memory.getLong(run + (pages - 1) * PAGE));
        }
    }

    @Test
    void whoAsksForAllWaitsForWhoIsGivingBack() throws Exception {
        long run = dirty(4);
        long other = dirty(1);
        dirty(1);
        heap.free(run);
        waitingMeanwhile(
                () -> {
                    heap.free(other);
                    return heap.trim(0);
                });
        assertEquals(5 * PAGE, heap.trim(0) + answer());
        assertEquals(0, Memory.getLong(other));
    }

    @Test
    void whoLooksWhatIsDueDoesNotWaitForWhoIsGivingBack() throws Exception {
        heap.free(dirty(4));
        meanwhile(() -> heap.purge(System.nanoTime(), true));
        assertEquals(4 * PAGE, heap.trim(0));
        assertEquals(0, answer());
    }

    @Test
    void moreRunsThanAreGivenBackAtATime() {
        long[] runs = new long[PAGES / 2];
        for (int i = 0; i < runs.length; i++) {
            runs[i] = dirty(1);
            allocate(1);
        }
        for (long run : runs) {
            heap.free(run);
        }
        assertEquals(100 * PAGE, heap.trim((runs.length - 100) * PAGE));
        assertEquals((runs.length - 100) * PAGE, heap.trim(0));
        for (long run : runs) {
            assertEquals(0, Memory.getLong(run));
        }
    }

    @Test
    void aLongRunIsGivenBackInPortions() {
        heap.free(dirty(300));
        long[] portions = {0};
        memory.duringDiscards(() -> portions[0]++);
        assertEquals(300 * PAGE, heap.trim(0));
        assertEquals(300 * PAGE, memory.discardedBytes());
        assertEquals(5, portions[0]);
    }
}
