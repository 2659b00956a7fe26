package io.javalloc.bridge;

import io.javalloc.memory.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;

/// Makes the upcall stubs and puts them into the bridge, one after the other: each is one store of
/// a word that a thread which calls meanwhile sees whole, old or new.
///
/// The first stub takes some 20 ms, because the linker makes and compiles classes for the
/// signature; all of them have the same one, so each further stub takes a fraction of one.
///
/// @param bridge address of the `struct javalloc_bridge`
record Stubs(long bridge) {

    private static final FunctionDescriptor OPERATION =
            FunctionDescriptor.of(
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG);

    void run() {
        MethodHandles.Lookup lookup = MethodHandles.lookup();
        Linker linker = Linker.nativeLinker();
        install(linker, lookup, "allocate", Table.ALLOCATE);
        install(linker, lookup, "release", Table.RELEASE);
        install(linker, lookup, "resize", Table.RESIZE);
        install(linker, lookup, "usableSize", Table.USABLE_SIZE);
        install(linker, lookup, "inspect", Table.INSPECT);
        install(linker, lookup, "nothing", Table.NOTHING);
        Memory.putInt(bridge + Table.STUBS_READY, 1);
    }

    private void install(
            Linker linker, MethodHandles.Lookup lookup, String operation, long offset) {
        try {
            MethodHandle target =
                    lookup.findStatic(Operations.class, operation, OPERATION.toMethodType());
            long stub = linker.upcallStub(target, OPERATION, Arena.global()).address();
            Memory.putLong(bridge + offset, stub);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(operation, e);
        }
    }
}
