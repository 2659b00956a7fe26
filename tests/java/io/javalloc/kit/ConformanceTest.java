package io.javalloc.kit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.javalloc.catalog.Catalog;
import io.javalloc.kit.PlantedHeaps.Fault;
import io.javalloc.kit.check.Conformance;
import io.javalloc.kit.check.Settings;
import io.javalloc.kit.check.Verdict;
import io.javalloc.kit.check.Verdict.Outcome;
import io.javalloc.kit.check.WrongHeap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The rules find what they are there for, and find nothing in sound heaps. What would take the
/// process along is in [ContainmentTest].
class ConformanceTest {

    private static final Settings SETTINGS = new Settings(42, 0.2, 60);

    private static Verdict check(String rule, HeapMaker maker) {
        return Conformance.check(rule, maker, SETTINGS);
    }

    @ParameterizedTest(name = "{1} is found by {0}")
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    serves        | SERVES_NOTHING       | every allocation answers 0
                    serves        | CANNOT_BE_MADE       | it cannot be made: IllegalStateException: planted
                    alignment     | MISALIGNED           | misaligned, not a multiple of 8192
                    placement     | FOREIGN              | outside of the region
                    placement     | NOT_COMMITTED        | not all of it is memory that was committed
                    overlap       | OVERLAPS             | overlaps block #
                    overlap       | TWICE_THE_SAME       | the same block twice
                    overlap       | THROWS               | throws ArithmeticException: planted, at PlantedHeaps$Fault$
                    overlap       | OVERFLOWS_THE_STACK  | throws StackOverflowError, at PlantedHeaps$Fault$
                    contents      | WRITES_OVER_A_NEIGHBOUR_IN_FREE | have changed at byte 0, while it was live
                    usable-size   | CLAIMS_TOO_MUCH      | overlaps block #
                    usable-size   | CLAIMS_TOO_LITTLE    | less than asked for
                    zeroed        | DOES_NOT_ZERO        | not zeroed, at byte
                    realloc       | LOSES_CONTENTS_IN_REALLOC | the contents are lost from byte
                    realloc       | FREES_BEFORE_IT_FAILS_TO_REALLOC | the contents are lost from byte 0 on
                    huge          | SERVES_HUGE_SIZES    | is served, in a region of 1073741824 bytes
                    out-of-memory | DOES_NOT_SURVIVE_REFUSED_MEMORY | although it is granted again
                    recovery      | LEAKS_SOME           | memory leaks, less comes back each time
                    contents      | REFUSES_A_RIGHT_SIZE | is refused though it is right: Freed as a block of
                    verify        | SEES_DAMAGE          | verify() finds damage though nobody did any: planted damage
                    walk          | SHOWS_TOO_LITTLE     | walk() does not show block #
                    misuse        | THROWS_WHEN_MISUSED  | throws ArrayIndexOutOfBoundsException
                    garbage       | THROWS               | throws ArithmeticException: planted
                    streams       | WRITES_OVER_A_NEIGHBOUR_IN_FREE | after the last of these steps
                    alignment     | MISALIGNED_ABOVE_A_MIB | misaligned, not a multiple of
                    zeroed        | DOES_NOT_ZERO_LARGE_BLOCKS | not zeroed, at byte
                    realloc       | LOSES_THE_END_OF_LARGE_BLOCKS_IN_REALLOC | the contents are lost from byte
                    overlap       | OVERLAPS_BEHIND_LARGE_BLOCKS | overlaps block #
                    giants        | OVERLAPS_BEHIND_GIANTS | overlaps block #
                    giants        | TELLS_USABLE_SIZES_AS_INTS | less than asked for
                    threads       | LEAKS_WHAT_ANOTHER_THREAD_FREES | memory leaks, less comes back each time
                    threads       | LOSES_CONTENTS_IN_REALLOC_BY_ANOTHER_THREAD | the contents are lost from byte 0 on
                    """)
    void a_planted_fault_is_called_by_its_name(String rule, Fault fault, String name) {
        Verdict verdict = check(rule, fault::plant);
        assertEquals(Outcome.BROKEN, verdict.outcome(), verdict.message());
        assertTrue(verdict.message().contains(name), verdict.message());
    }

    /// Either of the two threads that have the block may notice it first: the one that gets it, or
    /// the one whose contents are gone. When one of them has freed it, it is cut for other blocks,
    /// of which one is seen to lie where the other thread's is.
    @ParameterizedTest
    @EnumSource(names = {"TWICE_THE_SAME", "TWICE_THE_SAME_LARGE_BLOCK"})
    void a_block_that_two_threads_have_is_called_by_its_name(Fault fault) {
        Verdict verdict = check("threads", fault::plant);
        assertEquals(Outcome.BROKEN, verdict.outcome(), verdict.message());
        boolean isSeenAtOnce = verdict.message().contains("answers base +");
        boolean isSeenLater = verdict.message().contains("while it was live");
        boolean isSeenInParts = verdict.message().contains("overlaps block #");
        assertTrue(isSeenAtOnce || isSeenLater || isSeenInParts, verdict.message());
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    FILLS_WITH_ONE_TWICE           | the same block twice
                    FILLS_WITH_ANOTHER_CLASS       | published is class
                    FILLS_ONE_SLOT_MORE            | writes to the slot behind
                    PUBLISHES_NOTHING              | published is class 0
                    PUBLISHES_FOR_EVER             | but of its page class
                    COUNTS_NO_BATCHES              | liveBlocks() and liveBytes() answer 0 and
                    FLUSHES_ALL_BUT_ONE            | memory does not come back
                    FLUSHES_BLOCKS_OF_BATCHES_ONLY | throws IllegalStateException: planted
                    FILLS_TWO_THREADS_WITH_ONE     | while other threads use the heap
                    FLUSHES_WHAT_IS_WRONG          | with a block that has been freed among them, does not throw
                    FLUSHES_NOTHING_BEHIND_WHAT_IS_WRONG | with a block that has been freed among them, liveBlocks()
                    FLUSHES_BLOCKS_OF_ANOTHER_CLASS | with a block of class 2 among them, does not throw
                    ALLOWS_NO_SMALLER_SIZE         | canBe(25, 16, 48) answers false
                    HAS_TOO_MANY_CLASSES           | classes() answers 49
                    HAS_ODD_CLASSES                | a multiple of 16
                    HAS_EQUAL_CLASSES              | more than 32
                    HAS_LARGE_CLASSES              | at most 32768
                    """)
    void what_is_wrong_with_batches_is_called_by_its_name(PlantedBatches.Fault fault, String name) {
        Verdict verdict = check("batches", fault::plant);
        assertEquals(Outcome.BROKEN, verdict.outcome(), verdict.message());
        assertTrue(verdict.message().contains(name), verdict.message());
    }

    @ParameterizedTest
    @CsvSource({"knr, the heap is no BatchHeap", "slab(random=on), the heap has no size classes"})
    void batches_are_not_tried_where_there_are_none(String expression, String why) {
        Verdict verdict = check("batches", region -> Catalog.create(expression, region, 0));
        assertEquals(Outcome.OK, verdict.outcome());
        assertEquals("not tried: " + why, verdict.message());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    slab           | ''
                    pool(64)       | the answer is 0
                    poisoned(slab) | not tried: the heap touches all of a block by itself
                    """)
    void who_has_no_giants_is_told_so(String expression, String words) {
        Verdict verdict = check("giants", region -> Catalog.create(expression, region, 0));
        assertEquals(Outcome.OK, verdict.outcome(), verdict.message());
        assertEquals(words, verdict.message());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "bump(max=64k)",
                "lite(max=64k)",
                "stack(max=64k)",
                "failing(slab, every=2)",
                "failing(knr, rate=0.5)"
            })
    void a_heap_that_is_full_by_itself_does_not_break_out_of_memory(String expression) {
        Verdict verdict = check("out-of-memory", region -> Catalog.create(expression, region, 0));
        assertEquals(Outcome.OK, verdict.outcome(), verdict.message());
    }

    @ParameterizedTest(name = "{1} gets a note by {0}")
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    recovery | NEVER_FREES    | memory does not come back
                    recovery | LEAKS_ONE_SIZE | blocks of 48 bytes fit, each time
                    walk     | SHOWS_NOTHING  | tools cannot look inside
                    garbage  | MAKES_GARBAGE  | bytes of Java objects are made in each call
                    contents | SERVES_NOTHING | the heap serves nothing here
                    serves   | FOLLOWS_WHAT_PROGRAMS_WRITE | the largest that was served is 64
                    """)
    void what_a_heap_may_be_by_its_nature_is_only_said(String rule, Fault fault, String note) {
        Verdict verdict = check(rule, fault::plant);
        assertEquals(Outcome.NOTE, verdict.outcome(), verdict.message());
        assertTrue(verdict.message().contains(note), verdict.message());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "knr",
                "slab",
                "zig-wasm",
                "locked(knr)",
                "counted(zig-wasm)",
                "knr(max=64k)"
            })
    void sound_heaps_break_no_rule(String expression) {
        for (String rule : Conformance.ruleNames()) {
            Verdict verdict = check(rule, region -> Catalog.create(expression, region, 0));
            assertTrue(verdict.outcome() != Outcome.BROKEN, rule + ": " + verdict.message());
        }
    }

    @Test
    void random_operations_are_told_as_few_and_with_the_seed_that_repeats_them() {
        Fault fault = Fault.WRITES_OVER_A_NEIGHBOUR_IN_FREE;
        Verdict first = check("streams", fault::plant);
        long steps = first.message().lines().filter(line -> line.startsWith("  ")).count();
        assertTrue(steps <= 6, first.message());
        Settings again = new Settings(first.seed(), 0, 60);
        assertEquals(first, Conformance.check("streams", fault::plant, again));
    }

    @Test
    void the_step_that_did_the_damage_is_told() {
        Verdict verdict = check("contents", Fault.WRITES_OVER_A_NEIGHBOUR_IN_FREE::plant);
        String last = verdict.message().lines().reduce((a, b) -> b).orElseThrow();
        assertTrue(
                last.matches("step \\d+: (free|freeSized|reallocate)\\(#\\d+.*"),
                verdict.message());
    }

    @Test
    void a_wrong_expression_is_no_verdict() {
        WrongHeap wrong =
                assertThrows(
                        WrongHeap.class,
                        () -> check("serves", region -> Catalog.create("knr(mux=1)", region, 0)));
        assertTrue(wrong.getMessage().contains("column 5"), wrong.getMessage());
    }
}
