package io.javalloc;

import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import java.lang.foreign.Arena;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A [Region] over native memory that starts out as zeros, with a committer that counts and that
/// refuses when told to. It gives as little as it can: the first try for more memory, the generous
/// one, is always refused, so that a heap which touches memory that it has not committed is found
/// out by [#assertUncommittedIsUntouched]. Its base is a multiple of the page and of nothing more.
///
/// It is also the [HeapArguments] of a heap that serves from it.
public final class TestRegion implements HeapArguments, AutoCloseable {

    private static final long ALIGNMENT = 1 << 21;

    private final Arena arena = Arena.ofConfined();
    private final Map<String, Double> options = new HashMap<>();
    private final Region region;
    private int commits;
    private int refusals;
    private long lastRefused;
    private long budget = Long.MAX_VALUE;

    /// @param bytes the length; a multiple of the page
    public TestRegion(long bytes) {
        long base = arena.allocate(bytes + Region.PAGE, ALIGNMENT).address() + Region.PAGE;
        region = new Region(base, bytes, this::commit);
    }

    private boolean commit(long address, long bytes) {
        boolean isGenerous = address != lastRefused;
        if (isGenerous || address + bytes - region.base() > budget) {
            lastRefused = isGenerous ? address : 0;
            refusals++;
            return false;
        }
        commits++;
        return true;
    }

    /// From now on refuses to have more than so many bytes of the region in use.
    public TestRegion refuseBeyond(long bytes) {
        budget = bytes;
        return this;
    }

    /// From now on refuses nothing.
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

    /// Bytes that are usable.
    public long committedBytes() {
        return region.committed() - region.base();
    }

    /// Fails if something was written to memory that was never committed.
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
