package io.javalloc.kit;

/// A live block.
///
/// @param number    counted from 1 in the order in which blocks were served, for messages
/// @param asked     the bytes that were asked for
/// @param alignment the one that was asked for
/// @param usable    bytes, written by [Contents]
/// @param seed      what they were written from
public record Block(int number, long address, long asked, long alignment, long usable, long seed) {

    long end() {
        return address + usable;
    }

    /// Where it is not as it was written, of so many bytes that have come to an address.
    long firstChange(long place, long kept) {
        return Contents.firstChange(place, usable, kept, seed);
    }

    /// Of two blocks one is freed by who says its size.
    boolean isFreedSized() {
        return number % 2 == 0;
    }
}
