package io.javalloc.layers;

import io.javalloc.Layer;

/// A layer whose blocks move when they change their size, so that no block comes or goes past the
/// layer's own `allocate` and `free`.
interface Moving extends Layer {

    /// Whether a block may stay where it is, as it is, although it may be larger than what is
    /// wanted now.
    ///
    /// @param usable what the block has
    default boolean mayStay(long size, long usable) {
        return size > usable / 2 && canBe(size, MIN_ALIGNMENT, usable);
    }

    /// Makes a block smaller that there is no memory to move for.
    ///
    /// @param usable what the block has
    /// @return its address
    default long shrink(long address, long size, long usable) {
        return canBe(size, MIN_ALIGNMENT, usable) ? address : heap().reallocate(address, size);
    }

    @Override
    default long reallocate(long address, long size) {
        long usable = usableSize(address);
        if (mayStay(size, usable)) {
            return address;
        }
        long moved = move(address, Math.min(size, usable), size);
        return moved == 0 && size <= usable ? shrink(address, size, usable) : moved;
    }
}
