package io.javalloc.bridge;

import io.javalloc.BatchHeap;
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
    private static BatchHeap batches;

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

    /// Makes the upcall stub of an operation, if nothing is in the way. Called on a thread beside
    /// the program.
    static void makeStub(long bridge, int operation) {
        Stubs.make(bridge, operation);
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
            root = rootHeap(bridge, create(bridge, region));
        } else {
            Region[] parts = region.split((region.limit() - region.base()) / SHARE_OF_NOTES);
            Locked locked = locked(bridge, create(bridge, parts[0]));
            traced = new Traced(locked, new RegionTable(parts[1]));
            root = traced;
        }
        Memory.putInt(bridge + Table.OUTSIDE, root.outside() == null ? 0 : 1);
    }

    private static Heap create(long bridge, Region blocks) {
        long shared = bridge + Table.MULTI_THREADED;
        return Catalog.create(Text.heapExpression(bridge), blocks, shared);
    }

    private static Heap rootHeap(long bridge, Heap heap) {
        if (!(heap instanceof BatchHeap found)) {
            return locked(bridge, heap);
        }
        String wrong = BatchHeap.wrongClasses(found);
        if (wrong != null) {
            throw new IllegalArgumentException(
                    "heap '" + Text.heapExpression(bridge) + "' cannot be used: " + wrong);
        }
        batches = found;
        offerBatches(bridge);
        return found;
    }

    private static Locked locked(long bridge, Heap heap) {
        counted = new Counted(heap);
        return new Locked(counted, bridge + Table.MULTI_THREADED);
    }

    private static void offerBatches(long bridge) {
        batches.publish(Memory.getLong(bridge + Table.PAGE_CLASSES));
        for (int sizeClass = 1; sizeClass < batches.classes(); sizeClass++) {
            long place = bridge + Table.CLASS_BYTES + (long) sizeClass * Integer.BYTES;
            Memory.putInt(place, (int) batches.classBytes(sizeClass));
        }
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

    /// The same if it serves by the batch, and counts for itself; otherwise null.
    static BatchHeap batches() {
        return batches;
    }

    /// What is live in it; null if it counts for itself.
    static Counted.Figures figures() {
        return counted == null ? null : counted.figures();
    }
}
