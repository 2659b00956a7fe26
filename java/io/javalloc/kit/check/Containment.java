package io.javalloc.kit.check;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

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
        Path work = Files.createTempDirectory("javalloc-check");
        try {
            Slots slots = new Slots(work.resolve("slots"), rules.size());
            next = 0;
            while (next < rules.size()) {
                runChild(work, slots, listener);
            }
        } finally {
            delete(work);
        }
    }

    private void runChild(Path work, Slots slots, Listener listener)
            throws IOException, InterruptedException {
        printedBytes = 0;
        int first = next;
        Process child = start(work);
        Thread killer = new Thread(child::destroyForcibly, "killer");
        Runtime.getRuntime().addShutdownHook(killer);
        try {
            follow(child, work, slots, listener);
        } finally {
            child.destroyForcibly().waitFor();
            Runtime.getRuntime().removeShutdownHook(killer);
        }
        report(work, slots, listener);
        if (next == rules.size()) {
            return;
        }
        Slot slot = slots.slot(next);
        if (slot.state() == Slot.State.RUNNING) {
            String step = slot.lastStep();
            String words = death(child, work, slot);
            slot.end(Slot.State.BROKEN, step.isEmpty() ? words : words + "\n" + step);
            report(work, slots, listener);
        } else if (next == first) {
            throw new IOException(
                    "the Java process for the trial does not start: " + printed(work));
        }
    }

    /// Reports what has ended, until the child ends or hangs.
    private void follow(Process child, Path work, Slots slots, Listener listener)
            throws IOException, InterruptedException {
        long calls = -1;
        long since = System.nanoTime();
        while (!child.waitFor(TICK_MILLIS, TimeUnit.MILLISECONDS)) {
            int before = next;
            report(work, slots, listener);
            if (next == rules.size()) {
                continue;
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
    private void report(Path work, Slots slots, Listener listener) throws IOException {
        while (next < rules.size() && hasEnded(slots.slot(next))) {
            Verdict verdict = Conformance.verdict(rules.get(next), slots.slot(next));
            next++;
            listener.ended(verdict, printed(work));
        }
    }

    private static boolean hasEnded(Slot slot) {
        Slot.State state = slot.state();
        return state != Slot.State.WAITING && state != Slot.State.RUNNING;
    }

    private static String death(Process child, Path work, Slot slot) throws IOException {
        String left = slot.message().isEmpty() ? "" : slot.message() + "; after that, ";
        if (Files.exists(crashLog(work))) {
            String crash = CrashLog.describe(crashLog(work), slot);
            Files.delete(crashLog(work));
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

    private Process start(Path work) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(JVM_OPTIONS);
        command.add("-XX:ErrorFile=" + crashLog(work));
        command.add("-cp");
        String own = System.getProperty("java.class.path");
        command.add(classPath.isEmpty() ? own : classPath + File.pathSeparator + own);
        command.add(Child.class.getName());
        command.add(work.resolve("slots").toString());
        command.add(expression);
        command.add(Long.toString(settings.seed()));
        command.add(Double.toString(settings.seconds()));
        command.add(Double.toString(settings.patience()));
        for (Rule rule : rules) {
            command.add(rule.name());
        }
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output(work).toFile())
                .start();
    }

    private static Path crashLog(Path work) {
        return work.resolve("crash.log");
    }

    private static Path output(Path work) {
        return work.resolve("output");
    }

    /// What the child has printed since the last time, but for HotSpot's own last words.
    private String printed(Path work) throws IOException {
        byte[] all = Files.readAllBytes(output(work));
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

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(
                            file -> {
                                try {
                                    Files.delete(file);
                                } catch (IOException e) {
                                    throw new UncheckedIOException(e);
                                }
                            });
        }
    }
}
