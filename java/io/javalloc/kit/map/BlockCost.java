package io.javalloc.kit.map;

import io.javalloc.Heap;
import io.javalloc.kit.HeapMaker;
import io.javalloc.kit.ReservedMemory;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/// What a block takes beside what its owner may use, measured from outside: how far apart equal
/// blocks lie that are allocated one after the other.
///
/// @param distance from one to the next, in bytes; the most frequent one. 0 if none were served
/// @param usable   the usable size of each
public record BlockCost(long distance, long usable) {

    private static final long REGION = 1L << 26;
    private static final int BLOCKS = 200;

    /// The bytes that belong to the block, but not to its owner.
    public long overhead() {
        return distance - usable;
    }

    /// Measures.
    ///
    /// @param size the bytes that are asked for
    public static BlockCost measure(HeapMaker maker, long size) {
        try (ReservedMemory memory = new ReservedMemory(REGION)) {
            Heap heap = maker.make(memory.region());
            long[] blocks = new long[BLOCKS];
            for (int i = 0; i < BLOCKS; i++) {
                blocks[i] = heap.allocate(size, Heap.MIN_ALIGNMENT);
                if (blocks[i] == 0) {
                    return new BlockCost(0, 0);
                }
            }
            return new BlockCost(mostFrequentDistance(blocks), heap.usableSize(blocks[0]));
        }
    }

    private static long mostFrequentDistance(long[] blocks) {
        Arrays.sort(blocks);
        Map<Long, Integer> counts = new HashMap<>();
        for (int i = 1; i < blocks.length; i++) {
            counts.merge(blocks[i] - blocks[i - 1], 1, Integer::sum);
        }
        return counts.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .orElse(0L);
    }
}
