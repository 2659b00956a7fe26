package io.javalloc.kit.check;

import io.javalloc.Heap;

/// A pointer that is no live block is refused, or not noticed; it never leads Java astray. Only
/// pointers into the region are tried: the bridge lets no others through.
final class SurvivesMisuse implements Rule {

    @Override
    public String name() {
        return "misuse";
    }

    @Override
    public String claim() {
        return "wrong pointers are refused or not noticed, and do no harm in Java";
    }

    @Override
    public Finding check(Trial trial) {
        int seen = 0;
        int tried = 0;
        for (Mistake mistake : Mistake.values()) {
            boolean[] refused = new boolean[1];
            if (isTried(trial, mistake, refused)) {
                tried++;
                seen += refused[0] ? 1 : 0;
            }
        }
        return Finding.holds(seen + " of " + tried + " kinds are seen when they are freed");
    }

    private static boolean isTried(Trial trial, Mistake mistake, boolean[] freeRefused) {
        for (Operation operation :
                new Operation[] {Operation.USABLE_SIZE, Operation.REALLOCATE, Operation.FREE}) {
            try (Subject subject = trial.subject()) {
                long address = mistake.prepare(subject.heap(), subject.memory().region());
                if (address == 0 || subject.bare().outside() != null) {
                    return false;
                }
                Aftermath aftermath = new Aftermath(trial, subject, mistake.what());
                trial.tell(mistake.what() + ", at " + aftermath.place(address));
                freeRefused[0] = refuses(aftermath, subject.bare(), operation, address);
                aftermath.isNoticed();
            }
        }
        return true;
    }

    private static boolean refuses(
            Aftermath aftermath, Heap heap, Operation operation, long address) {
        return aftermath.refuses(
                operation,
                address,
                100,
                () -> {
                    switch (operation) {
                        case USABLE_SIZE -> heap.usableSize(address);
                        case REALLOCATE -> heap.reallocate(address, 100);
                        default -> heap.free(address);
                    }
                });
    }
}
