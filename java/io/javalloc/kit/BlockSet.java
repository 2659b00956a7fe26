package io.javalloc.kit;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// The live blocks of a model: found by address, and by number, so that one can be picked.
final class BlockSet {

    private final TreeMap<Long, Block> byAddress = new TreeMap<>();
    private final List<Block> list = new ArrayList<>();
    private long bytes;

    int size() {
        return list.size();
    }

    /// The usable bytes of all.
    long bytes() {
        return bytes;
    }

    /// All, in no particular order; as they are now.
    List<Block> list() {
        return List.copyOf(list);
    }

    /// The block that any number stands for.
    Block pick(long number) {
        return list.get(index(number));
    }

    /// The block that starts at an address, or null.
    Block at(long address) {
        return byAddress.get(address);
    }

    /// One that shares a byte with this block, or null.
    Block overlapping(Block block) {
        Map.Entry<Long, Block> before = byAddress.floorEntry(block.address());
        if (before != null && before.getValue().end() > block.address()) {
            return before.getValue();
        }
        Map.Entry<Long, Block> after = byAddress.ceilingEntry(block.address());
        return after != null && block.end() > after.getKey() ? after.getValue() : null;
    }

    void add(Block block) {
        list.add(block);
        occupy(block);
    }

    /// Removes the block that a number stands for; the last one stands for it now.
    Block remove(long number) {
        int index = index(number);
        Block block = list.get(index);
        Block last = list.remove(list.size() - 1);
        if (index < list.size()) {
            list.set(index, last);
        }
        vacate(block);
        return block;
    }

    /// From now on a block takes no place; [#replace] follows.
    void vacate(Block block) {
        byAddress.remove(block.address());
        bytes -= block.usable();
    }

    /// Puts a block instead of the one that a number stands for.
    void replace(long number, Block block) {
        list.set(index(number), block);
        occupy(block);
    }

    private void occupy(Block block) {
        byAddress.put(block.address(), block);
        bytes += block.usable();
    }

    private int index(long number) {
        return Math.floorMod(number, list.size());
    }
}
