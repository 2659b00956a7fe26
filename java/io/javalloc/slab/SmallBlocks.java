package io.javalloc.slab;

import io.javalloc.HeapCorruption;

/// The blocks of all size classes. Takes the lock of a class, the monitor of its [Spans], unless
/// the program has one thread.
final class SmallBlocks {

    /// By class; none for 0.
    final Spans[] spans = new Spans[SizeClasses.COUNT];

    private final LiveBytes live;

    SmallBlocks(SlabPages pages, LiveBytes live) {
        this.live = live;
        for (int sizeClass = 1; sizeClass < spans.length; sizeClass++) {
            spans[sizeClass] = new Spans(pages, sizeClass);
        }
    }

    // ---- one by one --------------------------------------------------------------------------

    /// Takes a block of a class.
    ///
    /// @return 0 if there is no memory
    long allocate(int sizeClass) {
        Spans of = spans[sizeClass];
        boolean isAlone = live.isAlone();
        long block = take(of, isAlone);
        if (block == 0 && giveBackSpares()) {
            block = take(of, isAlone);
        }
        if (block != 0) {
            live.more(of.bytes, isAlone);
        }
        return block;
    }

    private static long take(Spans of, boolean isAlone) {
        if (isAlone) {
            return of.take();
        }
        synchronized (of) {
            return of.take();
        }
    }

    /// Takes a block back.
    ///
    /// @param sizeClass of the page, as it was seen without a lock
    /// @throws HeapCorruption if no block that is out starts there
    void free(int sizeClass, long page, long address) {
        Spans of = spans[sizeClass];
        boolean isAlone = live.isAlone();
        HeapCorruption refusal =
                isAlone ? of.give((int) page, address) : giveLocked(of, page, address);
        if (refusal != null) {
            throw refusal;
        }
        live.less(of.bytes, isAlone);
    }

    private static HeapCorruption giveLocked(Spans of, long page, long address) {
        synchronized (of) {
            return of.giveIfThere(page, address);
        }
    }

    /// The bytes of a block that is out. Without a lock.
    ///
    /// @param sizeClass of its page
    /// @throws HeapCorruption if no block that is out starts there
    long bytes(int sizeClass, long address) {
        Spans of = spans[sizeClass];
        if (!of.isOut(address)) {
            throw new HeapCorruption(of.isStart(address) ? Slab.FREED : Slab.NO_BLOCK, address);
        }
        return of.bytes;
    }

    /// How many blocks are out.
    long out() {
        long blocks = 0;
        for (int sizeClass = 1; sizeClass < spans.length; sizeClass++) {
            blocks += spans[sizeClass].out();
        }
        return blocks;
    }

    // ---- by the batch ------------------------------------------------------------------------

    /// See [Slab#fill].
    int fill(int sizeClass, long slots, int count) {
        Spans of = spans[sizeClass];
        boolean isAlone = live.isAlone();
        int filled = fill(of, slots, count, isAlone);
        if (filled == 0 && giveBackSpares()) {
            filled = fill(of, slots, count, isAlone);
        }
        live.more(filled * of.bytes, isAlone);
        return filled;
    }

    private static int fill(Spans of, long slots, int count, boolean isAlone) {
        if (isAlone) {
            return of.fill(slots, count);
        }
        synchronized (of) {
            return of.fill(slots, count);
        }
    }

    /// See [Slab#flush].
    void flush(int sizeClass, long slots, int count) {
        Spans of = spans[sizeClass];
        boolean isAlone = live.isAlone();
        long before;
        long after;
        HeapCorruption refusal;
        if (isAlone) {
            before = of.out();
            refusal = of.flush(slots, count);
            after = of.out();
        } else {
            synchronized (of) {
                before = of.out();
                refusal = of.flush(slots, count);
                after = of.out();
            }
        }
        live.less((before - after) * of.bytes, isAlone);
        if (refusal != null) {
            throw refusal;
        }
    }

    // ---- spares ------------------------------------------------------------------------------

    /// Gives back the pages of spans that are kept though no block is out: when there is no other
    /// memory. No lock is held.
    ///
    /// @return whether there was one
    boolean giveBackSpares() {
        boolean isAlone = live.isAlone();
        boolean found = false;
        for (int sizeClass = 1; sizeClass < spans.length; sizeClass++) {
            Spans of = spans[sizeClass];
            if (isAlone) {
                found |= of.giveBackSpare();
            } else {
                synchronized (of) {
                    found |= of.giveBackSpare();
                }
            }
        }
        return found;
    }

    /// Those that have not been used since the last time. Always with the locks, which all others
    /// have to take then, too.
    void giveBackIdleSpares() {
        for (int sizeClass = 1; sizeClass < spans.length; sizeClass++) {
            Spans of = spans[sizeClass];
            synchronized (of) {
                of.giveBackIdleSpare();
            }
        }
    }

    boolean hasSpare() {
        for (int sizeClass = 1; sizeClass < spans.length; sizeClass++) {
            if (spans[sizeClass].hasSpare()) {
                return true;
            }
        }
        return false;
    }
}
