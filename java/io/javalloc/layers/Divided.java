package io.javalloc.layers;

import io.javalloc.BlockVisitor;
import io.javalloc.Heap;
import io.javalloc.HeapArguments.Part;
import java.util.List;
import java.util.function.LongPredicate;

/// A heap that is made of several, each with a part of the region and a bound. A request goes to
/// the first whose bound is not below it, and to the next of these if that one has no memory for
/// it, or does not serve such blocks at all. A block that asks for more alignment than usual counts
/// as large as its alignment, because that is what it costs in most heaps.
///
/// An address says by itself whose block it is: of the heap in whose part it lies, or that takes it
/// for one of its own outside of all regions. As thread-safe as all of the heaps are.
interface Divided extends Heap {

    /// The heaps.
    List<Part> parts();

    /// The heap whose block the address is.
    ///
    /// @throws io.javalloc.HeapCorruption if it is none's
    default Part partOf(long address) {
        for (int i = 0; i < parts().size(); i++) {
            if (parts().get(i).region().contains(address)) {
                return parts().get(i);
            }
        }
        for (int i = 0; i < parts().size(); i++) {
            LongPredicate outside = parts().get(i).heap().outside();
            if (outside != null && outside.test(address)) {
                return parts().get(i);
            }
        }
        throw Damage.noBlock(address);
    }

    @Override
    default long allocate(long size, long alignment) {
        return allocate(size, alignment, false);
    }

    @Override
    default long allocateZeroed(long size, long alignment) {
        return allocate(size, alignment, true);
    }

    private long allocate(long size, long alignment, boolean zeroed) {
        long wanted = alignment > MIN_ALIGNMENT ? Math.max(size, alignment) : size;
        for (int i = 0; i < parts().size(); i++) {
            Part part = parts().get(i);
            long address = wanted <= part.bound() ? allocateIn(part, size, alignment, zeroed) : 0;
            if (address != 0) {
                return address;
            }
        }
        return 0;
    }

    private static long allocateIn(Part part, long size, long alignment, boolean zeroed) {
        return zeroed
                ? part.heap().allocateZeroed(size, alignment)
                : part.heap().allocate(size, alignment);
    }

    @Override
    default void free(long address) {
        partOf(address).heap().free(address);
    }

    @Override
    default long usableSize(long address) {
        return partOf(address).heap().usableSize(address);
    }

    /// A block stays in its heap as long as that has room and its bound is not below the new size;
    /// then it moves to another.
    @Override
    default long reallocate(long address, long size) {
        Part part = partOf(address);
        long resized = size <= part.bound() ? part.heap().reallocate(address, size) : 0;
        if (resized != 0) {
            return resized;
        }
        long usable = part.heap().usableSize(address);
        return size <= usable ? address : move(address, usable, size);
    }

    @Override
    default void verify() {
        for (Part part : parts()) {
            part.heap().verify();
        }
    }

    @Override
    default void walk(BlockVisitor visitor) {
        for (Part part : parts()) {
            part.heap().walk(visitor);
        }
    }

    @Override
    default long trim(long keep) {
        long trimmed = 0;
        for (Part part : parts()) {
            trimmed += part.heap().trim(keep / parts().size());
        }
        return trimmed;
    }

    @Override
    default void atExit() {
        for (Part part : parts()) {
            part.heap().atExit();
        }
    }

    @Override
    default String explain(long address) {
        for (Part part : parts()) {
            String explained = part.heap().explain(address);
            if (explained != null) {
                return explained;
            }
        }
        return null;
    }

    @Override
    default boolean isThreadSafe() {
        for (Part part : parts()) {
            if (!part.heap().isThreadSafe()) {
                return false;
            }
        }
        return true;
    }

    /// What tells the blocks that lie in no region; null if no heap has such.
    static LongPredicate outside(List<Part> parts) {
        for (Part part : parts) {
            if (part.heap().outside() != null) {
                return new Outside(parts);
            }
        }
        return null;
    }

    /// Tells the blocks that lie in no region by asking each heap that has such.
    record Outside(List<Part> parts) implements LongPredicate {

        @Override
        public boolean test(long address) {
            for (int i = 0; i < parts.size(); i++) {
                LongPredicate outside = parts.get(i).heap().outside();
                if (outside != null && outside.test(address)) {
                    return true;
                }
            }
            return false;
        }
    }
}
