package io.javalloc.kit.check;

import io.javalloc.kit.Scratch;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Tries rules in a process of their own. When a heap crashes it, ends it, or does not come back,
/// the rule is named that was being tried, and another process goes on with the next.
public final class Containment {

    /// Hears how it goes.
    public interface Listener {

        /// A rule is being tried, and so many calls of the heap have been made for it. Comes often.
        void running(String rule, long calls);

        /// A rule has been tried.
        ///
        /// @param printed what the heap printed meanwhile
        void ended(Verdict verdict, String printed);
    }

    private static final long TICK_MILLIS = 20;

    /// The file that says how far the child is.
    private static final String SLOTS = "slots";

    /// So much longer than the child's own watchdog the parent waits, in nanoseconds.
    private static final long GRACE = 5_000_000_000L;

    private static final double START_PATIENCE = 60e9;

    private static final List<String> JVM_OPTIONS =
            List.of(
                    "--enable-native-access=ALL-UNNAMED",
                    "-XX:+UseSerialGC",
                    "-Xmx256m",
                    "-Xshare:auto",
                    "-XX:-UsePerfData",
                    "-XX:-CreateCoredumpOnCrash",
                    // A crash of the heap is told in our own words.
                    "-Xlog:disable",
                    // An endless loop can be looked at only where it can be stopped.
                    "-XX:+UseCountedLoopSafepoints",
                    "-XX:LoopStripMiningIter=1000");

    private final String expression;
    private final String classPath;
    private final Settings settings;
    private final List<Rule> rules = new ArrayList<>();
    private int next;
    private long printedBytes;

    /// @param expression the heap, as users write it
    /// @param classPath  where its provider is, separated by colons; empty if it is a built-in one
    /// @param rules      the rules' names, see [Conformance#ruleNames]
    /// @throws IllegalArgumentException if there is no such rule
    public Containment(String expression, String classPath, Settings settings, List<String> rules) {
        this.expression = expression;
        this.classPath = classPath;
        this.settings = settings;
        for (String rule : rules) {
            this.rules.add(Rules.named(rule));
        }
    }

    /// Tries the rules.
    ///
    /// @throws WrongHeap   if the expression makes no heap
    /// @throws IOException if no process can be started
    public void run(Listener listener) throws IOException, InterruptedException {
        try (Scratch scratch = new Scratch("javalloc-check")) {
            Slots slots = new Slots(scratch.file(SLOTS), rules.size());
            next = 0;
            while (next < rules.size()) {
                runChild(scratch, slots, listener);
            }
        }
    }

    private void runChild(Scratch scratch, Slots slots, Listener listener)
            throws IOException, InterruptedException {
        printedBytes = 0;
        int first = next;
        Process child = start(scratch);
        Thread killer = new Thread(child::destroyForcibly, "killer");
        Runtime.getRuntime().addShutdownHook(killer);
        try {
            follow(child, scratch, slots, listener);
        } finally {
            child.destroyForcibly().waitFor();
            Runtime.getRuntime().removeShutdownHook(killer);
        }
        report(scratch, slots, listener);
        if (next == rules.size()) {
            return;
        }
        Slot slot = slots.slot(next);
        if (slot.state() == Slot.State.RUNNING) {
            String step = slot.lastStep();
            String words = death(child, scratch, slot);
            slot.end(Slot.State.BROKEN, step.isEmpty() ? words : words + "\n" + step);
            report(scratch, slots, listener);
        } else if (next == first) {
            throw new IOException(
                    "the Java process for the trial does not start: " + printed(scratch));
        }
    }

    /// Reports what has ended, until the child ends or hangs.
    private void follow(Process child, Scratch scratch, Slots slots, Listener listener)
            throws IOException, InterruptedException {
        long calls = -1;
        long since = System.nanoTime();
        while (!child.waitFor(TICK_MILLIS, TimeUnit.MILLISECONDS)) {
            int before = next;
            report(scratch, slots, listener);
            if (next == rules.size()) {
                return; // all is known: whatever keeps it from ending does not matter
            }
            Slot slot = slots.slot(next);
            if (next != before || slot.calls() != calls) {
                calls = slot.calls();
                since = System.nanoTime();
            } else if (System.nanoTime() - since > patience(slot)) {
                return;
            }
            if (slot.state() == Slot.State.RUNNING) {
                listener.running(rules.get(next).name(), calls);
            }
        }
    }

    /// How long nothing may happen, in nanoseconds: until a process has started, or in a rule.
    private double patience(Slot slot) {
        boolean isRunning = slot.state() == Slot.State.RUNNING;
        return isRunning ? settings.patience() * 1e9 + GRACE : START_PATIENCE;
    }

    /// Hands on the verdicts of the rules that have ended.
    private void report(Scratch scratch, Slots slots, Listener listener) throws IOException {
        while (next < rules.size() && hasEnded(slots.slot(next))) {
            Verdict verdict = Conformance.verdict(rules.get(next), slots.slot(next));
            next++;
            listener.ended(verdict, printed(scratch));
        }
    }

    private static boolean hasEnded(Slot slot) {
        Slot.State state = slot.state();
        return state != Slot.State.WAITING && state != Slot.State.RUNNING;
    }

    private static String death(Process child, Scratch scratch, Slot slot) throws IOException {
        String left = slot.message().isEmpty() ? "" : slot.message() + "; after that, ";
        if (Files.exists(crashLog(scratch))) {
            String crash = CrashLog.describe(crashLog(scratch), slot);
            Files.delete(crashLog(scratch));
            return left + crash;
        }
        return left
                + slot.lastCall()
                + " ends the Java process with status "
                + child.exitValue()
                + "; call "
                + slot.calls()
                + " of this rule";
    }

    private Process start(Scratch scratch) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(JVM_OPTIONS);
        command.add("-XX:ErrorFile=" + crashLog(scratch));
        command.add("-cp");
        String own = System.getProperty("java.class.path");
        command.add(classPath.isEmpty() ? own : classPath + File.pathSeparator + own);
        command.add(Child.class.getName());
        command.add(scratch.file(SLOTS).toString());
        command.add(expression);
        command.add(Long.toString(settings.seed()));
        command.add(Double.toString(settings.seconds()));
        command.add(Double.toString(settings.patience()));
        for (Rule rule : rules) {
            command.add(rule.name());
        }
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output(scratch).toFile())
                .start();
    }

    private static Path crashLog(Scratch scratch) {
        return scratch.file("crash.log");
    }

    private static Path output(Scratch scratch) {
        return scratch.file("output");
    }

    /// What the child has printed since the last time, but for HotSpot's own last words.
    private String printed(Scratch scratch) throws IOException {
        byte[] all = Files.readAllBytes(output(scratch));
        int from = (int) Math.min(printedBytes, all.length);
        printedBytes = all.length;
        String text = new String(all, from, all.length - from, StandardCharsets.UTF_8);
        List<String> lines = new ArrayList<>();
        for (String line : text.split("\n", -1)) {
            if (!line.startsWith("#") && !line.isBlank()) {
                lines.add(line);
            }
        }
        return String.join("\n", lines);
    }
}
