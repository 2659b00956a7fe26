package io.javalloc.heaps;

import io.javalloc.BlockVisitor;
import io.javalloc.HeapCorruption;
import java.util.HashSet;
import java.util.Set;

/// Looks at all of a [Knr], and stops at the first thing that is not as it has to be.
final class KnrAudit {

    private final Knr heap;

    KnrAudit(Knr heap) {
        this.heap = heap;
    }

    void verify() {
        Set<Long> unlisted = findFree();
        long listed = 0;
        for (long chunk = heap.entry(heap.free); chunk != 0; chunk = next(chunk)) {
            listed++;
            if (!unlisted.remove(chunk)) {
                throw new HeapCorruption("The free list leads to no free chunk, or twice", chunk);
            }
        }
        if (!unlisted.isEmpty()) {
            throw new HeapCorruption(
                    "A chunk is neither allocated nor in the free list",
                    unlisted.iterator().next());
        }
        if (listed != heap.freeChunks) {
            throw new HeapCorruption(
                    "The free list has " + listed + " chunks, but should have " + heap.freeChunks);
        }
    }

    private long next(long chunk) {
        return heap.entry(KnrHeader.link(chunk));
    }

    /// The chunks that are not allocated, no two of which are neighbours.
    private Set<Long> findFree() {
        Set<Long> found = new HashSet<>();
        boolean previousIsFree = false;
        for (long chunk = heap.base; chunk < heap.limit; chunk = neighbour(chunk)) {
            boolean isFree = !KnrHeader.isAllocated(chunk);
            if (isFree && previousIsFree) {
                throw new HeapCorruption("Two free chunks are neighbours, the second", chunk);
            }
            if (isFree) {
                found.add(chunk);
            }
            previousIsFree = isFree;
        }
        return found;
    }

    void walk(BlockVisitor visitor) {
        for (long chunk = heap.base; chunk < heap.limit; chunk = neighbour(chunk)) {
            if (KnrHeader.isAllocated(chunk)) {
                visitor.block(chunk + KnrHeader.BYTES, KnrHeader.length(chunk) - KnrHeader.BYTES);
            }
        }
    }

    /// The chunk behind this one in memory, whose length a program may have overwritten.
    private long neighbour(long chunk) {
        if (!heap.isSane(chunk)) {
            throw new HeapCorruption("The length of a chunk has been overwritten", chunk);
        }
        return KnrHeader.end(chunk);
    }
}
