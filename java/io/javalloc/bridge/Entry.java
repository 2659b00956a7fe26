package io.javalloc.bridge;

import io.javalloc.Heap;
import io.javalloc.catalog.Catalog;
import io.javalloc.layers.Counted;
import io.javalloc.layers.Locked;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;

/// Where the shim enters Java: makes the heap and fills in the operations of the bridge, once in
/// the life of the virtual machine. This is on the way of every program's start, so it touches no
/// class that it does not need: no lambdas, no streams, no formatting.
final class Entry {

    private static final FunctionDescriptor OPERATION =
            FunctionDescriptor.of(
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG);

    private static Counted counted;
    private static Heap root;

    private Entry() {}

    /// Starts the Java side.
    ///
    /// @param address of the `struct javalloc_bridge` that the shim has prepared
    /// @return `JAVALLOC_STARTED` or another of bridge.h's answers to this call, with a message in
    ///         the bridge
    static int start(long address) {
        try {
            if (Memory.getInt(address + Table.ABI_VERSION) != Table.ABI_VERSION_EXPECTED
                    || Memory.getInt(address + Table.BYTES) != Table.BYTES_EXPECTED) {
                return Table.BAD_ABI;
            }
            Text.prepare(address);
            makeHeap(address);
            install(address);
            return Table.STARTED;
        } catch (IllegalArgumentException e) {
            Text.leave(e.getMessage());
            return Table.BAD_HEAP;
        } catch (Throwable e) {
            Text.leave(Text.describe(e));
            return Table.HEAP_FAILED;
        }
    }

    private static void makeHeap(long bridge) {
        Region region =
                new Region(
                        Memory.getLong(bridge + Table.REGION_BASE),
                        Memory.getLong(bridge + Table.REGION_BYTES),
                        new Commit());
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

    private static void install(long bridge) throws ReflectiveOperationException {
        MethodHandles.Lookup lookup = MethodHandles.lookup();
        export(lookup, "allocate", bridge + Table.ALLOCATE);
        export(lookup, "release", bridge + Table.RELEASE);
        export(lookup, "resize", bridge + Table.RESIZE);
        export(lookup, "usableSize", bridge + Table.USABLE_SIZE);
        export(lookup, "inspect", bridge + Table.INSPECT);
        export(lookup, "nothing", bridge + Table.NOTHING);
    }

    private static void export(MethodHandles.Lookup lookup, String operation, long place)
            throws ReflectiveOperationException {
        MethodHandle target =
                lookup.findStatic(Operations.class, operation, OPERATION.toMethodType());
        Memory.putLong(
                place,
                Linker.nativeLinker().upcallStub(target, OPERATION, Arena.global()).address());
    }
}
