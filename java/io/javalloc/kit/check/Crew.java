package io.javalloc.kit.check;

import io.javalloc.kit.RuleBroken;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;

/// Threads that use one heap.
final class Crew {

    private final Trial trial;
    private final int size;
    private final AtomicReference<RuleBroken> broken = new AtomicReference<>();

    /// @param size how many threads
    Crew(Trial trial, int size) {
        this.trial = trial;
        this.size = size;
    }

    /// Has all of them work, and waits for them.
    ///
    /// @param work gets the thread's number, from 0 on
    /// @throws RuleBroken the first that one of them throws
    void run(IntConsumer work) {
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            int index = i;
            threads.add(new Thread(() -> run(work, index), Threads.RULE + "-" + (i + 1)));
        }
        threads.forEach(Thread::start);
        threads.forEach(Crew::join);
        if (broken.get() != null) {
            throw broken.get();
        }
    }

    /// Whether nothing is broken yet.
    boolean isWell() {
        return broken.get() == null;
    }

    private void run(IntConsumer work, int index) {
        try {
            work.accept(index);
        } catch (RuleBroken e) {
            if (broken.compareAndSet(null, e)) {
                trial.leave(e.getMessage()); // the other threads may never come back
            }
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
