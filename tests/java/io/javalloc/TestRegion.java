package io.javalloc;

import io.javalloc.kit.FrugalPages;
import io.javalloc.kit.TrialMemory;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import java.lang.foreign.Arena;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A [Region] over native memory that starts out as zeros, with a frugal committer that counts. A
/// heap which touches memory that it has not committed is found out by
/// [#assertUncommittedIsUntouched]. Its base is a multiple of the page and of nothing more.
///
/// It is also the [HeapArguments] of a heap that serves from it.
public final class TestRegion implements HeapArguments, TrialMemory, AutoCloseable {

    private static final long ALIGNMENT = 1 << 21;

    private final Arena arena = Arena.ofConfined();
    private final Map<String, Double> options = new HashMap<>();
    private final FrugalPages pages;
    private final Region region;
    private int commits;
    private int refusals;

    /// @param bytes the length; a multiple of the page
    public TestRegion(long bytes) {
        long base = arena.allocate(bytes + Region.PAGE, ALIGNMENT).address() + Region.PAGE;
        pages = new FrugalPages(base, (address, length) -> true);
        region = new Region(base, bytes, this::commit);
    }

    private boolean commit(long address, long bytes) {
        boolean granted = pages.commit(address, bytes);
        if (granted) {
            commits++;
        } else {
            refusals++;
        }
        return granted;
    }

    @Override
    public TestRegion refuseBeyond(long bytes) {
        pages.refuseBeyond(bytes);
        return this;
    }

    @Override
    public TestRegion refuseNothing() {
        return refuseBeyond(Long.MAX_VALUE);
    }

    /// Sets what an option answers, as if the user had written it.
    public TestRegion with(String option, double value) {
        options.put(option, value);
        return this;
    }

    /// How often memory was granted.
    public int commits() {
        return commits;
    }

    /// How often memory was refused.
    public int refusals() {
        return refusals;
    }

    public long base() {
        return region.base();
    }

    @Override
    public boolean isUsable(long address, long bytes) {
        return pages.isUsable(address, bytes);
    }

    @Override
    public long committedBytes() {
        return pages.committedBytes();
    }

    @Override
    public void assertUncommittedIsUntouched() {
        for (long word = region.committed(); word < region.limit(); word += Long.BYTES) {
            if (Memory.getLong(word) != 0) {
                throw new AssertionError(
                        "written, but not committed: base + " + (word - region.base()));
            }
        }
    }

    @Override
    public Region region() {
        return region;
    }

    @Override
    public long bytes(String name, long absent) {
        return number(name, absent);
    }

    @Override
    public long number(String name, long absent) {
        return options.containsKey(name) ? options.get(name).longValue() : absent;
    }

    @Override
    public double rate(String name, double absent) {
        return options.getOrDefault(name, absent);
    }

    @Override
    public Heap inner() {
        throw new IllegalArgumentException("no inner heap");
    }

    @Override
    public List<Part> parts(int least) {
        throw new IllegalArgumentException("no inner heaps");
    }

    @Override
    public void close() {
        arena.close();
    }
}
