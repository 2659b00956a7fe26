package io.javalloc.kit.check;

import io.javalloc.catalog.Catalog;
import io.javalloc.kit.HeapMaker;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The process that [Containment] starts: tries rules, one after the other, and records in a file
/// how it goes. Whatever a heap does to it stays in it.
final class Child {

    /// The exit status of a child whose state cannot be trusted any more: another one goes on.
    private static final int SPOILT = 3;

    private static final long TICK_MILLIS = 50;

    private final List<Slot> slots = new ArrayList<>();
    private volatile Slot current;

    private Child() {}

    /// @param arguments the file of slots, the heap expression, seed, seconds, patience, and the
    ///                  names of the rules
    public static void main(String[] arguments) throws IOException {
        Settings settings =
                new Settings(
                        Long.parseLong(arguments[2]),
                        Double.parseDouble(arguments[3]),
                        Double.parseDouble(arguments[4]));
        List<Rule> rules = new ArrayList<>();
        for (String name : List.of(arguments).subList(5, arguments.length)) {
            rules.add(Rules.named(name));
        }
        HeapMaker maker = region -> Catalog.create(arguments[1], region, 0);
        new Child().run(Path.of(arguments[0]), rules, maker, settings);
    }

    private void run(Path file, List<Rule> rules, HeapMaker maker, Settings settings)
            throws IOException {
        Slots all = new Slots(file, rules.size());
        for (int i = 0; i < rules.size(); i++) {
            slots.add(all.slot(i));
        }
        Thread watchdog = new Thread(() -> watch(settings.patience()), "watchdog");
        watchdog.setDaemon(true);
        watchdog.start();
        Runtime.getRuntime().addShutdownHook(new Thread(this::heapEndsUs, "shutdown"));
        Thread tries = new Thread(() -> tryAll(rules, maker, settings), Threads.RULE);
        tries.start();
    }

    private void tryAll(List<Rule> rules, HeapMaker maker, Settings settings) {
        for (int i = 0; i < rules.size(); i++) {
            Slot slot = slots.get(i);
            if (slot.state() != Slot.State.WAITING) {
                continue;
            }
            slot.begin(settings.seed());
            current = slot;
            try {
                Conformance.check(rules.get(i), maker, settings, slot);
            } catch (OutOfMemoryError e) {
                slot.endWithoutMemory();
                Runtime.getRuntime().halt(SPOILT);
            } catch (Throwable e) {
                slot.end(Slot.State.BROKEN, "the rule itself throws " + Thrown.describe(e));
            }
            current = null;
        }
        Runtime.getRuntime().halt(0); // not exit: the heap may have threads and hooks of its own
    }

    /// Ends the process, with a word on where the heap is, when there has been no call for too
    /// long; silently when there is no parent any more.
    private void watch(double patience) {
        long parent = parent();
        Slot watched = null;
        long calls = 0;
        long since = System.nanoTime();
        while (parent() == parent) {
            Slot slot = current;
            if (slot == null || slot != watched || slot.calls() != calls) {
                watched = slot;
                calls = slot == null ? 0 : slot.calls();
                since = System.nanoTime();
            } else if (System.nanoTime() - since > patience * 1e9) {
                slot.end(Slot.State.BROKEN, noProgress(slot, patience));
                break;
            }
            sleep();
        }
        Runtime.getRuntime().halt(SPOILT);
    }

    private static long parent() {
        return ProcessHandle.current().parent().map(ProcessHandle::pid).orElse(0L);
    }

    private static String noProgress(Slot slot, double patience) {
        String left = slot.message();
        String known = left.isEmpty() ? "" : left + "; after that, ";
        return known
                + slot.lastCall()
                + " does not come back: no progress for "
                + (long) Math.ceil(patience)
                + " s, in call "
                + slot.calls()
                + " of this rule\n"
                + withStep(slot)
                + Threads.describe();
    }

    /// Somebody has called `System.exit`, and it is not us.
    private void heapEndsUs() {
        Slot slot = current;
        if (slot != null && slot.state() == Slot.State.RUNNING) {
            slot.end(
                    Slot.State.BROKEN,
                    slot.lastCall()
                            + " ends the Java process\n"
                            + withStep(slot)
                            + Threads.describe());
        }
    }

    private static String withStep(Slot slot) {
        return slot.lastStep().isEmpty() ? "" : slot.lastStep() + "\n";
    }

    private static void sleep() {
        try {
            Thread.sleep(TICK_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
