package io.javalloc.kit.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The programs of `tests/bench/workloads`.
final class Workloads {

    /// The name of the task that does nothing.
    static final String START_UP = "start-up";

    /// A timed run does less: reading the clock takes longer than many calls.
    static final double TIMED_SHARE = 0.0625;

    private static final Map<String, String> ABOUT = about();

    private Workloads() {}

    private static Map<String, String> about() {
        Map<String, String> about = new LinkedHashMap<>();
        about.put("pairs-64", "malloc and free of 64 bytes, again and again");
        about.put("batch-1000", "1,000 small blocks, freed in the order in which they came");
        about.put("scattered-10000", "10,000 blocks of 64 bytes, freed in scattered order");
        about.put("random-sizes", "2,000 live blocks of 16 bytes to 8 KiB, random lifetimes");
        about.put("big-blocks", "32 live blocks of 64 KiB to 8 MiB, all pages written");
        about.put("realloc-growth", "16 texts and lists that grow to up to 512 KiB");
        about.put("fragmentation", "32 MiB live, of sizes that change with time");
        about.put("threads-local", "4 threads, each with blocks of its own");
        about.put("cross-thread", "4 threads that free each other's blocks");
        about.put("producer-consumer", "2 threads allocate, 2 others free");
        about.put("short-threads", "threads made one after the other, 10 blocks each");
        about.put("server", "4 threads with requests, growing answers, long sessions");
        return about;
    }

    /// All of them, the one that does nothing first.
    ///
    /// @param programs where the build has put the programs
    static List<Task> all(Path programs, double scale) {
        List<Task> tasks = new ArrayList<>();
        String program = programs.resolve("workloads").toString();
        String timed = programs.resolve("workloads-timed").toString();
        String size = Double.toString(scale);
        String timedSize = Double.toString(scale * TIMED_SHARE);
        tasks.add(
                new Task(
                        START_UP,
                        Kind.START_UP,
                        "one malloc and one free: what every program pays",
                        List.of(program, START_UP),
                        List.of(),
                        false,
                        null));
        ABOUT.forEach(
                (name, about) ->
                        tasks.add(
                                new Task(
                                        name,
                                        Kind.WORKLOAD,
                                        about,
                                        List.of(program, name, size),
                                        List.of(timed, name, timedSize),
                                        false,
                                        null)));
        return tasks;
    }
}
