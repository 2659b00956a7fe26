package io.javalloc.heaps;

import io.javalloc.BlockVisitor;
import io.javalloc.HeapCorruption;
import io.javalloc.memory.FreeBlocks;

/// Looks at all of a [Hare], and stops at the first thing that is not as it has to be. Its
/// constructor follows every list.
final class HareAudit {

    private final Hare heap;
    private final FreeBlocks free;

    HareAudit(Hare heap) {
        this.heap = heap;
        free = new FreeBlocks(heap.chunks, heap.lists, HareMeta.FIRST);
    }

    void verify() {
        heap.pages.verify();
        long[] live = {0};
        walk((block, size) -> live[0]++);
        if (live[0] != heap.live) {
            throw new HeapCorruption(
                    live[0] + " live blocks are to be found, not " + heap.live + ", the first",
                    firstLive());
        }
    }

    /// The live block with the lowest address that is small, or large if none is; 0 if none is
    /// live.
    long firstLive() {
        long[] first = {0};
        walk((block, size) -> first[0] = first[0] == 0 ? block : first[0]);
        return first[0];
    }

    void walk(BlockVisitor visitor) {
        free.walk(
                heap.pages,
                new FreeBlocks.Look() {
                    @Override
                    public void chunk(int index) {
                        walkChunk(heap.firstMeta(index), heap.lastMeta(index), visitor);
                    }

                    @Override
                    public void run(long address) {
                        showLarge(address, visitor);
                    }
                });
    }

    private void walkChunk(long first, long last, BlockVisitor visitor) {
        long before = 0;
        long meta = first;
        while (meta < last) {
            long size = HareMeta.isFree(meta) ? freeSize(meta, last) : HareMeta.size(meta);
            if (!HareMeta.isBinSize(size) || HareMeta.second(meta, size) > last) {
                throw before == 0 ? heap.checks.badMeta(meta) : heap.checks.badSecond(before);
            }
            if (!HareMeta.isFree(meta)) {
                visitor.block(meta + HareMeta.BYTES, size);
            }
            before = meta;
            meta = HareMeta.second(meta, size);
            if (meta == last && HareMeta.size(meta) != size) {
                throw heap.checks.badSecond(before);
            }
        }
    }

    /// The size of a block that is in a list, which all of it is poison for; 0 if it is in none.
    private long freeSize(long meta, long last) {
        return free.isFree(meta) ? HareMeta.poisoned(meta, last) : 0;
    }

    private void showLarge(long run, BlockVisitor visitor) {
        long block = heap.large.blockIn(run);
        if (block == 0) {
            throw heap.checks.badRun(run);
        }
        long meta = heap.checks.inUse(block);
        if (HareMeta.isSmall(HareMeta.size(meta))) {
            throw heap.checks.badMeta(meta);
        }
        visitor.block(block, HareMeta.size(meta));
    }
}
