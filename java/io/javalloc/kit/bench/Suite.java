package io.javalloc.kit.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// The tasks of a benchmark.
///
/// @param programs where the build has put what belongs to the benchmark
/// @param tasks    in the order in which they come
/// @param missing  programs that are not installed
public record Suite(Path programs, List<Task> tasks, List<String> missing) {

    /// All tasks that this machine allows.
    ///
    /// @param build the native build's folder
    /// @param scale how much of the work is done: at 1 workloads take seconds, programs less
    /// @throws IllegalStateException if the build lacks something
    public static Suite of(Path build, double scale) {
        Path folder = build.toAbsolutePath().normalize().resolve("tests/bench");
        for (String name : List.of("measure", "workloads", "workloads-timed")) {
            if (!Files.exists(folder.resolve(name))) {
                throw new IllegalStateException(
                        folder.resolve(name) + " is missing; javalloc build makes it");
            }
        }
        String path = System.getenv().getOrDefault("PATH", "");
        Programs programs = new Programs(folder.resolve("programs"), scale, path);
        List<Task> tasks = new ArrayList<>(Workloads.all(folder, scale));
        tasks.addAll(programs.tasks());
        return new Suite(folder, List.copyOf(tasks), programs.missing());
    }

    /// Those whose names match one of the patterns.
    ///
    /// @throws IllegalArgumentException if one of them matches none, or is none
    public Suite only(List<String> patterns) {
        for (String pattern : patterns) {
            requirePattern(pattern);
        }
        for (String pattern : patterns) {
            if (tasks.stream().noneMatch(task -> Pattern.matches(pattern, task.name()))) {
                String names = String.join(", ", tasks.stream().map(Task::name).toList());
                throw new IllegalArgumentException(
                        "there is no task '" + pattern + "'; there are: " + names);
            }
        }
        List<Task> chosen =
                tasks.stream()
                        .filter(t -> patterns.stream().anyMatch(p -> Pattern.matches(p, t.name())))
                        .toList();
        return new Suite(programs, chosen, missing);
    }

    private static void requirePattern(String pattern) {
        try {
            Pattern.compile(pattern);
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(
                    "'"
                            + pattern
                            + "' is neither a task nor a regular expression: "
                            + e.getDescription(),
                    e);
        }
    }
}
