package io.javalloc.slab;

import java.util.concurrent.atomic.AtomicLong;

/// How many bytes are live, and the most that have been. Exact without a lock: a batch of blocks
/// counts once, so threads seldom meet here.
final class LiveBytes {

    private final AtomicLong live = new AtomicLong();
    private final AtomicLong peak = new AtomicLong();

    long now() {
        return live.get();
    }

    long peak() {
        return peak.get();
    }

    /// Bytes have become live; or are so no longer, if they are negative.
    ///
    /// @param isAlone whether there is no other thread
    void add(long bytes, boolean isAlone) {
        long after;
        if (isAlone) {
            after = live.getPlain() + bytes;
            live.setPlain(after);
        } else {
            after = live.addAndGet(bytes);
        }
        long most = peak.getPlain();
        while (after > most && !peak.compareAndSet(most, after)) {
            most = peak.get();
        }
    }
}
