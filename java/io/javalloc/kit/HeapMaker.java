package io.javalloc.kit;

import io.javalloc.Heap;
import io.javalloc.memory.Region;

/// Makes heaps of one kind, as often as they are needed, each in a region of its own.
@FunctionalInterface
public interface HeapMaker {

    /// Makes a new heap that serves from the region.
    ///
    /// @throws IllegalArgumentException if the user's expression is wrong
    Heap make(Region region);
}
