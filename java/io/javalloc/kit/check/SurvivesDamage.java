package io.javalloc.kit.check;

import io.javalloc.Heap;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import java.util.ArrayList;
import java.util.List;

/// A program writes where it must not: behind a block, before it, into one that it has freed. A
/// heap that keeps its data there should look at it before it follows it. Advice only: a heap of a
/// few lines trusts its headers.
final class SurvivesDamage implements Rule {

    private static final long[] SIZES = {24, 64, 1000};

    /// What is written: small and large numbers, and text.
    private static final long[] VALUES = {48, 0x4141414141414141L, 0, 1, -1, Long.MIN_VALUE};

    private static final long BYTES = 32;
    private static final int BLOCKS = 5;
    private static final int VICTIM = 2;

    /// Where the program writes.
    private enum Stroke {
        BEHIND("a write behind a block"),
        BEFORE("a write before a block"),
        FREED("a write into a freed block");

        private final String what;

        Stroke(String what) {
            this.what = what;
        }
    }

    @Override
    public String name() {
        return "damage";
    }

    @Override
    public String claim() {
        return "stray writes of the program are noticed or not, and do no harm in Java";
    }

    @Override
    public boolean isAdvice() {
        return true;
    }

    @Override
    public Finding check(Trial trial) {
        int seen = 0;
        int tried = 0;
        for (Stroke stroke : Stroke.values()) {
            for (long size : SIZES) {
                for (long value : VALUES) {
                    tried++;
                    seen += isNoticed(trial, stroke, size, value) ? 1 : 0;
                }
            }
        }
        return Finding.holds(seen + " of " + tried + " stray writes are noticed");
    }

    private static boolean isNoticed(Trial trial, Stroke stroke, long size, long value) {
        try (Subject subject = trial.subject()) {
            List<Long> blocks = new ArrayList<>();
            for (int i = 0; i < BLOCKS; i++) {
                long block = subject.heap().allocate(size, Heap.MIN_ALIGNMENT);
                if (block != 0) {
                    blocks.add(block);
                }
            }
            if (blocks.size() < BLOCKS || subject.bare().outside() != null) {
                return false;
            }
            String what =
                    stroke.what + " of " + size + " bytes (0x" + Long.toHexString(value) + ")";
            trial.tell(what);
            strike(subject, stroke, blocks, size, value);
            long[] live = blocks.stream().mapToLong(Long::longValue).toArray();
            return new Aftermath(trial, subject, what).isNoticed(live);
        }
    }

    private static void strike(
            Subject subject, Stroke stroke, List<Long> blocks, long size, long value) {
        long block = blocks.get(VICTIM);
        switch (stroke) {
            case BEHIND -> {
                long end = block + subject.heap().usableSize(block);
                write(subject, Region.roundUp(end, Long.BYTES), BYTES, value);
            }
            case BEFORE -> write(subject, block - BYTES, BYTES, value);
            case FREED -> {
                blocks.remove(VICTIM);
                subject.heap().free(block);
                write(subject, block, Math.min(size, BYTES), value);
            }
        }
    }

    /// Writes the value over and over, as far as a program could.
    private static void write(Subject subject, long address, long bytes, long value) {
        for (long at = address; at < address + bytes; at += Long.BYTES) {
            if (subject.memory().isUsable(at, Long.BYTES)) {
                Memory.putLong(at, value);
            }
        }
    }
}
