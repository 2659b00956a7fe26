package io.javalloc.kit.check;

import io.javalloc.BatchHeap;
import io.javalloc.kit.HeapModel;
import io.javalloc.kit.RuleBroken;
import io.javalloc.memory.Region;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// A [BatchHeap] serves by the batch as it does one by one, says of each page which class it has,
/// counts what is live, and refuses what is wrong in a batch. Not for other heaps.
final class ServesBatches implements Rule {

    private static final int THREADS = 4;
    private static final int STEPS = 1000;
    private static final int CHECK_EVERY = 100;
    private static final int MOST_BLOCKS = 1000;

    /// Blocks of each class at first, but of pages no more than these.
    private static final int BLOCKS = 150;

    private static final int PAGES = 3;

    /// Blocks of each class that are enough to try what is refused, also for the class before.
    private static final int WRONG = 12;

    private static final long SMALL_REGION = 1 << 18;
    private static final int ROUNDS = 4;

    /// Later than any time for which a heap may want to keep what it does not need.
    private static final long LATER = 3_600_000_000_000L;

    @Override
    public String name() {
        return "batches";
    }

    @Override
    public String claim() {
        return "blocks come and go by the batch, their classes are published, and counted";
    }

    @Override
    public Finding check(Trial trial) {
        int classes;
        try (Subject subject = trial.subject()) {
            if (!(subject.bare() instanceof BatchHeap heap)) {
                return Finding.notTried("the heap is no BatchHeap");
            }
            String wrong = BatchHeap.wrongClasses(heap);
            if (wrong != null) {
                throw new RuleBroken(wrong);
            }
            checkWhatStays(heap);
            classes = heap.classes();
            if (classes == 1) {
                return Finding.notTried("the heap has no size classes");
            }
            try (Batches batches = new Batches(trial, subject)) {
                fillAll(batches, heap);
                refuse(batches, classes);
                mix(batches);
                batches.giveBackAll();
                batches.model().checkAll();
                batches.giveBackToTheSystem(System.nanoTime() + LATER);
                batches.model().checkAll();
                fillAll(batches, heap);
            }
        }
        mixTogether(trial);
        for (int sizeClass : new int[] {1, (classes + 1) / 2, classes - 1}) {
            recover(trial, sizeClass);
        }
        return Finding.HOLDS;
    }

    /// What is resized to more than half of its bytes is left as it is, and the heap not asked.
    private static void checkWhatStays(BatchHeap heap) {
        for (int sizeClass = 1; sizeClass < heap.classes(); sizeClass++) {
            long bytes = heap.classBytes(sizeClass);
            long size = bytes / 2 + 1;
            if (!heap.canBe(size, BatchHeap.MIN_ALIGNMENT, bytes)) {
                throw new RuleBroken(
                        "canBe("
                                + size
                                + ", "
                                + BatchHeap.MIN_ALIGNMENT
                                + ", "
                                + bytes
                                + ") answers false, but a block of class "
                                + sizeClass
                                + " that is resized to so many bytes stays where it is");
            }
        }
    }

    /// Some blocks of each class, of which half are given back.
    private static void fillAll(Batches batches, BatchHeap heap) {
        for (int sizeClass = 1; sizeClass < heap.classes(); sizeClass++) {
            long wanted = Math.min(BLOCKS, PAGES * Region.PAGE / heap.classBytes(sizeClass));
            int batch = 1;
            int filled = 1;
            for (long blocks = 0; blocks < wanted && filled > 0; blocks += filled) {
                filled = batches.fill(sizeClass, Math.min(Batches.MOST, batch));
                batch = 3 * batch;
            }
            batches.flush(sizeClass, (int) Math.min(Batches.MOST, wanted / 2));
        }
        batches.model().checkAll();
    }

    /// What is no block of the class, or none any more, is refused, and nothing else is.
    private static void refuse(Batches batches, int classes) {
        for (int sizeClass = 1; sizeClass < classes; sizeClass++) {
            batches.fill(sizeClass, WRONG);
        }
        for (int sizeClass = 1; sizeClass < classes && classes > 2; sizeClass++) {
            batches.flushWrong(sizeClass, sizeClass % (classes - 1) + 1);
        }
        batches.model().checkAll();
    }

    private static void mix(Batches batches) {
        for (int i = 0; i < STEPS; i++) {
            batches.step(MOST_BLOCKS);
            if (i % CHECK_EVERY == 0) {
                batches.model().checkAll();
            }
        }
    }

    /// Several threads, as magazines of several threads do. One of them has the heap give back what
    /// it does not need meanwhile.
    private static void mixTogether(Trial trial) {
        List<Batches> all = new ArrayList<>();
        try (Subject subject = trial.subject();
                Batches first = new Batches(trial, subject)) {
            for (int i = 0; i < THREADS; i++) {
                HeapModel model = subject.modelBeside(THREADS, i);
                SplittableRandom random = new SplittableRandom(trial.settings().seed() + i);
                all.add(new Batches(first, model, random));
            }
            Crew crew = new Crew(trial, THREADS);
            try {
                crew.run(index -> work(crew, all.get(index), index));
            } catch (RuleBroken e) {
                throw ServesThreads.blamed(e);
            }
            subject.heap().verify();
            first.checkNothingIsLive();
        } finally {
            all.forEach(Batches::close);
        }
    }

    private static void work(Crew crew, Batches batches, int index) {
        for (int i = 0; i < STEPS && crew.isWell(); i++) {
            batches.step(MOST_BLOCKS / THREADS);
            if (index == 0 && i % CHECK_EVERY == 0) {
                batches.giveBackToTheSystem(System.nanoTime() + LATER);
            }
        }
        if (crew.isWell()) {
            batches.giveBackAll();
        }
    }

    /// Fills a small heap with blocks of a class, then with such as are of no class, and again.
    private static void recover(Trial trial, int sizeClass) {
        List<Integer> counts = new ArrayList<>();
        long bytes;
        try (Subject subject = trial.smallSubject(SMALL_REGION);
                Batches batches = new Batches(trial, subject)) {
            bytes = ((BatchHeap) subject.bare()).classBytes(sizeClass);
            for (int round = 1; round <= ROUNDS; round++) {
                batches.fillUp(sizeClass);
                counts.add(batches.model().liveBlocks());
                batches.giveBackAll();
                batches.giveBackToTheSystem(System.nanoTime() + round * LATER);
                batches.model().checkAll();
                batches.allocateUp(Region.PAGE);
                batches.giveBackAll();
            }
        }
        if (Filling.isLess(counts) || !Filling.isEnough(counts)) {
            throw new RuleBroken(
                    "memory does not come back: "
                            + counts
                            + " blocks of class "
                            + sizeClass
                            + " ("
                            + bytes
                            + " bytes) fit, each time after all were given back");
        }
    }
}
