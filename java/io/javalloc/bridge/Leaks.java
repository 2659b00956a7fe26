package io.javalloc.bridge;

import io.javalloc.layers.Traced;
import io.javalloc.memory.Memory;

/// Adds the live blocks to the shim's table of places, an array of `struct javalloc_site`.
final class Leaks {

    private Leaks() {}

    /// @param table its address
    /// @param sites how many entries it has; the first is for blocks whose place is not known
    /// @return 0
    static long tally(Traced heap, long table, long sites) {
        heap.walkPlaces(
                (place, size) -> {
                    long site = place < sites ? place : 0; // another thread may be at a new one
                    long entry = table + site * Table.SITE_SIZE;
                    add(entry + Table.SITE_BLOCKS, 1);
                    add(entry + Table.SITE_BYTES, size);
                });
        return 0;
    }

    private static void add(long word, long number) {
        Memory.putLong(word, Memory.getLong(word) + number);
    }
}
