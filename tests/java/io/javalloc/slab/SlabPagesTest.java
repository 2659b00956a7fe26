package io.javalloc.slab;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.javalloc.Heap;
import io.javalloc.TestRegion;
import io.javalloc.memory.Budget;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What is given back to the system, and when; and which of the free runs is taken.
class SlabPagesTest {

    private static final long PAGE = Region.PAGE;
    private static final int PAGES = 64;
    private static final int HOUR = 3_600_000;
    private static final long NANOS_PER_HOUR = HOUR * 1_000_000L;

    private final TestRegion memory = new TestRegion(PAGES * PAGE);
    private final Slab heap = heap(HOUR);

    private Slab heap(int decay) {
        Budget budget = new Budget(Long.MAX_VALUE);
        return new Slab(
                new SlabPages(memory.region(), PAGES * PAGE, decay, budget, Hardening.NONE), 0);
    }

    @AfterEach
    void close() {
        heap.verify();
        memory.close();
    }

    private long allocate(long pages) {
        long run = heap.allocate(pages * PAGE, Heap.MIN_ALIGNMENT);
        Memory.putLong(run, -1);
        return run;
    }

    /// Free runs of so many pages, each with a page in use behind it.
    private long[] holes(long... pages) {
        long[] runs = new long[pages.length];
        for (int i = 0; i < runs.length; i++) {
            runs[i] = allocate(pages[i]);
            allocate(1);
        }
        for (long run : runs) {
            heap.free(run);
        }
        return runs;
    }

    private long hole(long pages) {
        return holes(pages)[0];
    }

    @Test
    void pagesAreGivenBackWhenTheyHaveBeenFreeForTheTimeOfTheDecay() {
        long run = hole(3);
        long now = System.nanoTime();
        assertEquals(0, heap.purge(now + NANOS_PER_HOUR / 2, true));
        assertEquals(-1, Memory.getLong(run));
        assertEquals(3 * PAGE, heap.purge(now + 2 * NANOS_PER_HOUR, true));
        assertEquals(0, Memory.getLong(run));
        assertEquals(3 * PAGE, memory.discardedBytes());
        assertEquals(0, heap.purge(now + 4 * NANOS_PER_HOUR, true), "once");
    }

    @Test
    void withoutADecayPagesAreGivenBackAtOnce() {
        Slab eager = heap(0);
        long run = eager.allocate(5 * PAGE, Heap.MIN_ALIGNMENT);
        Memory.putLong(run, -1);
        assertEquals(run, eager.reallocate(run, 3 * PAGE));
        assertEquals(2 * PAGE, memory.discardedBytes());
        assertEquals(-1, Memory.getLong(run));
        eager.free(run);
        assertEquals(5 * PAGE, memory.discardedBytes());
        eager.verify();
    }

    /// For the free run at the start.
    private void anHourPasses() {
        PageInts freedAt = heap.pages.table.freedAt;
        freedAt.set(0, freedAt.get(0) - HOUR);
    }

    @Test
    void whatIsTakenFromALongRunAgainAndAgainDoesNotKeepItFromTheSystem() {
        long run = hole(9);
        anHourPasses();
        assertEquals(run, allocate(2));
        heap.free(run);
        assertEquals(9 * PAGE, heap.purge(System.nanoTime(), true));
    }

    @Test
    void whatIsTakenFromTheEndOfALongRunDoesNotKeepItEither() {
        long run = allocate(9);
        long behind = allocate(2);
        allocate(1);
        heap.free(run);
        anHourPasses();
        heap.free(behind);
        assertEquals(11 * PAGE, heap.purge(System.nanoTime(), true));
    }

    @Test
    void pagesThatAreFreedBesideALongCleanRunAreNotGivenBackAtOnce() {
        long run = hole(9);
        heap.trim(0);
        anHourPasses();
        assertEquals(run, allocate(2));
        heap.free(run);
        assertEquals(0, heap.purge(System.nanoTime(), true));
        anHourPasses();
        assertEquals(2 * PAGE, heap.purge(System.nanoTime(), true));
    }

    @Test
    void aRunThatHasBecomeAsLongAgainCountsFromThen() {
        long first = allocate(2);
        long second = allocate(2);
        allocate(1);
        heap.free(first);
        anHourPasses();
        heap.free(second);
        assertEquals(0, heap.purge(System.nanoTime(), true));
        anHourPasses();
        assertEquals(4 * PAGE, heap.purge(System.nanoTime(), true));
    }

    @Test
    void runsThatAreDueAreGivenBackByWhoComesToThePages() {
        hole(3);
        anHourPasses();
        heap.pages.dirty.due -= HOUR;
        heap.free(allocate(4));
        assertEquals(3 * PAGE, memory.discardedBytes());
    }

    @Test
    void whereAnotherThreadDoesThatTheyAreLeftToIt() {
        heap.purge(System.nanoTime(), true);
        hole(3);
        anHourPasses();
        heap.free(allocate(4));
        assertEquals(0, memory.discardedBytes(), "there was a look just now");
        heap.pages.dirty.due -= HOUR;
        heap.free(allocate(4));
        assertEquals(0, memory.discardedBytes(), "they are left to the thread that has the time");
        anHourPasses();
        heap.pages.dirty.due -= HOUR;
        heap.free(allocate(4));
        assertEquals(3 * PAGE, memory.discardedBytes());
    }

    @Test
    void trimGivesBackAllButWhatIsToBeKept() {
        holes(10, 3, 2);
        heap.free(heap.allocate(64, Heap.MIN_ALIGNMENT));
        assertEquals(14, heap.pages.dirty.pages());
        assertEquals(0, heap.trim(15 * PAGE), "the spare is given up, too: 15 in all");
        assertEquals(10 * PAGE, heap.trim(5 * PAGE));
        assertEquals(5, heap.pages.dirty.pages());
        assertEquals(5 * PAGE, heap.trim(0));
        assertEquals(0, heap.trim(0));
        assertEquals(15 * PAGE, memory.discardedBytes());
    }

    @Test
    void theMemoryOfRowsGoesBackWhereNoSpanUsesOne() {
        long kept = heap.allocate(16, Heap.MIN_ALIGNMENT);
        heap.trim(0);
        assertEquals(0, memory.discardedWords());
        heap.free(kept);
        heap.trim(0);
        assertEquals(SpanRows.FIRST_PIECE, memory.discardedWords());
        heap.trim(0);
        assertEquals(SpanRows.FIRST_PIECE, memory.discardedWords(), "nothing has been there since");
        heap.free(heap.allocate(16, Heap.MIN_ALIGNMENT));
        heap.purge(System.nanoTime(), true);
        assertEquals(SpanRows.FIRST_PIECE, memory.discardedWords(), "there is a spare");
        heap.purge(System.nanoTime(), true);
        assertEquals(2 * SpanRows.FIRST_PIECE, memory.discardedWords());
    }

    @Test
    void pagesThatWereGivenBackAreNotClearedAgain() {
        long run = hole(2);
        heap.trim(0);
        Memory.putLong(run + 8, 1); // behind the heap's back
        assertEquals(run, heap.allocateZeroed(2 * PAGE, Heap.MIN_ALIGNMENT));
        assertEquals(1, Memory.getLong(run + 8), "it has been cleared for nothing");
        heap.free(run);
        assertEquals(run, heap.allocateZeroed(2 * PAGE, Heap.MIN_ALIGNMENT));
        assertEquals(0, Memory.getLong(run + 8));
    }

    @Test
    void pagesThatTheSystemDoesNotTakeStayDirty() {
        memory.refuseDiscards();
        long run = hole(2);
        assertEquals(0, heap.trim(0));
        assertEquals(0, heap.purge(System.nanoTime() + 2 * NANOS_PER_HOUR, true));
        assertEquals(2, heap.pages.dirty.pages());
        assertEquals(run, heap.allocateZeroed(2 * PAGE, Heap.MIN_ALIGNMENT));
        assertEquals(0, Memory.getLong(run));
    }

    @Test
    void onlyWhatIsDirtyOfALongRunIsGivenBack() {
        long first = allocate(2);
        long second = allocate(2);
        long third = allocate(2);
        allocate(1);
        heap.free(first);
        heap.free(second);
        heap.free(third);
        heap.trim(0);
        assertEquals(6 * PAGE, memory.discardedBytes());
        assertEquals(first, allocate(2));
        heap.free(first);
        assertEquals(2 * PAGE, heap.trim(0));
        assertEquals(8 * PAGE, memory.discardedBytes());
    }

    @Test
    void ofRunsThatFitEquallyTheDirtyOneIsTaken() {
        holes(3, 3, 3);
        assertEquals(9 * PAGE, heap.trim(0));
        long first = allocate(3);
        long second = allocate(3);
        heap.free(first);
        assertEquals(first, allocate(3));
        heap.free(second);
        assertEquals(second, allocate(3));
    }

    @Test
    void aRunOfTheLengthIsTakenBeforeALongerOne() {
        long[] runs = holes(4, 20, 5);
        assertEquals(runs[2], allocate(5));
        assertEquals(runs[0], allocate(4));
        assertEquals(runs[1], allocate(5));
        assertEquals(runs[1] + 5 * PAGE, allocate(15));
    }

    @Test
    void aRunOfAnotherLengthInTheSameRangeIsFound() {
        assertEquals(FreeRuns.rangeOf(16), FreeRuns.rangeOf(19));
        assertEquals(holes(16, 19, 16)[1], allocate(18));
    }
}
