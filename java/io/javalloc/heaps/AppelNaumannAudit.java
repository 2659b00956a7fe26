package io.javalloc.heaps;

import io.javalloc.BlockVisitor;
import io.javalloc.HeapCorruption;
import io.javalloc.memory.Chunks;
import io.javalloc.memory.FreeBlocks;
import java.util.BitSet;

/// Looks at all of an [AppelNaumann], and stops at the first thing that is not as it has to be. Its
/// constructor follows every list.
final class AppelNaumannAudit {

    private final AppelNaumann heap;
    private final FreeBlocks free;

    /// Which of the free blocks were found where a block is.
    private final BitSet found = new BitSet();

    AppelNaumannAudit(AppelNaumann heap) {
        this.heap = heap;
        free = heap.lists.all();
    }

    void verify() {
        heap.pages.verify();
        walk((block, size) -> {});
        int lost = found.nextClearBit(0);
        if (lost < free.count()) {
            throw new HeapCorruption("A list leads to what is no block", free.address(lost));
        }
    }

    void walk(BlockVisitor visitor) {
        Chunks chunks = heap.chunks;
        for (int i = 0; i < chunks.count(); i++) {
            walkChunk(chunks.start(i), chunks.end(chunks.start(i)), visitor);
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
            if (!isFree(block, bin)) {
                visitor.block(block, size);
            }
            block += AppelNaumannBlock.stride(bin);
        }
    }

    private boolean isFree(long block, int bin) {
        int index = free.indexOf(block);
        if (index < 0 || free.list(index) != bin) {
            return false;
        }
        found.set(index);
        return true;
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
