package io.javalloc;

import java.util.function.LongPredicate;

/// A heap that is made of another one, and changes one thing about it. Everything here passes on to
/// the heap inside; a layer overrides what it is there for.
///
/// Layers are `record`s: HotSpot trusts their fields as constants, and inlines through the whole
/// composition. A layer that overrides [#allocate] has to think of [#allocateZeroed]
/// and [#reallocate], which do not come past it otherwise.
public interface Layer extends Heap {

    /// The heap inside.
    Heap heap();

    @Override
    default long allocate(long size, long alignment) {
        return heap().allocate(size, alignment);
    }

    @Override
    default long allocateZeroed(long size, long alignment) {
        return heap().allocateZeroed(size, alignment);
    }

    @Override
    default void free(long address) {
        heap().free(address);
    }

    @Override
    default long reallocate(long address, long size) {
        return heap().reallocate(address, size);
    }

    @Override
    default long usableSize(long address) {
        return heap().usableSize(address);
    }

    @Override
    default boolean canBe(long size, long alignment, long usable) {
        return heap().canBe(size, alignment, usable);
    }

    @Override
    default void verify() {
        heap().verify();
    }

    @Override
    default void walk(BlockVisitor visitor) {
        heap().walk(visitor);
    }

    @Override
    default long trim(long keep) {
        return heap().trim(keep);
    }

    @Override
    default void atExit() {
        heap().atExit();
    }

    @Override
    default String explain(long address) {
        return heap().explain(address);
    }

    @Override
    default LongPredicate outside() {
        return heap().outside();
    }

    @Override
    default boolean isThreadSafe() {
        return heap().isThreadSafe();
    }
}
