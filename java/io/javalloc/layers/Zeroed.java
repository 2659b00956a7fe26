package io.javalloc.layers;

import io.javalloc.Heap;
import io.javalloc.HeapArguments;
import io.javalloc.HeapProvider;
import io.javalloc.Layer;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;

/// Hands out zeroed memory only: programs that read what they have not written find zeros, each
/// time, and nothing of what was there before.
///
/// All usable bytes are 0, also those behind the size that was asked for: a block that grows within
/// its usable size, or is made smaller and larger again, shows zeros where it is new to its owner.
/// As thread-safe as the heap inside.
///
/// @param heap the heap inside
public record Zeroed(Heap heap) implements Layer {

    /// Makes `zeroed(heap)`.
    public static final class Provider implements HeapProvider {

        @Override
        public String name() {
            return "zeroed";
        }

        @Override
        public String summary() {
            return "Every block is zero when it is handed out, and where it grows";
        }

        @Override
        public String inner() {
            return "HEAP";
        }

        @Override
        public Heap create(HeapArguments arguments) {
            return new Zeroed(arguments.inner());
        }
    }

    @Override
    public long allocate(long size, long alignment) {
        return allocateZeroed(size, alignment);
    }

    @Override
    public long allocateZeroed(long size, long alignment) {
        return zeroedFrom(size, heap.allocateZeroed(size, alignment));
    }

    @Override
    public long reallocate(long address, long size) {
        long before = heap.usableSize(address);
        return zeroedFrom(Math.min(size, before), heap.reallocate(address, size));
    }

    /// Clears what lies behind the first bytes of a block: page by page, and only what is not zero
    /// anyhow, so that pages of a large block that nobody has touched stay so.
    private long zeroedFrom(long kept, long address) {
        if (address == 0) {
            return 0;
        }
        long end = address + heap.usableSize(address);
        long start = address + kept;
        while (start < end) {
            long next = Math.min(end, Region.roundUp(start + 1, Region.SYSTEM_PAGE));
            if (Pattern.intact(start, next - start, (byte) 0) != next - start) {
                Memory.fill(start, next - start, (byte) 0);
            }
            start = next;
        }
        return address;
    }
}
