package io.javalloc.kit.check;

import io.javalloc.kit.HeapModel;

/// An address is a multiple of the alignment that was asked for; 16 at least.
final class AlignsBlocks implements Rule {

    private static final int LOG_LEAST = 4;

    /// A heap that serves less is told so.
    private static final int LOG_USUAL = 20;

    private static final int LOG_MOST = 24;
    private static final long[] SIZES = {1, 24, 64, 100, 1000, 5000, 70_000};

    @Override
    public String name() {
        return "alignment";
    }

    @Override
    public String claim() {
        return "blocks are aligned as asked";
    }

    @Override
    public Finding check(Trial trial) {
        int logServed = 0;
        try (Subject subject = trial.subject()) {
            HeapModel model = subject.model();
            for (int log = LOG_LEAST; log <= LOG_MOST; log++) {
                for (long size : SIZES) {
                    model.free(size + log);
                    boolean one = model.allocate(size, 1L << log, false) != null;
                    boolean two = model.allocate(size, 1L << log, true) != null;
                    logServed = one || two ? log : logServed;
                }
            }
            model.checkAll();
        }
        if (logServed == LOG_MOST) {
            return Finding.HOLDS;
        }
        String served = "served up to " + (1L << logServed) + "; above, the answer is 0";
        return logServed < LOG_USUAL ? Finding.note(served) : Finding.holds(served);
    }
}
