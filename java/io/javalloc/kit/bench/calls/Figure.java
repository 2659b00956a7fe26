package io.javalloc.kit.bench.calls;

import java.util.Comparator;
import java.util.List;

/// Something that is measured.
///
/// @param workload as `operations.c` calls it
/// @param threads  how many threads did it; 0 for what belongs to the whole process
public record Figure(String workload, int threads) implements Comparable<Figure> {

    private static final List<String> ORDER =
            List.of("empty", "pair", "malloc", "free", "random", "growth", "calloc");

    /// The most memory that the process had resident, in bytes. All other figures are nanoseconds
    /// for one operation.
    public static final Figure PEAK = new Figure("peak", 0);

    /// What the workload does, in words.
    public String describe() {
        return switch (workload) {
            case "empty" -> "two empty upcalls";
            case "pair" -> "malloc + free, 64 bytes";
            case "malloc" -> "malloc, 1000 of 64 bytes";
            case "free" -> "free of these, scattered";
            case "random" -> "malloc + free, 16-4096 bytes";
            case "growth" -> "realloc, 16 bytes to 64 KiB";
            case "calloc" -> "calloc + free, 256 bytes";
            case "peak" -> "peak resident memory (MiB)";
            default -> workload;
        };
    }

    /// In the order in which they are shown: thread by thread, the whole process at the end.
    @Override
    public int compareTo(Figure other) {
        return Comparator.<Figure>comparingInt(figure -> figure.threads == 0 ? 1 : 0)
                .thenComparingInt(Figure::threads)
                .thenComparingInt(figure -> ORDER.indexOf(figure.workload))
                .compare(this, other);
    }
}
