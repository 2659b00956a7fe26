package io.javalloc.kit.check;

import io.javalloc.BlockVisitor;
import io.javalloc.Heap;
import io.javalloc.HeapCorruption;
import io.javalloc.Layer;
import io.javalloc.kit.RuleBroken;

/// Records every call before it is made, and turns what a heap throws into words: callers here make
/// no mistakes, so nothing may be thrown.
///
/// @param heap the heap that is tried
/// @param slot where calls are recorded
record Watched(Heap heap, Slot slot) implements Layer {

    @Override
    public long allocate(long size, long alignment) {
        slot.call(Operation.ALLOCATE, size, alignment);
        try {
            return served(heap.allocate(size, alignment));
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    @Override
    public long allocateZeroed(long size, long alignment) {
        slot.call(Operation.ALLOCATE_ZEROED, size, alignment);
        try {
            return served(heap.allocateZeroed(size, alignment));
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    private long served(long address) {
        if (address != 0) {
            slot.served();
        }
        return address;
    }

    @Override
    public void free(long address) {
        slot.call(Operation.FREE, address, 0);
        try {
            heap.free(address);
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    @Override
    public void freeSized(long address, long size, long alignment) {
        slot.call(Operation.FREE_SIZED, address, size);
        try {
            heap.freeSized(address, size, alignment);
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    @Override
    public long reallocate(long address, long size) {
        slot.call(Operation.REALLOCATE, address, size);
        try {
            return heap.reallocate(address, size);
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    @Override
    public long usableSize(long address) {
        slot.call(Operation.USABLE_SIZE, address, 0);
        try {
            return heap.usableSize(address);
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    @Override
    public void verify() {
        slot.call(Operation.VERIFY, 0, 0);
        try {
            heap.verify();
        } catch (HeapCorruption e) {
            throw new RuleBroken("verify() finds damage though nobody did any: " + e.getMessage());
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    @Override
    public void walk(BlockVisitor visitor) {
        slot.call(Operation.WALK, 0, 0);
        try {
            heap.walk(visitor);
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    @Override
    public long trim(long keep) {
        slot.call(Operation.TRIM, keep, 0);
        try {
            return heap.trim(keep);
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    @Override
    public void atExit() {
        slot.call(Operation.AT_EXIT, 0, 0);
        try {
            heap.atExit();
        } catch (Throwable e) {
            throw broken(e);
        }
    }

    /// What the call that was recorded last has thrown, in words.
    RuleBroken broken(Throwable thrown) {
        if (thrown instanceof RuleBroken broken) {
            return broken;
        }
        if (thrown instanceof HeapCorruption) {
            return new RuleBroken(
                    slot.lastCall() + " is refused though it is right: " + thrown.getMessage());
        }
        return new RuleBroken(slot.lastCall() + " throws " + Thrown.describe(thrown));
    }
}
