package io.javalloc.layers;

import io.javalloc.Layer;

/// A layer whose blocks move when they change their size, so that no block comes or goes past the
/// layer's own `allocate` and `free`.
interface Moving extends Layer {

    /// Whether a block may stay where it is, although it is larger than what is wanted now.
    ///
    /// @param size   what is wanted, at most `usable`
    /// @param usable what the block has
    default boolean mayStay(long size, long usable) {
        return size > usable / 2;
    }

    @Override
    default long reallocate(long address, long size) {
        long usable = usableSize(address);
        if (size <= usable && mayStay(size, usable)) {
            return address;
        }
        long moved = move(address, Math.min(size, usable), size);
        return moved == 0 && size <= usable ? address : moved;
    }
}
