package io.javalloc.slab;

import io.javalloc.memory.Memory;
import java.util.concurrent.atomic.AtomicLong;

/// How many bytes are live, and the most that have been. Exact without a lock: a batch of blocks
/// counts once, so threads seldom meet here.
final class LiveBytes {

    private final long shared;
    private final AtomicLong live = new AtomicLong();
    private final AtomicLong peak = new AtomicLong();

    /// @param shared see [Slab.Provider]
    LiveBytes(long shared) {
        this.shared = shared;
    }

    /// Whether the program has one thread.
    boolean isAlone() {
        return shared != 0 && Memory.getInt(shared) == 0;
    }

    long now() {
        return live.get();
    }

    long peak() {
        return peak.get();
    }

    /// Bytes are live no longer.
    ///
    /// @param isAlone see [#isAlone]
    void less(long bytes, boolean isAlone) {
        change(-bytes, isAlone);
    }

    private long change(long bytes, boolean isAlone) {
        if (!isAlone) {
            return live.addAndGet(bytes);
        }
        long after = live.getPlain() + bytes;
        live.setPlain(after);
        return after;
    }

    /// Bytes have become live.
    ///
    /// @param isAlone see [#isAlone]
    void more(long bytes, boolean isAlone) {
        long after = change(bytes, isAlone);
        long most = peak.getPlain();
        while (after > most && !peak.compareAndSet(most, after)) {
            most = peak.get();
        }
    }
}
