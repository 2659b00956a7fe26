package io.javalloc.kit.map;

import io.javalloc.kit.FrugalPages;
import io.javalloc.kit.ReservedMemory;
import io.javalloc.memory.Region;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/// What is where at one moment.
///
/// @param base     the first address of the region
/// @param spans    the memory that the heap has taken, in the order of addresses
/// @param blocks   the live blocks, in the order of addresses
/// @param requests how many blocks were asked for
/// @param refused  how often the answer was 0
public record Snapshot(long base, List<Span> spans, List<Block> blocks, int requests, int refused) {

    /// Blocks further apart than this are in two spans, where the heap has its memory from
    /// elsewhere.
    private static final long FAR = 1L << 20;

    /// A range of addresses.
    public record Span(long start, long end) {

        long bytes() {
            return end - start;
        }
    }

    /// A live block.
    ///
    /// @param asked  the bytes that were asked for
    /// @param usable the bytes that may be used
    public record Block(long address, long asked, long usable) {}

    static Snapshot of(ReservedMemory memory, List<Block> blocks, int requests, int refused) {
        List<Block> sorted = new ArrayList<>(blocks);
        sorted.sort(Comparator.comparingLong(Block::address));
        Region region = memory.region();
        boolean isOutside = sorted.stream().anyMatch(block -> !region.contains(block.address()));
        List<Span> spans = isOutside ? around(sorted) : committed(region.base(), memory.pages());
        long base = isOutside ? sorted.get(0).address() : region.base();
        return new Snapshot(base, spans, sorted, requests, refused);
    }

    private static List<Span> committed(long base, FrugalPages pages) {
        List<Span> spans = new ArrayList<>();
        long start = pages.nextCommitted(base);
        while (start >= 0) {
            Span span = new Span(start, pages.endOfCommitted(start));
            spans.add(span);
            start = pages.nextCommitted(span.end());
        }
        return spans;
    }

    private static List<Span> around(List<Block> sorted) {
        List<Span> spans = new ArrayList<>();
        long start = sorted.get(0).address();
        long end = start;
        for (Block block : sorted) {
            if (block.address() - end > FAR) {
                spans.add(new Span(start, end));
                start = block.address();
            }
            end = block.address() + block.usable();
        }
        spans.add(new Span(start, end));
        return spans;
    }

    /// The bytes that were asked for, of the live blocks.
    public long liveBytes() {
        return blocks.stream().mapToLong(Block::asked).sum();
    }

    /// The bytes that the heap has taken for them.
    public long takenBytes() {
        return spans.stream().mapToLong(Span::bytes).sum();
    }

    /// How many bytes are taken for one that is live; NaN if none is.
    public double fragmentation() {
        return blocks.isEmpty() ? Double.NaN : (double) takenBytes() / liveBytes();
    }

    /// The same in words.
    public String perByte() {
        return blocks.isEmpty()
                ? "nothing is live"
                : String.format(Locale.ROOT, "%.2f for each byte", fragmentation());
    }
}
