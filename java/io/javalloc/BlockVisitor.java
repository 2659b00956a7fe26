package io.javalloc;

/// Is shown the live blocks of a heap, see [Heap#walk].
@FunctionalInterface
public interface BlockVisitor {

    /// Takes a look at one block.
    ///
    /// @param address    the block's address
    /// @param usableSize the bytes that its owner may use
    void block(long address, long usableSize);
}
