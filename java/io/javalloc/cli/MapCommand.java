package io.javalloc.cli;

import io.javalloc.catalog.Catalog;
import io.javalloc.kit.map.CommonStream;
import io.javalloc.kit.map.HeapMap;
import io.javalloc.kit.map.Snapshot;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// Draws where a heap's blocks lie.
@Command(
        name = "map",
        description =
                "Plays a stream of operations on a heap, the same for every heap, and draws an SVG of"
                        + " where the live blocks lie then.")
final class MapCommand implements Callable<Integer> {

    @Spec private CommandSpec spec;
    @Mixin private HeapClassPath classPath;

    @Option(
            names = "--heap",
            required = true,
            paramLabel = "EXPR",
            description = "The heap: a name, with options and inner heaps in parentheses.")
    private String heap;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            description = "The picture; without it, the heap's name with .svg.")
    private Path output;

    @Override
    public Integer call() {
        classPath.load();
        Path file = output == null ? Path.of(heap.replaceAll("[^\\w-]+.*", "") + ".svg") : output;
        Output.prepare(file);
        Snapshot snapshot = CommonStream.play(region -> Catalog.create(heap, region, 0));
        Output.write(file, HeapMap.svg(snapshot, heap + " after the common stream"));
        spec.commandLine()
                .getOut()
                .printf(
                        Locale.ROOT,
                        "%s: %,d live blocks, %,d bytes; %,d bytes taken, %s%n",
                        file,
                        snapshot.blocks().size(),
                        snapshot.liveBytes(),
                        snapshot.takenBytes(),
                        snapshot.perByte());
        if (snapshot.refused() > 0) {
            spec.commandLine()
                    .getErr()
                    .printf(
                            "javalloc: %d of %d requests were answered with 0%n",
                            snapshot.refused(), snapshot.requests());
        }
        return Status.OK;
    }
}
