package io.javalloc.heaps;

import static io.javalloc.heaps.ZigWasmRuns.LOG_MAX;
import static io.javalloc.heaps.ZigWasmRuns.LOG_PAGE;
import static io.javalloc.heaps.ZigWasmRuns.LOG_SMALLEST;
import static io.javalloc.heaps.ZigWasmRuns.pagesOf;

import io.javalloc.BlockVisitor;
import io.javalloc.HeapCorruption;
import io.javalloc.memory.Region;
import java.util.BitSet;

/// Looks at all metadata of a [ZigWasm]. Its constructor follows every list of free slots.
final class ZigWasmAudit {

    private final ZigWasm heap;
    private final ZigWasmRuns runs;

    /// By page: the numbers of its free slots, or 0 for a free run; null if there are none.
    private final BitSet[] freeSlots;

    /// @throws HeapCorruption if something that is no free slot is in a list, or one is there twice
    ZigWasmAudit(ZigWasm heap) {
        this.heap = heap;
        runs = heap.runs;
        freeSlots = new BitSet[runs.pages()];
        for (int log = LOG_SMALLEST; log < LOG_MAX; log++) {
            long slot = log < LOG_PAGE ? heap.lists[log] : runs.lists[log];
            while (slot != 0) {
                note(log, slot);
                slot = log < LOG_PAGE ? runs.nextSlot(slot, log) : runs.nextRun(slot, log);
            }
        }
    }

    private void note(int log, long slot) {
        int page = runs.pageOf(slot);
        int number = (int) (slot - runs.addressOf(page) >> log);
        boolean isSmall = log < LOG_PAGE;
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
        while (page < runs.pages()) {
            int log = runs.table[page];
            int next = page + pagesOf(Math.abs(log));
            if (Math.abs(log) < LOG_SMALLEST || next > runs.pages()) {
                throw corrupt("The table has no size for the page", page);
            }
            if (log < 0 && freeSlots[page] == null) {
                throw corrupt("A free run is in no list", page);
            }
            verifyNothingStarts(page + 1, next);
            page = next;
        }
        verifyNothingStarts(runs.pages(), runs.table.length);
        for (int log = LOG_SMALLEST; log < LOG_PAGE; log++) {
            verifyBump(log, heap.bumps[log]);
        }
    }

    private void verifyNothingStarts(int from, int to) {
        for (int page = from; page < to; page++) {
            if (runs.table[page] != 0) {
                throw corrupt("The table has a size where nothing starts", page);
            }
        }
    }

    private void verifyBump(int log, long bump) {
        boolean isCutting = (bump & (Region.PAGE - 1)) != 0;
        if (isCutting && runs.table[runs.pageOf(bump)] != log) {
            throw new HeapCorruption("Slots are cut from a page of another size", bump);
        }
    }

    void walk(BlockVisitor visitor) {
        for (int page = 0; page < runs.pages(); page += pagesAt(page)) {
            int log = runs.table[page];
            int slots = log < 0 ? 0 : log < LOG_PAGE ? heap.slotsCut(page, log) : 1;
            for (int number = 0; number < slots; number++) {
                if (freeSlots[page] == null || !freeSlots[page].get(number)) {
                    visitor.block(runs.addressOf(page) + ((long) number << log), 1L << log);
                }
            }
        }
    }

    private int pagesAt(int page) {
        return pagesOf(Math.abs(runs.table[page]));
    }

    private HeapCorruption corrupt(String message, int page) {
        return new HeapCorruption(message, runs.addressOf(page));
    }
}
