package io.javalloc.layers;

import io.javalloc.BlockVisitor;
import io.javalloc.Heap;
import io.javalloc.HeapArguments;
import io.javalloc.HeapCorruption;
import io.javalloc.HeapProvider;
import io.javalloc.Layer;
import io.javalloc.memory.Region;
import io.javalloc.memory.SplitMix64;
import java.util.function.LongPredicate;

/// Puts a guard before and behind each block, and looks whether both are intact when the block is
/// freed or resized, when the program ends, and when the heap is verified. Who writes over the end
/// of a block is found out, from the first byte behind the size that was asked for; so is who
/// writes before its start, who frees a block twice, and who frees what is none. [CanaryGuards] has
/// the picture.
///
/// As thread-safe as the heap inside: what is written belongs to one block.
///
/// @param heap    the heap inside
/// @param region  where its blocks are
/// @param guards  what stands around the blocks
/// @param outside tells the blocks that are not in the region; null if all are
public record Canary(Heap heap, Region region, CanaryGuards guards, Outside outside)
        implements Layer {

    /// Makes `canary(heap)`.
    public static final class Provider implements HeapProvider {

        @Override
        public String name() {
            return "canary";
        }

        @Override
        public String summary() {
            return "Guards around each block: sees what is written over its ends";
        }

        @Override
        public String inner() {
            return "HEAP";
        }

        @Override
        public String checks() {
            return "overflow, underflow, double free, pointers that are not a block";
        }

        @Override
        public Heap create(HeapArguments arguments) {
            Region region = arguments.region();
            Heap heap = arguments.inner();
            CanaryGuards guards =
                    new CanaryGuards(SplitMix64.mix(System.nanoTime() ^ region.base()));
            Outside outside = heap.outside() == null ? null : new Outside(guards, heap.outside());
            return new Canary(heap, region, guards, outside);
        }
    }

    /// Tells the blocks that are not in the region by the blocks inside that start before them.
    record Outside(CanaryGuards guards, LongPredicate inside) implements LongPredicate {

        @Override
        public boolean test(long address) {
            for (long front = CanaryGuards.LEAST_FRONT; front < address; front *= 2) {
                long start = address - front;
                if (inside.test(start) && guards.frontIn(start) == front) {
                    return true;
                }
            }
            return false;
        }
    }

    /// Shows a visitor the blocks instead of the blocks inside.
    private record Blocks(CanaryGuards guards, BlockVisitor visitor) implements BlockVisitor {

        @Override
        public void block(long start, long usable) {
            long front = guards.frontIn(start);
            long size = guards.sizeIn(start);
            long bytes = front == 0 ? 0 : CanaryGuards.around(size, front);
            if (bytes == 0 || bytes > usable) {
                throw new HeapCorruption(
                        "The start of a block with its guards, "
                                + usable
                                + " bytes in all, was overwritten",
                        start);
            }
            visitor.block(start + front, size);
        }
    }

    /// Checks each block.
    private record Check(Canary canary) implements BlockVisitor {

        @Override
        public void block(long address, long usable) {
            canary.checkedFront(address);
        }
    }

    @Override
    public long allocate(long size, long alignment) {
        long front = CanaryGuards.frontFor(alignment);
        long bytes = CanaryGuards.around(size, front);
        return bytes == 0 ? 0 : guarded(heap.allocate(bytes, alignment), front, size);
    }

    @Override
    public long allocateZeroed(long size, long alignment) {
        long front = CanaryGuards.frontFor(alignment);
        long bytes = CanaryGuards.around(size, front);
        return bytes == 0 ? 0 : guarded(heap.allocateZeroed(bytes, alignment), front, size);
    }

    private long guarded(long start, long front, long size) {
        if (start == 0) {
            return 0;
        }
        guards.write(start + front, front, size);
        return start + front;
    }

    @Override
    public void free(long address) {
        long front = checkedFront(address);
        guards.markFreed(address);
        heap.free(address - front);
    }

    @Override
    public long usableSize(long address) {
        checkedFront(address);
        return guards.size(address);
    }

    /// Its blocks have what was asked for, and no more.
    @Override
    public boolean canBe(long size, long alignment, long usable) {
        return size == usable;
    }

    @Override
    public long reallocate(long address, long size) {
        long front = checkedFront(address);
        long before = guards.size(address);
        long bytes = CanaryGuards.around(size, front);
        if (bytes == 0) {
            return 0;
        }
        guards.markFreed(address); // where it was, should it move
        long start = heap.reallocate(address - front, bytes);
        if (start != 0) {
            return guarded(start, front, size);
        }
        guards.write(address, front, Math.min(size, before));
        return size <= before ? address : 0;
    }

    /// Looks at the guards of a block.
    ///
    /// @return how far it is behind the start of the block inside
    /// @throws HeapCorruption if they have been overwritten, or there are none
    private long checkedFront(long address) {
        if (!hasShape(address)) {
            throw Damage.noBlock(address);
        }
        if (guards.isFreed(address)) {
            throw Damage.freedBefore(address);
        }
        long front = guards.front(address);
        long bytes = front == 0 ? 0 : CanaryGuards.around(guards.size(address), front);
        if (bytes == 0 || !canBeRead(address - front, bytes)) {
            throw withoutShape(address);
        }
        guards.check(address);
        return front;
    }

    /// Whether there is something to be read right before an address, as before each block.
    private boolean hasShape(long address) {
        long front = CanaryGuards.LEAST_FRONT;
        return address % MIN_ALIGNMENT == 0
                && (region.isUsable(address - front, front)
                        || (outside != null && outside.test(address)));
    }

    /// Whether the ends of a block inside that a shape tells of can be read, as they cannot be if
    /// the shape was overwritten. In between somebody may have protected what is his.
    private boolean canBeRead(long start, long bytes) {
        long end = start + bytes;
        return (region.isUsable(start, CanaryGuards.LEAST_FRONT)
                        && region.isUsable(end - CanaryGuards.TAIL, CanaryGuards.TAIL))
                || (outside != null
                        && outside.inside().test(start)
                        && bytes <= heap.usableSize(start));
    }

    /// Says what is wrong with a block about which nothing is known any more. Whether it is one the
    /// heap inside may know.
    private HeapCorruption withoutShape(long address) {
        try {
            return guards.underflow(address, heap.usableSize(address - CanaryGuards.LEAST_FRONT));
        } catch (HeapCorruption e) {
            return new HeapCorruption(
                    "This is not a live block; the heap inside says: " + e.getMessage(), address);
        }
    }

    @Override
    public void verify() {
        walk(new Check(this));
        heap.verify();
    }

    @Override
    public void atExit() {
        walk(new Check(this));
        heap.atExit();
    }

    @Override
    public void walk(BlockVisitor visitor) {
        heap.walk(new Blocks(guards, visitor));
    }
}
