package io.javalloc.heaps;

import static io.javalloc.heaps.ZigWasm.LOG_MAX;
import static io.javalloc.heaps.ZigWasm.LOG_MIN_SLOT;
import static io.javalloc.heaps.ZigWasm.LOG_PAGE;

import io.javalloc.BlockVisitor;
import io.javalloc.HeapCorruption;
import io.javalloc.memory.Region;
import java.util.BitSet;

/// Looks at all metadata of a [ZigWasm]. Its constructor follows every list of free slots.
final class ZigWasmAudit {

    private final ZigWasm heap;

    /// By page: the numbers of its free slots, or 0 for a free run; null if there are none.
    private final BitSet[] freeSlots;

    /// @throws HeapCorruption if something that is no free slot is in a list, or one is there twice
    ZigWasmAudit(ZigWasm heap) {
        this.heap = heap;
        freeSlots = new BitSet[heap.frontier];
        for (int log = LOG_MIN_SLOT; log < LOG_MAX; log++) {
            for (long slot = heap.lists[log]; slot != 0; slot = heap.checkedNext(slot)) {
                note(log, slot);
            }
        }
    }

    private void note(int log, long slot) {
        int page = heap.pageOf(slot);
        int number = (int) (slot - heap.addressOf(page) >> log);
        boolean isSmall = log < LOG_PAGE;
        if (heap.table[page] != (isSmall ? log : -log) || (slot & ZigWasm.slotMask(log)) != 0) {
            throw new HeapCorruption("The list of another size leads here", slot);
        }
        if (isSmall && number >= heap.slotsCut(page, log)) {
            throw new HeapCorruption("A list leads to a slot not handed out yet", slot);
        }
        if (freeSlots[page] == null) {
            freeSlots[page] = new BitSet();
        } else if (freeSlots[page].get(number)) {
            throw new HeapCorruption("A free slot is listed twice", slot);
        }
        freeSlots[page].set(number);
    }

    void verify() {
        int page = 0;
        while (page < heap.frontier) {
            int log = heap.table[page];
            int next = page + ZigWasm.pagesOf(Math.abs(log));
            if (Math.abs(log) < LOG_MIN_SLOT || next > heap.frontier) {
                throw corrupt("The table has no size for the page", page);
            }
            if (log < 0 && freeSlots[page] == null) {
                throw corrupt("A free run is in no list", page);
            }
            verifyNothingStarts(page + 1, next);
            page = next;
        }
        verifyNothingStarts(heap.frontier, heap.table.length);
        for (int log = LOG_MIN_SLOT; log < LOG_PAGE; log++) {
            verifyBump(log, heap.bumps[log]);
        }
    }

    private void verifyNothingStarts(int from, int to) {
        for (int page = from; page < to; page++) {
            if (heap.table[page] != 0) {
                throw corrupt("The table has a size where nothing starts", page);
            }
        }
    }

    private void verifyBump(int log, long bump) {
        boolean isCutting = (bump & (Region.PAGE - 1)) != 0;
        if (isCutting && heap.table[heap.pageOf(bump)] != log) {
            throw new HeapCorruption("Slots are cut from a page of another size", bump);
        }
    }

    void walk(BlockVisitor visitor) {
        for (int page = 0; page < heap.frontier; page += pagesAt(page)) {
            int log = heap.table[page];
            int slots = log < 0 ? 0 : log < LOG_PAGE ? heap.slotsCut(page, log) : 1;
            for (int number = 0; number < slots; number++) {
                if (freeSlots[page] == null || !freeSlots[page].get(number)) {
                    visitor.block(heap.addressOf(page) + ((long) number << log), 1L << log);
                }
            }
        }
    }

    private int pagesAt(int page) {
        return ZigWasm.pagesOf(Math.abs(heap.table[page]));
    }

    private HeapCorruption corrupt(String message, int page) {
        return new HeapCorruption(message, heap.addressOf(page));
    }
}
