package io.javalloc.kit.bench;

import io.javalloc.kit.Scratch;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Runs programs under `measure.c`, in a folder of their own.
final class Measure implements AutoCloseable {

    /// How a program ended.
    ///
    /// @param status [Sample#OK], [Sample#TIMEOUT], or another word
    /// @param usage  wall nanoseconds, user and system microseconds, peak KiB
    /// @param output what it printed
    /// @param errors what it said
    record Outcome(String status, List<Long> usage, String output, String errors) {

        /// Behind the word for how it failed: its last words, if it had any.
        String failure(String how) {
            String words = lastWords();
            return words.isEmpty() ? how : how + ", " + words;
        }

        /// The last line that the program wrote to its standard error, without javalloc's mark.
        String lastWords() {
            String[] lines = errors.strip().split("\n", -1);
            return lines[lines.length - 1].replaceFirst("^javalloc(\\[\\d+])?: ", "");
        }
    }

    /// `exited 0 wall_ns N user_us N sys_us N peak_kib N`
    private static final int WORDS = 10;

    private static final int FIRST_VALUE = 3;

    private final Path program;
    private final int seconds;
    private final Scratch scratch = new Scratch("javalloc-bench");
    private final Path result;
    private final Path output;
    private final Path errors;

    /// @param program `measure`
    /// @param seconds after which a program is ended
    Measure(Path program, int seconds) throws IOException {
        this.program = program;
        this.seconds = seconds;
        result = scratch.file("result");
        output = scratch.file("output");
        errors = scratch.file("errors");
    }

    /// A file in the folder.
    Path file(String name) {
        return scratch.file(name);
    }

    /// @param variables `NAME=VALUE`
    Outcome run(List<String> variables, List<String> command)
            throws IOException, InterruptedException {
        List<String> words = new ArrayList<>();
        words.add(program.toString());
        words.add(result.toString());
        words.add(Integer.toString(seconds));
        words.addAll(variables);
        words.add("--");
        words.addAll(command);
        ProcessBuilder builder =
                new ProcessBuilder(words)
                        .directory(scratch.folder().toFile())
                        .redirectInput(new File("/dev/null"))
                        .redirectOutput(output.toFile())
                        .redirectError(errors.toFile());
        Contender.clear(builder.environment());
        builder.environment().put("PYTHONHASHSEED", "0"); // the same work in each run
        builder.environment().put("LC_ALL", "C");
        int status = builder.start().waitFor();
        String said = read(errors);
        if (status != 0) {
            throw new IOException("cannot measure " + command.get(0) + ": " + said.strip());
        }
        return outcome(read(result).strip().split(" ", -1), said);
    }

    private Outcome outcome(String[] words, String said) throws IOException {
        if (words.length != WORDS) {
            throw new IOException(program + " is not of this build; javalloc build makes it anew");
        }
        List<Long> usage = new ArrayList<>();
        for (int value = FIRST_VALUE; value < WORDS; value += 2) {
            usage.add(Long.parseLong(words[value]));
        }
        return new Outcome(status(words[0], words[1]), usage, read(output), said);
    }

    private static String status(String how, String number) {
        return switch (how) {
            case "timeout" -> Sample.TIMEOUT;
            case "killed" -> "signal " + number;
            default -> number.equals("0") ? Sample.OK : "exit " + number;
        };
    }

    /// Programs may print what is no text.
    private static String read(Path file) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        scratch.close();
    }
}
