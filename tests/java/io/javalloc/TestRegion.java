package io.javalloc;

import io.javalloc.kit.FrugalPages;
import io.javalloc.kit.TrialMemory;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A [Region] over native memory that starts out as zeros, with a frugal committer that counts. A
/// heap which touches memory that it has not committed is found out by
/// [#assertUncommittedIsUntouched]. Its base is a multiple of the page and of nothing more.
///
/// A page that is protected shows [#PROTECTED] until it is accessible again; who has written to it
/// meanwhile is found out then.
///
/// It is also the [HeapArguments] of a heap that serves from it.
public final class TestRegion implements HeapArguments, TrialMemory, AutoCloseable {

    /// What is in every word of a protected page.
    public static final long PROTECTED = 0xeeeeeeeeeeeeeeeeL;

    private static final long ALIGNMENT = 1 << 21;

    private final Arena arena = Arena.ofConfined();
    private final Map<String, Double> options = new HashMap<>();
    private final FrugalPages pages;
    private final Region region;

    /// The contents of the pages that are protected, by address.
    private final Map<Long, long[]> hidden = new HashMap<>();

    private Heap inner;
    private boolean refusesProtection;
    private boolean refusesDiscards;
    private long refusedDiscard;
    private Runnable duringDiscards = () -> {};
    private long discardedBytes;
    private long discardedWords;
    private int commits;
    private int refusals;

    /// @param bytes the length; a multiple of the page
    public TestRegion(long bytes) {
        long base = arena.allocate(bytes + Region.PAGE, ALIGNMENT).address() + Region.PAGE;
        pages = new FrugalPages(base, new Mapping());
        region = new Region(base, bytes, new Counting());
    }

    /// Counts what the region asks for.
    private final class Counting implements Region.Pages {

        @Override
        public boolean commit(long address, long bytes) {
            boolean granted = pages.commit(address, bytes);
            if (granted) {
                commits++;
            } else {
                refusals++;
            }
            return granted;
        }

        @Override
        public boolean protect(long address, long bytes, boolean accessible) {
            return pages.protect(address, bytes, accessible);
        }

        @Override
        public boolean discard(long address, long bytes) {
            duringDiscards.run();
            boolean done = address != refusedDiscard && pages.discard(address, bytes);
            discardedBytes += done ? bytes : 0;
            return done;
        }

        @Override
        public boolean discard(long[] zeros) {
            if (!Arrays.equals(zeros, new long[zeros.length])) {
                throw new AssertionError("an array to be discarded is not all zero");
            }
            discardedWords += zeros.length;
            return true;
        }
    }

    /// Grants everything, and makes pages look protected.
    private final class Mapping implements Region.Pages {

        @Override
        public boolean commit(long address, long bytes) {
            return true;
        }

        @Override
        public boolean protect(long address, long bytes, boolean accessible) {
            if (refusesProtection && !accessible) {
                return false;
            }
            for (long page = address; page < address + bytes; page += Region.SYSTEM_PAGE) {
                if (accessible) {
                    show(page);
                } else {
                    hide(page);
                }
            }
            return true;
        }

        @Override
        public boolean discard(long address, long bytes) {
            for (long page = address; page < address + bytes; page += Region.SYSTEM_PAGE) {
                empty(page);
            }
            return !refusesDiscards;
        }
    }

    private void empty(long page) {
        long[] contents = hidden.isEmpty() ? null : hidden.get(page);
        if (contents == null && !region.isUsable(page, Region.SYSTEM_PAGE)) {
            throw new AssertionError("not to be discarded: base + " + (page - region.base()));
        }
        if (refusesDiscards) {
            return;
        }
        if (contents != null) {
            Arrays.fill(contents, 0);
        } else {
            Memory.fill(page, Region.SYSTEM_PAGE, (byte) 0);
        }
    }

    private void hide(long page) {
        long[] contents = new long[(int) Region.SYSTEM_PAGE / Long.BYTES];
        if (!region.isUsable(page, Region.SYSTEM_PAGE) || hidden.put(page, contents) != null) {
            throw new AssertionError("not to be protected: base + " + (page - region.base()));
        }
        for (int word = 0; word < contents.length; word++) {
            long at = page + (long) word * Long.BYTES;
            contents[word] = Memory.getLong(at);
            Memory.putLong(at, PROTECTED);
        }
    }

    private void show(long page) {
        long[] contents = hidden.remove(page);
        for (int word = 0; word < contents.length; word++) {
            long at = page + (long) word * Long.BYTES;
            if (Memory.getLong(at) != PROTECTED) {
                throw new AssertionError("written, but protected: base + " + (at - region.base()));
            }
            Memory.putLong(at, contents[word]);
        }
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

    /// From now on refuses to protect pages.
    public TestRegion refuseProtection() {
        refusesProtection = true;
        return this;
    }

    /// From now on takes no pages back.
    public TestRegion refuseDiscards() {
        refusesDiscards = true;
        return this;
    }

    /// From now on does not take back what begins at an address.
    public void refuseDiscardOf(long address) {
        refusedDiscard = address;
    }

    /// What happens while the system takes pages back.
    public void duringDiscards(Runnable action) {
        duringDiscards = action;
    }

    /// How many bytes the system was given back.
    public long discardedBytes() {
        return discardedBytes;
    }

    /// How many words of arrays the system was given back.
    public long discardedWords() {
        return discardedWords;
    }

    /// Whether the page at the address is protected.
    public boolean isProtected(long page) {
        return hidden.containsKey(page);
    }

    /// How many pages are protected.
    public int protectedPages() {
        return hidden.size();
    }

    /// Sets what an option answers, as if the user had written it.
    public TestRegion with(String option, double value) {
        options.put(option, value);
        return this;
    }

    /// Sets the heap that a layer is put around.
    public TestRegion around(Heap heap) {
        inner = heap;
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
        for (long page = region.base(); page < region.limit(); page += Region.PAGE) {
            if (pages.endOfCommitted(page) == page) {
                assertUntouched(page);
            }
        }
    }

    private void assertUntouched(long page) {
        for (long word = page; word < page + Region.PAGE; word += Long.BYTES) {
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
    public boolean isOn(String name) {
        return options.getOrDefault(name, 0.0) != 0;
    }

    @Override
    public Heap inner() {
        if (inner == null) {
            throw new IllegalArgumentException("no inner heap");
        }
        return inner;
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
