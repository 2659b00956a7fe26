package io.javalloc.kit.check;

import io.javalloc.Heap;
import io.javalloc.kit.Block;
import io.javalloc.kit.HeapModel;
import io.javalloc.kit.RuleBroken;
import io.javalloc.layers.Locked;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.IntConsumer;

/// Several threads use one heap, which has a lock around it unless it says that it needs none. Each
/// thread looks after its blocks, and hands some on to another one, which frees them; what somebody
/// else does to them shows in their contents. When all is freed, all memory is there again, whoever
/// has freed it.
final class ServesThreads implements Rule {

    private static final int THREADS = 8;
    private static final int STEPS = 6_000;
    private static final int BLOCKS = 60;

    private static final int LARGE = 1 << 20;
    private static final int MEDIUM = 20_000;
    private static final int SMALL = 400;

    /// Bytes of the blocks that fill a heap. Of small ones there are some
    /// thousand: some heaps look at all of them for each.
    private static final long[] SIZES = {64, 1000, 100_000};

    private static final int FITTING = 4_000;
    private static final long MOST_REGION = 8 << 20;
    private static final int ROUNDS = 4;

    @Override
    public String name() {
        return "threads";
    }

    @Override
    public String claim() {
        return "several threads do not disturb each other, and free each other's blocks";
    }

    @Override
    public Finding check(Trial trial) {
        boolean isThreadSafe;
        try (Subject subject = trial.subject()) {
            isThreadSafe = subject.bare().isThreadSafe();
            workTogether(trial, subject);
        }
        for (long size : SIZES) {
            Finding finding = recover(trial, size);
            if (finding.isNote()) {
                return finding;
            }
        }
        return Finding.holds(isThreadSafe ? "without a lock" : "one at a time");
    }

    private static Heap shared(Subject subject) {
        return subject.bare().isThreadSafe() ? subject.heap() : new Locked(subject.heap(), 0);
    }

    private static void run(Crew crew, Subject subject, IntConsumer work) {
        try {
            crew.run(work);
        } catch (RuleBroken e) {
            throw subject.bare().isThreadSafe() ? blamed(e) : e;
        }
    }

    /// What is broken, of a heap without a lock around it.
    static RuleBroken blamed(RuleBroken broken) {
        return new RuleBroken(
                broken.getMessage()
                        + ", while other threads use the heap; it says that it is thread-safe");
    }

    // ---- contents ----------------------------------------------------------------------------

    private static void workTogether(Trial trial, Subject subject) {
        Heap heap = shared(subject);
        List<Queue<Block>> handedOn = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            handedOn.add(new ConcurrentLinkedQueue<>());
        }
        Crew crew = new Crew(trial, THREADS);
        run(
                crew,
                subject,
                index ->
                        work(
                                crew,
                                subject.modelBeside(heap, THREADS + 1, index),
                                handedOn,
                                index,
                                trial));
        HeapModel rest = subject.modelBeside(heap, THREADS + 1, THREADS);
        handedOn.forEach(queue -> queue.forEach(rest::receive));
        while (rest.liveBlocks() > 0) {
            rest.free(0);
        }
        heap.verify();
    }

    private static void work(
            Crew crew, HeapModel model, List<Queue<Block>> handedOn, int index, Trial trial) {
        SplittableRandom random = new SplittableRandom(trial.settings().seed() + index);
        for (int i = 0; i < STEPS && crew.isWell(); i++) {
            step(model, random, handedOn.get((index + random.nextInt(1, THREADS)) % THREADS));
            Block block = handedOn.get(index).poll();
            if (block != null) {
                model.receive(block);
                if (random.nextBoolean()) {
                    model.reallocate(model.liveBlocks() - 1, size(random));
                }
                model.free(model.liveBlocks() - 1);
            }
        }
        while (model.liveBlocks() > 0 && crew.isWell()) {
            model.free(0);
        }
    }

    private static void step(HeapModel model, SplittableRandom random, Queue<Block> another) {
        int choice = random.nextInt(10);
        if (choice == 1) {
            model.reallocate(random.nextInt(), size(random));
        } else if (model.liveBlocks() <= random.nextInt(BLOCKS)) {
            model.allocate(size(random), Heap.MIN_ALIGNMENT, choice == 2);
        } else if (random.nextBoolean()) {
            another.add(model.take(random.nextInt()));
        } else {
            model.free(random.nextInt());
        }
    }

    private static long size(SplittableRandom random) {
        int choice = random.nextInt(200);
        if (choice == 0) {
            return random.nextInt(LARGE / 10, LARGE);
        }
        return random.nextInt(1, choice < 20 ? MEDIUM : SMALL);
    }

    // ---- memory ------------------------------------------------------------------------------

    /// What fits after each thread has freed what another one has allocated; held against the heap
    /// only if as much fits when all is done by one thread.
    private static Finding recover(Trial trial, long size) {
        List<Integer> counts = counts(trial, size, false);
        boolean isLess = Filling.isLess(counts);
        if (!isLess && Filling.isEnough(counts)) {
            return Finding.HOLDS;
        }
        List<Integer> alone = counts(trial, size, true);
        if (Filling.isLess(alone) || !Filling.isEnough(alone)) {
            return Finding.HOLDS; // another rule says so
        }
        String story =
                counts
                        + " blocks of "
                        + size
                        + " bytes fit, each time after other threads than those that had allocated"
                        + " them have freed them";
        if (isLess) {
            throw new RuleBroken("memory leaks, less comes back each time: " + story);
        }
        return Finding.note("memory does not come back: " + story);
    }

    /// How many blocks fit, round by round.
    private static List<Integer> counts(Trial trial, long size, boolean isAlone) {
        List<Integer> counts = new ArrayList<>();
        long bytes = Math.min(MOST_REGION, Long.highestOneBit(size * FITTING));
        try (Subject subject = trial.smallSubject(bytes)) {
            Filling filling = new Filling(shared(subject), subject.memory().region(), size);
            for (int round = 0; round < ROUNDS; round++) {
                counts.add(isAlone ? alone(trial, filling) : together(trial, subject, filling));
            }
        }
        return counts;
    }

    private static int alone(Trial trial, Filling filling) {
        List<Long> blocks = filling.fill();
        filling.empty(blocks, new Random(trial.settings().seed()));
        return blocks.size();
    }

    private static int together(Trial trial, Subject subject, Filling filling) {
        List<List<Long>> blocks = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            blocks.add(new ArrayList<>());
        }
        run(new Crew(trial, THREADS), subject, index -> blocks.get(index).addAll(filling.fill()));
        blocks.get(0).addAll(filling.fill()); // what one had in hand when another was answered 0
        run(
                new Crew(trial, THREADS),
                subject,
                index -> {
                    Random order = new Random(trial.settings().seed() + index);
                    filling.empty(blocks.get((index + 1) % THREADS), order);
                });
        return blocks.stream().mapToInt(List::size).sum();
    }
}
