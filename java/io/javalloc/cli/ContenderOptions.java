package io.javalloc.cli;

import io.javalloc.catalog.Catalog;
import io.javalloc.kit.bench.Contender;
import io.javalloc.kit.bench.Natives;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Which allocators are measured, beside glibc's.
final class ContenderOptions {

    @Mixin private HeapClassPath classPath;

    @Option(
            names = "--heap",
            paramLabel = "EXPR",
            description =
                    "A heap to measure; may be given several times (default: the default heap).")
    private List<String> heaps = new ArrayList<>();

    @Option(
            names = "--preload",
            paramLabel = "NAME=FILE",
            description = "Another allocator: a library to preload; may be given several times.")
    private Map<String, Path> preloads = new LinkedHashMap<>();

    @Option(
            names = "--no-natives",
            description =
                    "Leave out jemalloc, mimalloc and tcmalloc, which else take part if there.")
    private boolean isWithoutNatives;

    /// glibc first, then native allocators, then heaps.
    ///
    /// @throws Refusal if one of them cannot be had
    List<Contender> contenders() {
        Path library = NativeBuild.directory().toAbsolutePath().resolve("lib/libjavalloc.so");
        if (!Files.exists(library)) {
            throw new Refusal(Status.UNAVAILABLE, library + " is missing; javalloc build makes it");
        }
        List<Contender> contenders = new ArrayList<>();
        contenders.add(Contender.glibc());
        if (!isWithoutNatives) {
            contenders.addAll(Natives.installed());
        }
        preloads.forEach((name, file) -> contenders.add(preloaded(name, file)));
        for (String heap : heaps.isEmpty() ? List.of(Catalog.DEFAULT) : heaps) {
            contenders.add(Contender.heap(heap, library, absoluteClassPath()));
        }
        requireDistinct(contenders.stream().map(Contender::name).toList());
        classPath.requireHeaps(heaps);
        return contenders;
    }

    /// Figures go by the names of contenders.
    static void requireDistinct(List<String> names) {
        Set<String> seen = new HashSet<>();
        for (String name : names) {
            Refusal.require(seen.add(name), "two contenders have the same name: '" + name + "'");
        }
    }

    private static Contender preloaded(String name, Path file) {
        Refusal.require(Files.isRegularFile(file), "--preload: there is no file " + file);
        return Contender.preloaded(name, file.toAbsolutePath());
    }

    /// Programs run in folders of their own.
    private String absoluteClassPath() {
        List<String> parts = new ArrayList<>();
        for (String part : classPath.get().split(File.pathSeparator, -1)) {
            parts.add(part.isEmpty() ? "" : Path.of(part).toAbsolutePath().toString());
        }
        return String.join(File.pathSeparator, parts);
    }
}
