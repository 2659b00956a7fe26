package io.javalloc.catalog;

import io.javalloc.Heap;
import io.javalloc.HeapArguments;
import io.javalloc.HeapOption;
import io.javalloc.HeapProvider;
import java.util.List;

/// Makes `hardened`: a `slab` with all that it can do against mistakes, in the two layers that see
/// most of the others.
///
/// ```
///   quarantine ─ freed blocks wait, filled with a pattern that is checked
///     canary   ─ guards at both ends of each block, from the first byte behind its size
///       slab   ─ random places, zero when free and checked, guard pages behind runs
/// ```
///
/// @param shared see [io.javalloc.slab.Slab.Provider]
record Hardened(long shared) implements HeapProvider {

    static final String NAME = "hardened";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String summary() {
        return "slab in quarantine and canary, with random places, erased blocks, guard pages";
    }

    @Override
    public List<HeapOption> options() {
        return List.of(HeapOption.MAX);
    }

    @Override
    public String checks() {
        return "overflow, underflow, use after free, double free, pointers that are not a block";
    }

    @Override
    public Heap create(HeapArguments arguments) {
        String slab = "slab(max=" + arguments.max() + ", random=on, erase=on, guards=on)";
        return Catalog.create("quarantine(canary(" + slab + "))", arguments.region(), shared);
    }
}
