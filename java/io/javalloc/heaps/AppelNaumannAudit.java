package io.javalloc.heaps;

import io.javalloc.BlockVisitor;
import io.javalloc.HeapCorruption;
import io.javalloc.memory.FreeBlocks;

/// Looks at all of an [AppelNaumann], and stops at the first thing that is not as it has to be. Its
/// constructor follows every list.
final class AppelNaumannAudit {

    private final AppelNaumann heap;
    private final FreeBlocks free;

    AppelNaumannAudit(AppelNaumann heap) {
        this.heap = heap;
        free = new FreeBlocks(heap.chunks, heap.lists, AppelNaumannBlock.FIRST);
    }

    void verify() {
        heap.pages.verify();
        walk((block, size) -> {});
    }

    void walk(BlockVisitor visitor) {
        free.walk(
                heap.pages,
                new FreeBlocks.Look() {
                    @Override
                    public void chunk(int index) {
                        walkChunk(heap.chunks.start(index), visitor);
                    }

                    @Override
                    public void run(long address) {
                        showLarge(address, visitor);
                    }
                });
    }

    private void walkChunk(long chunk, BlockVisitor visitor) {
        long size = AppelNaumannBlock.size(chunk + AppelNaumannBlock.FIRST);
        if (!AppelNaumannBlock.isBinSize(size)) {
            throw overwritten(chunk + AppelNaumannBlock.FIRST);
        }
        int bin = AppelNaumannBlock.bin(size);
        long blocks = AppelNaumannBlock.blocksIn(heap.chunks.end(chunk) - chunk, bin);
        long block = chunk + AppelNaumannBlock.FIRST;
        for (long left = blocks; left > 0; left--) {
            if (AppelNaumannBlock.size(block) != size) {
                throw overwritten(block);
            }
            if (!free.isFree(block)) {
                visitor.block(block, size);
            }
            block += AppelNaumannBlock.stride(bin);
        }
    }

    private void showLarge(long run, BlockVisitor visitor) {
        long block = heap.large.blockIn(run);
        if (block == 0 || AppelNaumannBlock.size(block) != heap.large.room(block)) {
            throw overwritten(run + AppelNaumannBlock.FIRST);
        }
        visitor.block(block, AppelNaumannBlock.size(block));
    }

    private static HeapCorruption overwritten(long block) {
        return new HeapCorruption("The size of a block has been overwritten", block);
    }
}
