package io.javalloc.bridge;

import io.javalloc.Heap;
import io.javalloc.catalog.Catalog;
import io.javalloc.layers.Counted;
import io.javalloc.layers.Locked;
import io.javalloc.layers.Traced;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import io.javalloc.memory.RegionTable;

/// Where Java begins: makes the heap and has the operations of the bridge filled in, once in the
/// life of the virtual machine. This is on the way of every program's start, so it touches no class
/// that it does not need: no lambdas, no streams, no formatting.
final class Entry {

    /// One of so many parts of the region is for the notes of [Traced]. In a large one that is more
    /// than they will ever need.
    private static final int SHARE_OF_NOTES = 16;

    private static Region region;
    private static Counted counted;
    private static Heap root;
    private static Traced traced;

    private Entry() {}

    /// Starts the Java side: makes the heap. The shim then calls the operations through JNI, until
    /// there are upcall stubs.
    ///
    /// @param bridge address of the `struct javalloc_bridge` that the shim has prepared
    /// @return `JAVALLOC_STARTED` or another of bridge.h's answers to this call, with a message in
    ///         the bridge
    static int start(long bridge) {
        try {
            if (Memory.getInt(bridge + Table.ABI_VERSION) != Table.ABI_VERSION_EXPECTED
                    || Memory.getInt(bridge + Table.BYTES) != Table.BYTES_EXPECTED) {
                return Table.BAD_ABI;
            }
            Text.prepare(bridge);
            makeHeap(bridge);
            ClassFiles.loadUsers(System.getProperty("java.class.path"));
            return Table.STARTED;
        } catch (IllegalArgumentException e) {
            Text.leave(e.getMessage());
            return Table.BAD_HEAP;
        } catch (Throwable e) {
            Text.leave(Text.describe(e));
            return Table.HEAP_FAILED;
        }
    }

    /// Makes the upcall stubs. Called on a thread beside the program.
    static void makeStubs(long bridge) {
        Stubs.makeFor(bridge);
    }

    /// Leaves a message that says where the heap is. Called on a thread beside the program.
    static void describeHang(long bridge) {
        Watch.describe(Text.heapExpression(bridge));
    }

    private static void makeHeap(long bridge) {
        region =
                new Region(
                        Memory.getLong(bridge + Table.REGION_BASE),
                        Memory.getLong(bridge + Table.REGION_BYTES),
                        new SystemPages());
        if (Memory.getInt(bridge + Table.TRACED) == 0) {
            root = lockedHeap(bridge, region);
        } else {
            Region[] parts = region.split((region.limit() - region.base()) / SHARE_OF_NOTES);
            traced = new Traced(lockedHeap(bridge, parts[0]), new RegionTable(parts[1]));
            root = traced;
        }
        Memory.putInt(bridge + Table.OUTSIDE, root.outside() == null ? 0 : 1);
    }

    private static Locked lockedHeap(long bridge, Region blocks) {
        long shared = bridge + Table.MULTI_THREADED;
        counted = new Counted(Catalog.create(Text.heapExpression(bridge), blocks, shared));
        return new Locked(counted, shared);
    }

    /// The heap that the operations serve from: [Operations] keeps it in a `static final`.
    static Heap root() {
        return root;
    }

    /// The same if its blocks remember where they were asked for, otherwise null.
    static Traced traced() {
        return traced;
    }

    /// Whether the address lies in the region, so that the heap alone can have given it out.
    static boolean isInRegion(long address) {
        return region.contains(address);
    }

    /// What is live in it.
    static Counted.Figures figures() {
        return counted.figures();
    }
}
