package io.javalloc.layers;

import io.javalloc.BlockVisitor;
import io.javalloc.memory.AddressTable;

/// Shows the blocks that are not in a table.
///
/// @param table   what is left out
/// @param visitor who is shown the rest
record Others(AddressTable table, BlockVisitor visitor) implements BlockVisitor {

    @Override
    public void block(long address, long usable) {
        if (!table.contains(address)) {
            visitor.block(address, usable);
        }
    }
}
