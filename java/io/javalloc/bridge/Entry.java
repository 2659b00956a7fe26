package io.javalloc.bridge;

import io.javalloc.Heap;
import io.javalloc.catalog.Catalog;
import io.javalloc.layers.Counted;
import io.javalloc.layers.Locked;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;

/// Where Java begins: makes the heap and has the operations of the bridge filled in, once in the
/// life of the virtual machine. This is on the way of every program's start, so it touches no class
/// that it does not need: no lambdas, no streams, no formatting.
final class Entry {

    private static Counted counted;
    private static Heap root;

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
            return Table.STARTED;
        } catch (IllegalArgumentException e) {
            Text.leave(e.getMessage());
            return Table.BAD_HEAP;
        } catch (Throwable e) {
            Text.leave(Text.describe(e));
            return Table.HEAP_FAILED;
        }
    }

    /// Makes the upcall stubs, on a thread beside the program.
    static void makeStubs(long bridge) {
        Thread maker = new Thread(new Stubs(bridge), "javalloc-stubs");
        maker.setDaemon(true);
        maker.start();
    }

    private static void makeHeap(long bridge) {
        Region region =
                new Region(
                        Memory.getLong(bridge + Table.REGION_BASE),
                        Memory.getLong(bridge + Table.REGION_BYTES),
                        new SystemPages());
        long shared = bridge + Table.MULTI_THREADED;
        counted = new Counted(Catalog.create(Text.heapExpression(bridge), region, shared));
        root = new Locked(counted, shared);
    }

    /// The heap that the operations serve from: [Operations] keeps it in a `static final`.
    static Heap root() {
        return root;
    }

    /// What is live in it.
    static Counted.Figures figures() {
        return counted.figures();
    }
}
