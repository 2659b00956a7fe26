package io.javalloc.kit.check;

import io.javalloc.Heap;
import io.javalloc.kit.HeapModel;
import io.javalloc.memory.Region;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A block whose bytes no `int` counts is as whole as any other. Little of it is touched, so the
/// machine need not have so much memory; nor is a heap tried that touches all of it by itself, to
/// erase it for instance.
final class ServesGiants implements Rule {

    private static final long REGION = 1L << 36;
    private static final long[] SIZES = {(1L << 31) + 4097, (1L << 32) + 100};

    /// A large block, by which is seen what the heap touches.
    private static final long PROBE = 64 << 20;

    private static final Path MEMORY_IN_USE = Path.of("/proc/self/statm");

    @Override
    public String name() {
        return "giants";
    }

    @Override
    public String claim() {
        return "blocks of more than 2 and 4 GiB are whole, and apart from others";
    }

    @Override
    public Finding check(Trial trial) {
        int served = 0;
        try (Subject subject = trial.subject(REGION)) {
            HeapModel model = subject.model();
            model.allocate(50, Heap.MIN_ALIGNMENT, false);
            if (touchesAll(subject.heap())) {
                return Finding.notTried("the heap touches all of a block by itself");
            }
            for (long size : SIZES) {
                served += serveBesideOthers(model, size) ? 1 : 0;
                model.checkAll();
            }
            while (model.liveBlocks() > 1) {
                model.reallocate(1, 1000);
                model.free(1);
            }
            for (long size : SIZES) {
                model.allocate(size, Heap.MIN_ALIGNMENT, false);
            }
            model.checkAll();
        }
        return served == SIZES.length
                ? Finding.HOLDS
                : Finding.holds(served == 0 ? "the answer is 0" : "to the larger the answer is 0");
    }

    private static boolean touchesAll(Heap heap) {
        long before = touchedBytes();
        long probe = heap.allocate(PROBE, Heap.MIN_ALIGNMENT);
        if (probe == 0) {
            return false;
        }
        long served = touchedBytes();
        heap.free(probe);
        return Math.max(served, touchedBytes()) - before > PROBE / 2;
    }

    /// What this process has in memory.
    private static long touchedBytes() {
        try {
            String resident = Files.readString(MEMORY_IN_USE).split(" ", 3)[1];
            return Long.parseLong(resident) * Region.SYSTEM_PAGE;
        } catch (IOException e) {
            return 0; // no such file: then nothing is known
        }
    }

    private static boolean serveBesideOthers(HeapModel model, long size) {
        boolean isServed = model.allocate(size, Heap.MIN_ALIGNMENT, false) != null;
        model.allocate(1000, Heap.MIN_ALIGNMENT, false);
        model.allocate(PROBE, Heap.MIN_ALIGNMENT, false);
        return isServed;
    }
}
