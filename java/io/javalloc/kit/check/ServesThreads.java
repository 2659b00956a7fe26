package io.javalloc.kit.check;

import io.javalloc.Heap;
import io.javalloc.kit.HeapModel;
import io.javalloc.kit.RuleBroken;
import io.javalloc.layers.Locked;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;

/// Several threads use one heap, which has a lock around it unless it says that it needs none. Each
/// thread looks after its own blocks; what another one does to them shows in their contents.
final class ServesThreads implements Rule {

    private static final int THREADS = 4;
    private static final int STEPS = 15_000;
    private static final int BLOCKS = 60;

    @Override
    public String name() {
        return "threads";
    }

    @Override
    public String claim() {
        return "several threads do not disturb each other";
    }

    @Override
    public Finding check(Trial trial) {
        try (Subject subject = trial.subject()) {
            boolean isThreadSafe = subject.bare().isThreadSafe();
            Heap heap = isThreadSafe ? subject.heap() : new Locked(subject.heap(), 0);
            AtomicReference<RuleBroken> broken = new AtomicReference<>();
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                HeapModel model =
                        new HeapModel(heap, subject.memory())
                                .mayRefuse()
                                .withoutWalk()
                                .among(THREADS, i);
                SplittableRandom random = new SplittableRandom(trial.settings().seed() + i);
                Runnable work = () -> work(trial, model, random, broken);
                threads.add(new Thread(work, Threads.RULE + "-" + (i + 1)));
            }
            threads.forEach(Thread::start);
            threads.forEach(ServesThreads::join);
            if (broken.get() != null) {
                throw isThreadSafe ? blamed(broken.get()) : broken.get();
            }
            heap.verify();
            return Finding.holds(isThreadSafe ? "without a lock" : "one at a time");
        }
    }

    private static RuleBroken blamed(RuleBroken broken) {
        return new RuleBroken(
                broken.getMessage()
                        + ", while other threads use the heap; it says that it is thread-safe");
    }

    private static void work(
            Trial trial,
            HeapModel model,
            SplittableRandom random,
            AtomicReference<RuleBroken> broken) {
        try {
            for (int i = 0; i < STEPS && broken.get() == null; i++) {
                step(model, random);
            }
            while (model.liveBlocks() > 0 && broken.get() == null) {
                model.free(0);
            }
        } catch (RuleBroken e) {
            if (broken.compareAndSet(null, e)) {
                trial.leave(e.getMessage()); // the other threads may never come back
            }
        }
    }

    private static void step(HeapModel model, SplittableRandom random) {
        int choice = random.nextInt(10);
        long size = random.nextInt(1, choice == 0 ? 20_000 : 400);
        if (choice == 1) {
            model.reallocate(random.nextInt(), size);
        } else if (model.liveBlocks() > random.nextInt(BLOCKS)) {
            model.free(random.nextInt());
        } else {
            model.allocate(size, Heap.MIN_ALIGNMENT, choice == 2);
        }
    }

    private static void join(Thread thread) {
        boolean isInterrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                isInterrupted = true;
            }
        }
        if (isInterrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
