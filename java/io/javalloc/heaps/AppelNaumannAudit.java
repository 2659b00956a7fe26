package io.javalloc.heaps;

import io.javalloc.BlockVisitor;
import io.javalloc.HeapCorruption;
import io.javalloc.memory.Chunks;
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
        Chunks chunks = heap.chunks;
        for (int i = 0; i < chunks.count(); i++) {
            free.begin(i);
            walkChunk(chunks.start(i), chunks.end(chunks.start(i)), visitor);
            free.end();
        }
        heap.pages.walk(
                (run, bytes) -> {
                    if (chunks.indexOf(run) < 0) {
                        showLarge(run, visitor);
                    }
                });
    }

    private void walkChunk(long chunk, long end, BlockVisitor visitor) {
        long size = AppelNaumannBlock.size(chunk + AppelNaumannBlock.FIRST);
        if (!AppelNaumannBlock.isBinSize(size)) {
            throw overwritten(chunk + AppelNaumannBlock.FIRST);
        }
        int bin = AppelNaumannBlock.bin(size);
        long blocks = AppelNaumannBlock.blocksIn(end - chunk, bin);
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
