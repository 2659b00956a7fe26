package io.javalloc.layers;

import io.javalloc.HeapCorruption;

/// What the layers say when they find a program's mistake: the same words for the same mistake.
final class Damage {

    private Damage() {}

    /// The block was freed before.
    static HeapCorruption freedBefore(long address) {
        return new HeapCorruption("This block has already been freed", address);
    }

    /// The address is not one of a live block.
    static HeapCorruption noBlock(long address) {
        return new HeapCorruption("No live block of this heap starts at this address", address);
    }

    /// Somebody wrote over the end of a block.
    ///
    /// @param first the first byte that is wrong, counted from the block's start
    static HeapCorruption overflow(long address, long size, long first) {
        return new HeapCorruption(
                "A block of "
                        + size
                        + " bytes was overwritten behind its end, from byte "
                        + first
                        + " on",
                address);
    }

    /// Somebody wrote before the start of a block.
    ///
    /// @param nearest the last byte that is wrong, counted from the block's start
    static HeapCorruption underflow(long address, long size, long nearest) {
        return new HeapCorruption(
                "A block of "
                        + size
                        + " bytes was overwritten before its start, at byte "
                        + nearest,
                address);
    }

    /// Somebody wrote to a block that is free.
    ///
    /// @param first the first byte that is wrong, counted from the block's start
    static HeapCorruption writtenAfterFree(long address, long size, long first) {
        return new HeapCorruption(
                "A block of " + size + " bytes was written to after it was freed, at byte " + first,
                address);
    }
}
