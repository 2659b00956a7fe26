package io.javalloc.kit.check;

import io.javalloc.Heap;
import io.javalloc.kit.RuleBroken;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/// A heap is filled with blocks of one size, and emptied: how often is told by what fits. The first
/// and the last word of each block are marked meanwhile.
///
/// @param heap   that is filled
/// @param region that it serves from
/// @param size   bytes, a multiple of a word
record Filling(Heap heap, Region region, long size) {

    /// Blocks of the first round that must fit again, in percent.
    private static final int ENOUGH = 90;

    /// Allocates until the answer is 0.
    ///
    /// @return the blocks
    List<Long> fill() {
        long most = (region.limit() - region.base()) / size;
        List<Long> blocks = new ArrayList<>();
        long block = heap.allocate(size, Heap.MIN_ALIGNMENT);
        while (block != 0 && blocks.size() <= most) {
            mark(block);
            blocks.add(block);
            block = heap.allocate(size, Heap.MIN_ALIGNMENT);
        }
        if (block != 0 && heap.outside() == null) {
            throw new RuleBroken(
                    "more blocks of " + size + " bytes are live than the region has room for");
        }
        if (block != 0) {
            heap.free(block);
        }
        return blocks;
    }

    /// Frees blocks, in another order.
    void empty(List<Long> blocks, Random order) {
        Collections.shuffle(blocks, order);
        for (long block : blocks) {
            checkMark(block);
            heap.free(block);
        }
    }

    private void mark(long block) {
        Memory.putLong(block, block);
        Memory.putLong(block + size - Long.BYTES, block);
    }

    private void checkMark(long block) {
        if (Memory.getLong(block) != block || Memory.getLong(block + size - Long.BYTES) != block) {
            throw new RuleBroken(
                    "in a full heap, a block of " + size + " bytes does not keep its contents");
        }
    }

    /// Whether less fits each time.
    ///
    /// @param counts how many blocks there were, round by round
    static boolean isLess(List<Integer> counts) {
        int second = counts.get(1);
        return counts.getLast() < second - second / 100;
    }

    /// Whether as many fit at last as at first, almost.
    ///
    /// @param counts as for [#isLess]
    static boolean isEnough(List<Integer> counts) {
        return counts.getLast() >= (long) counts.getFirst() * ENOUGH / 100;
    }

    /// The counts in words.
    String story(List<Integer> counts) {
        return counts + " blocks of " + size + " bytes fit, each time after all were freed";
    }
}
