package io.javalloc.kit.check;

import io.javalloc.Heap;
import io.javalloc.kit.RuleBroken;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/// A full heap answers 0; when everything is freed, as many blocks fit again. A heap that gets less
/// back each time leaks. One that never gets anything back may be made so: that is said.
final class RecoversMemory implements Rule {

    private static final long REGION = 4 << 20;

    /// Of small blocks there are so many in less: some heaps look at all of them for each.
    private static final long SMALL_REGION = 1 << 19;

    /// Multiples of a word. Each that is served is tried.
    private static final long[] SMALL_SIZES = {8, 16, 48, 64, 104, 256, 504};

    private static final long[] LARGE_SIZES = {1000, 30_000};
    private static final int ROUNDS = 4;

    /// Of the blocks of the first round, so many percent must fit again.
    private static final int ENOUGH = 90;

    @Override
    public String name() {
        return "recovery";
    }

    @Override
    public String claim() {
        return "a full heap answers 0, and what is freed can be allocated again";
    }

    @Override
    public Finding check(Trial trial) {
        Finding finding = Finding.HOLDS;
        for (int i = 0; i < LARGE_SIZES.length && !finding.isNote(); i++) {
            finding = checkSize(trial, REGION, LARGE_SIZES[i]);
        }
        for (int i = 0; i < SMALL_SIZES.length && !finding.isNote(); i++) {
            finding = checkSize(trial, SMALL_REGION, SMALL_SIZES[i]);
        }
        return finding;
    }

    private static Finding checkSize(Trial trial, long regionBytes, long size) {
        List<Integer> counts = counts(trial, regionBytes, size);
        return counts.get(0) == 0 ? Finding.HOLDS : judge(counts, size);
    }

    private static Finding judge(List<Integer> counts, long size) {
        int first = counts.get(0);
        int second = counts.get(1);
        int last = counts.get(ROUNDS - 1);
        String story = counts + " blocks of " + size + " bytes fit, each time after all were freed";
        if (last < second - second / 100) {
            throw new RuleBroken("memory leaks, less comes back each time: " + story);
        }
        if (last < (long) first * ENOUGH / 100) {
            return Finding.note("memory does not come back: " + story);
        }
        return Finding.HOLDS;
    }

    /// How many blocks fit, round by round.
    private static List<Integer> counts(Trial trial, long regionBytes, long size) {
        Random order = new Random(trial.settings().seed());
        List<Integer> counts = new ArrayList<>();
        try (Subject subject = trial.smallSubject(regionBytes)) {
            for (int round = 0; round < ROUNDS; round++) {
                List<Long> blocks = fill(subject, size);
                counts.add(blocks.size());
                subject.heap().verify();
                Collections.shuffle(blocks, order);
                for (long block : blocks) {
                    checkMark(block, size);
                    subject.heap().free(block);
                }
                subject.heap().verify();
            }
        }
        return counts;
    }

    /// Allocates until the answer is 0, and marks each block's first and last word.
    private static List<Long> fill(Subject subject, long size) {
        Heap heap = subject.heap();
        Region region = subject.memory().region();
        long most = (region.limit() - region.base()) / size;
        List<Long> blocks = new ArrayList<>();
        long block = heap.allocate(size, Heap.MIN_ALIGNMENT);
        while (block != 0 && blocks.size() <= most) {
            mark(block, size);
            blocks.add(block);
            block = heap.allocate(size, Heap.MIN_ALIGNMENT);
        }
        if (block != 0 && heap.outside() == null) {
            throw new RuleBroken(
                    "more blocks of " + size + " bytes are live than the region has room for");
        }
        if (block != 0) {
            heap.free(block);
        }
        return blocks;
    }

    private static void mark(long block, long size) {
        Memory.putLong(block, block);
        Memory.putLong(block + size - Long.BYTES, block);
    }

    private static void checkMark(long block, long size) {
        if (Memory.getLong(block) != block || Memory.getLong(block + size - Long.BYTES) != block) {
            throw new RuleBroken(
                    "in a full heap, a block of " + size + " bytes does not keep its contents");
        }
    }
}
