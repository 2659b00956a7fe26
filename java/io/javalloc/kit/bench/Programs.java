package io.javalloc.kit.bench;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Real programs, with scripts of our own to do. What is not installed is left out, and named.
final class Programs {

    private static final byte[] ELF = {0x7f, 'E', 'L', 'F'};
    private static final int GCC_PARTS = 4;
    private static final int MOST_GCC_PARTS = 8;

    private final List<Task> tasks = new ArrayList<>();
    private final List<String> missing = new ArrayList<>();
    private final Path scripts;
    private final String path;

    /// @param scripts where the build has put them
    /// @param path    folders with programs, separated by colons
    Programs(Path scripts, double scale, String path) {
        this.scripts = scripts;
        this.path = path;
        String size = Double.toString(scale);
        add(
                "gcc",
                "compiles a file of macros; gcc, cc1 and as: three processes",
                gccArguments(scale),
                "gcc");
        add(
                "python3",
                "a tree of objects, words, JSON",
                List.of(script("python3.py"), size),
                "python3");
        add(
                "sqlite3",
                "tables in memory: joins, groups, changes",
                sqliteArguments(size),
                "sqlite3");
        add("perl", "strings, hashes, sorting", List.of(script("perl.pl"), size), "perl");
        add(
                "lua",
                "tables, closures, strings",
                List.of(script("lua.lua"), size),
                "lua5.4",
                "lua5.3",
                "lua");
        addRedis(size);
    }

    /// The server alone has the allocator, so a script starts both.
    private void addRedis(String size) {
        Optional<Path> server = program("redis-server");
        Optional<Path> client = program("redis-benchmark");
        if (server.isPresent() && client.isPresent()) {
            List<String> command =
                    List.of(
                            script("redis.sh"),
                            server.get().toString(),
                            client.get().toString(),
                            size);
            String about = "a server (Debian's is linked with jemalloc) and its client's requests";
            tasks.add(Task.script("redis", about, server.get(), command));
        }
    }

    /// The tasks of the programs that are installed.
    List<Task> tasks() {
        return List.copyOf(tasks);
    }

    /// The programs that are not.
    List<String> missing() {
        return List.copyOf(missing);
    }

    /// @param names what the program may be called
    private void add(String name, String about, List<String> arguments, String... names) {
        program(names)
                .ifPresent(
                        program -> {
                            List<String> command = new ArrayList<>(List.of(program.toString()));
                            command.addAll(arguments);
                            tasks.add(Task.program(name, about, program, command));
                        });
    }

    private List<String> gccArguments(double scale) {
        long parts = Math.max(1, Math.min(MOST_GCC_PARTS, Math.round(GCC_PARTS * scale)));
        return List.of("-O2", "-DPARTS=" + parts, "-c", script("gcc.c"), "-o", "gcc.o");
    }

    private List<String> sqliteArguments(String size) {
        return List.of(
                "-batch",
                ":memory:",
                "-cmd",
                ".parameter init",
                "-cmd",
                ".parameter set :scale " + size,
                ".read '" + script("sqlite3.sql") + "'");
    }

    private String script(String name) {
        return scripts.resolve(name).toString();
    }

    private Optional<Path> program(String... names) {
        for (String name : names) {
            for (String folder : path.split(File.pathSeparator, -1)) {
                Path file = Path.of(folder, name).toAbsolutePath();
                if (!folder.isEmpty() && Files.isExecutable(file) && isElf(file)) {
                    return Optional.of(file);
                }
            }
        }
        missing.add(names[0]);
        return Optional.empty();
    }

    /// A script of that name (a wrapper, a version manager's shim) is not the program itself.
    static boolean isElf(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            return Arrays.equals(in.readNBytes(ELF.length), ELF);
        } catch (IOException e) {
            return false;
        }
    }
}
