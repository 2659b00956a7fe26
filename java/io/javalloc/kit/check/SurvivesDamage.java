package io.javalloc.kit.check;

import io.javalloc.Heap;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import java.util.ArrayList;
import java.util.List;

/// A program writes where it must not: behind a block, before it, into one that it has freed; and
/// what it writes into that one, or right before it, is the address of another block, live or free,
/// so that a list of free blocks leads to what is in use, or in a circle. A heap that keeps its
/// data there should look at it before it follows it. Advice only: a heap of a few lines trusts its
/// headers.
final class SurvivesDamage implements Rule {

    private static final long[] SIZES = {24, 64, 1000};

    /// Where addresses are written, some heaps have lists of larger blocks, too.
    private static final long[] SIZES_WITH_LINKS = {24, 64, 1000, 4096, 65536};

    /// What is written: small and large numbers, and text.
    private static final long[] VALUES = {48, 0x4141414141414141L, 0, 1, -1, Long.MIN_VALUE};

    private static final long BYTES = 32;
    private static final int BLOCKS = 5;
    private static final int VICTIM = 2;

    /// Another one that is freed, after it. There is a live one between the two, and behind them.
    private static final int OTHER = 4;
    private static final int BLOCKS_WITH_LINKS = 7;

    /// From a freed block to the word that is written: where headers and links may lie.
    private static final long[] WORDS = {-16, -8, 0, 8};

    /// From a block to what may stand for it in a list: a header before it, one with a mark in its
    /// lowest bit, itself.
    private static final long[] ENTRIES = {-16, -8, -7, 0};

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

    /// What address the program writes.
    private enum Target {
        LIVE("the address of a live block"),
        LARGE("the address of a larger live block"),
        OTHER_FREE("the address of one that was freed later"),
        ITSELF("its own address");

        private final String what;

        Target(String what) {
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
        for (Target target : Target.values()) {
            for (long size : SIZES_WITH_LINKS) {
                for (long word : WORDS) {
                    for (long entry : ENTRIES) {
                        tried++;
                        seen += isLinkNoticed(trial, target, size, word, entry) ? 1 : 0;
                    }
                }
            }
        }
        return Finding.holds(seen + " of " + tried + " stray writes are noticed");
    }

    private static boolean isLinkNoticed(
            Trial trial, Target target, long size, long word, long entry) {
        try (Subject subject = trial.subject()) {
            List<Long> blocks = allocate(subject, size, BLOCKS_WITH_LINKS);
            long large = subject.heap().allocate(4 * size, Heap.MIN_ALIGNMENT);
            boolean lacksOne = blocks.size() < BLOCKS_WITH_LINKS;
            if (lacksOne || (target == Target.LARGE && large == 0)) {
                return false;
            }
            if (subject.bare().outside() != null) {
                return false;
            }
            long other = blocks.remove(OTHER);
            long victim = blocks.remove(VICTIM);
            if (large != 0) {
                blocks.add(large);
            }
            long aim =
                    switch (target) {
                        case LIVE -> blocks.get(0);
                        case LARGE -> large;
                        case OTHER_FREE -> other;
                        case ITSELF -> victim;
                    };
            String what =
                    "a write at byte "
                            + word
                            + " of a freed block of "
                            + size
                            + " bytes: "
                            + target.what
                            + (entry == 0 ? "" : " - " + -entry);
            trial.tell(what);
            subject.heap().free(victim);
            subject.heap().free(other);
            write(subject, victim + word, Long.BYTES, aim + entry);
            return new Aftermath(trial, subject, what).isNoticed(addresses(blocks));
        }
    }

    /// As many blocks as there are.
    private static List<Long> allocate(Subject subject, long size, int count) {
        List<Long> blocks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            long block = subject.heap().allocate(size, Heap.MIN_ALIGNMENT);
            if (block != 0) {
                blocks.add(block);
            }
        }
        return blocks;
    }

    private static long[] addresses(List<Long> blocks) {
        return blocks.stream().mapToLong(Long::longValue).toArray();
    }

    private static boolean isNoticed(Trial trial, Stroke stroke, long size, long value) {
        try (Subject subject = trial.subject()) {
            List<Long> blocks = allocate(subject, size, BLOCKS);
            if (blocks.size() < BLOCKS || subject.bare().outside() != null) {
                return false;
            }
            String what =
                    stroke.what + " of " + size + " bytes (0x" + Long.toHexString(value) + ")";
            trial.tell(what);
            strike(subject, stroke, blocks, size, value);
            return new Aftermath(trial, subject, what).isNoticed(addresses(blocks));
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
