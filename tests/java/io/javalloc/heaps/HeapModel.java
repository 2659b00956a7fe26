package io.javalloc.heaps;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.javalloc.Heap;
import io.javalloc.TestRegion;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;

/// A heap together with what must be true of it: the live blocks, by address, and what the test
/// wrote into each. Every operation checks what it can see at once; [#checkAll] checks the rest.
final class HeapModel {

    /// @param usable bytes, all of them written
    /// @param seed   what they were written from
    record Block(long address, long usable, long seed) {

        long end() {
            return address + usable;
        }
    }

    /// One step of a stream that can be replayed on any heap.
    ///
    /// @param pick which of the live blocks it is about, modulo their number
    record Action(Kind kind, long size, int logAlignment, long pick) {

        enum Kind {
            ALLOCATE,
            ALLOCATE_ZEROED,
            FREE,
            REALLOCATE,
            REFUSE_COMMITS,
            GRANT_COMMITS
        }
    }

    private final Heap heap;
    private final TestRegion memory;
    private final TreeMap<Long, Block> live = new TreeMap<>();
    private long liveBytes;
    private boolean refusesCommits;
    private long nextSeed = 1;

    HeapModel(Heap heap, TestRegion memory) {
        this.heap = heap;
        this.memory = memory;
    }

    void apply(Action action) {
        switch (action.kind()) {
            case ALLOCATE -> allocate(action.size(), 1L << action.logAlignment(), false);
            case ALLOCATE_ZEROED -> allocate(action.size(), 1L << action.logAlignment(), true);
            case FREE -> free(action.pick());
            case REALLOCATE -> reallocate(action.pick(), action.size());
            case REFUSE_COMMITS -> {
                refusesCommits = true;
                memory.refuseBeyond(memory.committedBytes());
            }
            case GRANT_COMMITS -> grantCommits();
        }
    }

    int liveBlocks() {
        return live.size();
    }

    void grantCommits() {
        refusesCommits = false;
        memory.refuseNothing();
    }

    void allocate(long size, long alignment, boolean zeroed) {
        long address =
                zeroed ? heap.allocateZeroed(size, alignment) : heap.allocate(size, alignment);
        if (address == 0) {
            assertMayRefuse(size, alignment);
            return;
        }
        assertEquals(0, address % alignment, "misaligned");
        long usable = heap.usableSize(address);
        assertTrue(usable >= size, "usable " + usable + " of " + size);
        if (zeroed) {
            assertZero(address, size);
        }
        add(address, usable);
    }

    void free(long pick) {
        if (!live.isEmpty()) {
            Block block = pick(pick);
            check(block);
            remove(block);
            heap.free(block.address());
        }
    }

    void reallocate(long pick, long size) {
        if (live.isEmpty()) {
            return;
        }
        Block old = pick(pick);
        check(old);
        long address = heap.reallocate(old.address(), size);
        if (address == 0) {
            assertMayRefuse(size, Heap.MIN_ALIGNMENT);
            assertTrue(size > old.usable(), "no memory to make a block smaller");
            check(old);
            return;
        }
        assertEquals(0, address % Heap.MIN_ALIGNMENT, "misaligned");
        long usable = heap.usableSize(address);
        assertTrue(usable >= size, "usable " + usable + " of " + size);
        long kept = Math.min(size, old.usable());
        checkContents(address, kept, old.seed());
        remove(old);
        add(address, usable);
    }

    /// Checks every live block, every invariant of the heap, and that the heap shows the same
    /// blocks.
    void checkAll() {
        for (Block block : live.values()) {
            check(block);
        }
        heap.verify();
        assertWalkShowsTheLiveBlocks();
        memory.assertUncommittedIsUntouched();
    }

    private void assertWalkShowsTheLiveBlocks() {
        Map<Long, Long> shown = new TreeMap<>();
        heap.walk((address, usable) -> assertEquals(null, shown.put(address, usable)));
        Map<Long, Long> expected = new TreeMap<>();
        for (Block block : live.values()) {
            expected.put(block.address(), block.usable());
        }
        assertEquals(expected, shown);
    }

    /// A heap may answer 0 only if the live blocks leave no gap that is sure to be large enough,
    /// even for one that rounds sizes up to powers of two, and pages up to 64 KiB.
    private void assertMayRefuse(long size, long alignment) {
        long page = Region.PAGE;
        long gap = 4 * Math.max(size, page) + 2 * alignment;
        long room = memory.region().limit() - memory.base();
        long blocks = live.size();
        boolean mustFit = 2 * liveBytes + blocks * page + (blocks + 1) * gap < room;
        assertFalse(mustFit && !refusesCommits, "no memory for " + size + " @" + alignment);
    }

    private Block pick(long pick) {
        Collection<Block> blocks = live.values();
        return new ArrayList<>(blocks).get(Math.floorMod(pick, blocks.size()));
    }

    private void add(long address, long usable) {
        Region region = memory.region();
        assertTrue(address >= region.base(), "block before the region");
        assertTrue(address + usable <= region.committed(), "block in memory not committed");
        Map.Entry<Long, Block> before = live.floorEntry(address);
        Map.Entry<Long, Block> after = live.ceilingEntry(address);
        assertTrue(before == null || before.getValue().end() <= address, "overlap");
        assertTrue(after == null || address + usable <= after.getKey(), "overlap");
        Block block = new Block(address, usable, nextSeed++);
        fill(block);
        live.put(address, block);
        liveBytes += usable;
    }

    private void remove(Block block) {
        live.remove(block.address());
        liveBytes -= block.usable();
    }

    private static void fill(Block block) {
        long words = block.usable() / Long.BYTES;
        for (long word = 0; word < words; word++) {
            Memory.putLong(block.address() + word * Long.BYTES, mix(block.seed() + word));
        }
        for (long at = words * Long.BYTES; at < block.usable(); at++) {
            Memory.putByte(block.address() + at, byteOf(block.seed(), at));
        }
    }

    private static void check(Block block) {
        checkContents(block.address(), block.usable(), block.seed());
    }

    private static void checkContents(long address, long bytes, long seed) {
        long words = bytes / Long.BYTES;
        for (long word = 0; word < words; word++) {
            if (Memory.getLong(address + word * Long.BYTES) != mix(seed + word)) {
                throw new AssertionError("contents changed at byte " + word * Long.BYTES);
            }
        }
        for (long at = words * Long.BYTES; at < bytes; at++) {
            assertEquals(byteOf(seed, at), Memory.getByte(address + at), "contents changed");
        }
    }

    private static void assertZero(long address, long bytes) {
        long words = bytes / Long.BYTES;
        for (long word = 0; word < words; word++) {
            if (Memory.getLong(address + word * Long.BYTES) != 0) {
                throw new AssertionError("not zero at byte " + word * Long.BYTES);
            }
        }
        for (long at = words * Long.BYTES; at < bytes; at++) {
            assertEquals(0, Memory.getByte(address + at), "not zero");
        }
    }

    /// Byte number `at` of the contents, on a machine that stores the low byte of a word first.
    private static byte byteOf(long seed, long at) {
        return (byte) (mix(seed + at / Long.BYTES) >>> Byte.SIZE * (at % Long.BYTES));
    }

    /// Never 0, so that a word which the heap has cleared is seen.
    private static long mix(long seed) {
        return (seed * 0x9e3779b97f4a7c15L ^ seed >>> 7) | 1;
    }
}
