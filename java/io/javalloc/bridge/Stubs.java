package io.javalloc.bridge;

import io.javalloc.memory.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.util.List;

/// Makes upcall stubs, tries them, and puts them into the bridge: each is one store of a word that
/// a thread which calls meanwhile sees whole, old or new.
///
/// The first stub takes some 20 ms, because the linker makes classes for the signature; all of them
/// have the same one, so each further stub takes 4.
///
/// What is thrown in a stub outside of the operation itself ends the process: when Java's memory is
/// full, what HotSpot makes for a stub that is called for the first time, or often. So each is
/// called that often here, while there is memory and nobody in the heap takes it; and where a heap
/// has left too little of it, the shim goes on calling through JNI, which can fail.
final class Stubs {

    private static final FunctionDescriptor OPERATION =
            FunctionDescriptor.of(
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG);

    /// The operations, as they are numbered.
    private static final List<String> NAMES =
            List.of(
                    "allocate",
                    "release",
                    "resize",
                    "usableSize",
                    "inspect",
                    "fill",
                    "flush",
                    "nothing");

    /// A method handle is made anew for its caller when it has been called 127 times.
    private static final int TIMES = 200;

    /// More than what is made for them, and than what the collector counts as free but does not
    /// give: a survivor space, and what is left at the ends of others.
    private static final long ENOUGH_MEMORY = 16 << 20;

    /// Those that have been made, by number; some of them are in the bridge.
    private static final long[] MADE = new long[NAMES.size()];

    private Stubs() {}

    /// Makes a stub, tries it, and puts it into the bridge. One at a time: that takes a millisecond
    /// or two, for which callers have to wait, and they are to get in between.
    ///
    /// @param bridge    address of the `struct javalloc_bridge`
    /// @param operation its number
    /// @return whether it has done that
    static boolean make(long bridge, int operation) {
        if (MADE[operation] == 0) {
            MADE[operation] = make(MethodHandles.lookup(), NAMES.get(operation));
        }
        long place = bridge + Table.ALLOCATE + (long) operation * Long.BYTES;
        boolean isInstalled = tryAndInstall(MADE[operation], place);
        if (isInstalled) {
            long ready = bridge + Table.STUBS_READY;
            Memory.putInt(ready, Memory.getInt(ready) | 1 << operation);
        }
        return isInstalled;
    }

    /// As [#make], for all.
    static boolean makeAll(long bridge) {
        for (int operation = 0; operation < MADE.length; operation++) {
            if (!make(bridge, operation)) {
                return false;
            }
        }
        return true;
    }

    /// @return false if that is not possible now
    private static boolean tryAndInstall(long stub, long place) {
        if (freeMemory() < ENOUGH_MEMORY || !hold()) {
            return false;
        }
        try { // what is called here for the first time, if native, needs the loader
            if (freeMemory() < ENOUGH_MEMORY) {
                return false;
            }
            exercise(stub, TIMES);
            Memory.putLong(place, stub);
            return true;
        } finally {
            letGo();
        }
    }

    private static long make(MethodHandles.Lookup lookup, String operation) {
        try {
            MethodHandle target =
                    lookup.findStatic(Operations.class, operation, OPERATION.toMethodType());
            return Linker.nativeLinker().upcallStub(target, OPERATION, Arena.global()).address();
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(operation, e);
        }
    }

    private static long freeMemory() {
        Runtime runtime = Runtime.getRuntime();
        return runtime.maxMemory() - (runtime.totalMemory() - runtime.freeMemory());
    }

    /// Lets nobody into the heap, who could use up Java's memory, until it is let go.
    ///
    /// @return false if that is not possible now
    private static native boolean hold();

    private static native void letGo();

    /// Calls a stub from C, with zeros.
    private static native void exercise(long stub, int times);
}
