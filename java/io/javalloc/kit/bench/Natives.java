package io.javalloc.kit.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The native allocators that are installed, as the loader finds them.
public final class Natives {

    /// Names, and what their libraries are called; the first that is there is taken.
    private static final Map<String, List<String>> KNOWN = known();

    private static final List<String> PACKAGES =
            List.of("libjemalloc2", "libmimalloc2.0", "libtcmalloc-minimal4");
    private static final Pattern CACHED = Pattern.compile("\\s+(\\S+) \\(.*x86-64.*\\) => (/\\S+)");
    private static final Path CACHE_READER = Path.of("/sbin/ldconfig");

    private Natives() {}

    private static Map<String, List<String>> known() {
        Map<String, List<String>> known = new LinkedHashMap<>();
        known.put("jemalloc", List.of("libjemalloc.so"));
        known.put("mimalloc", List.of("libmimalloc.so"));
        known.put("tcmalloc", List.of("libtcmalloc_minimal.so", "libtcmalloc.so"));
        return known;
    }

    /// Those that are installed.
    public static List<Contender> installed() {
        return among(libraries());
    }

    /// The packages of Debian that bring all of them.
    public static String packages() {
        return String.join(" ", PACKAGES);
    }

    /// @param libraries paths, by file names
    static List<Contender> among(Map<String, Path> libraries) {
        List<Contender> found = new ArrayList<>();
        KNOWN.forEach(
                (name, files) -> {
                    for (String file : files) {
                        Path library = newest(libraries, file);
                        if (library != null) {
                            found.add(Contender.preloaded(name, library));
                            return;
                        }
                    }
                });
        return found;
    }

    private static Path newest(Map<String, Path> libraries, String file) {
        Path newest = null;
        for (String name : new TreeSet<>(libraries.keySet())) {
            if (name.equals(file) || name.startsWith(file + ".")) {
                newest = libraries.get(name);
            }
        }
        return newest;
    }

    private static Map<String, Path> libraries() {
        Map<String, Path> libraries = new LinkedHashMap<>();
        String reader = Files.isExecutable(CACHE_READER) ? CACHE_READER.toString() : "ldconfig";
        try {
            Process process =
                    new ProcessBuilder(reader, "-p")
                            .redirectError(ProcessBuilder.Redirect.DISCARD)
                            .start();
            String cache =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            read(cache, libraries);
        } catch (IOException e) {
            return libraries; // a system without this cache: --preload names what is there
        }
        return libraries;
    }

    /// @param cache what `ldconfig -p` prints
    static void read(String cache, Map<String, Path> libraries) {
        for (String line : cache.lines().toList()) {
            Matcher matcher = CACHED.matcher(line);
            if (matcher.matches()) {
                libraries.putIfAbsent(matcher.group(1), Path.of(matcher.group(2)));
            }
        }
    }
}
