package io.javalloc.layers;

import io.javalloc.BlockVisitor;
import io.javalloc.memory.Memory;

/// The freed blocks that wait in a [Quarantine], filled with a pattern.
final class WaitingBlocks {

    /// What they are filled with.
    static final byte FREED = (byte) 0xdd;

    /// How many can wait, to limit what this takes of Java's own memory.
    private static final int MAX_BLOCKS = 1 << 18;

    private final long maxBytes;
    private final FreedBlocks blocks = new FreedBlocks();
    private long bytes;

    /// @param maxBytes the most bytes that wait at a time
    WaitingBlocks(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    boolean isEmpty() {
        return blocks.count() == 0;
    }

    boolean contains(long address) {
        return blocks.contains(address);
    }

    /// Shows a visitor of a heap only what does not wait here.
    BlockVisitor others(BlockVisitor visitor) {
        return blocks.others(visitor);
    }

    /// Whether a block of that size may wait at all: it is not too large, and Java has memory to
    /// note it.
    boolean mayWait(long size) {
        return size <= maxBytes && blocks.makeRoom();
    }

    /// Whether there is room for a block without another one leaving.
    boolean hasRoomFor(long size) {
        return size <= maxBytes - bytes && blocks.count() < MAX_BLOCKS;
    }

    /// Fills a block that may wait and has room, and makes it the newest.
    void add(long address, long size) {
        Memory.fill(address, size, FREED);
        blocks.add(address, size);
        bytes += size;
    }

    /// Checks the oldest block, and takes it out.
    ///
    /// @throws io.javalloc.HeapCorruption if somebody wrote to it
    long remove() {
        long address = blocks.address(0);
        check(address);
        bytes -= blocks.remove();
        return address;
    }

    /// Checks all blocks.
    ///
    /// @throws io.javalloc.HeapCorruption if somebody wrote to one
    void check() {
        for (long index = 0; index < blocks.count(); index++) {
            check(blocks.address(index));
        }
    }

    private void check(long address) {
        long size = blocks.size(address);
        long intact = Pattern.intact(address, size, FREED);
        if (intact != size) {
            throw Damage.writtenAfterFree(address, size, intact);
        }
    }
}
