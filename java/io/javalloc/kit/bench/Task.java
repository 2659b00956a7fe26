package io.javalloc.kit.bench;

import java.nio.file.Path;
import java.util.List;

/// What contenders have to do: a command that always does the same work.
///
/// @param about    what it does, in a line
/// @param command  absolute
/// @param timed    the command that measures single calls, to which the name of a file is added;
///                 empty if there is none
/// @param isScript whether the command is a script that hands the allocator on to the program that
///                 is measured
/// @param program  what is installed here and has a version; null if it is our own
public record Task(
        String name,
        Kind kind,
        String about,
        List<String> command,
        List<String> timed,
        boolean isScript,
        Path program) {

    private static final String SCRIPTS_PRELOAD = "BENCH_PRELOAD";

    static Task program(String name, String about, Path program, List<String> command) {
        return new Task(name, Kind.PROGRAM, about, command, List.of(), false, program);
    }

    static Task script(String name, String about, Path program, List<String> command) {
        return new Task(name, Kind.PROGRAM, about, command, List.of(), true, program);
    }

    /// The variables that make the contender serve the task.
    List<String> variables(Contender contender) {
        return (isScript ? contender.environment(SCRIPTS_PRELOAD) : contender.environment())
                .entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList();
    }
}
