package io.javalloc.kit;

import io.javalloc.memory.Region;

/// Memory for a heap that is being tried: a region whose supply the trial decides, and which knows
/// what the heap has committed of it.
public interface TrialMemory {

    /// The region for the heap.
    Region region();

    /// Whether all of these bytes have been committed, and are accessible.
    boolean isUsable(long address, long bytes);

    /// How many bytes have been committed.
    long committedBytes();

    /// From now on refuses to have more than so many bytes committed.
    TrialMemory refuseBeyond(long bytes);

    /// From now on refuses nothing.
    TrialMemory refuseNothing();

    /// Looks whether something was written to memory that was never committed, as far as that is
    /// not prevented anyway.
    ///
    /// @throws AssertionError if so
    default void assertUncommittedIsUntouched() {}
}
