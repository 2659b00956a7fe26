package io.javalloc.slab;

import static io.javalloc.slab.SpanRow.BITS;
import static io.javalloc.slab.SpanRow.FREE;
import static io.javalloc.slab.SpanRow.FULL_WORD;
import static io.javalloc.slab.SpanRow.HINT;
import static io.javalloc.slab.SpanRow.NONE;

import io.javalloc.BlockVisitor;
import io.javalloc.HeapCorruption;
import java.util.BitSet;

/// Looks at all of a [Slab], under all of its locks: nothing else happens meanwhile.
final class SlabAudit {

    // What to do under the locks: whether all is right, what is live, whether free blocks are zero.
    // Neither lambdas nor an enum: at the end of a program, which may have left the virtual machine
    // no memory, no class is to be made.
    private static final int VERIFY = 0;
    private static final int WALK = 1;
    private static final int CHECK_ERASED = 2;

    private final Slab heap;
    private final SlabPages pages;
    private final PageTable table;

    SlabAudit(Slab heap) {
        this.heap = heap;
        pages = heap.pages;
        table = pages.table;
    }

    void verify() {
        locked(1, VERIFY, null);
    }

    void walk(BlockVisitor visitor) {
        locked(1, WALK, visitor);
    }

    /// Takes the locks of the classes from one on, then that of the pages.
    private void locked(int sizeClass, int look, BlockVisitor visitor) {
        if (sizeClass < Slab.CLASSES) {
            synchronized (heap.small.spans[sizeClass]) {
                heap.small.spans[sizeClass].giveKept();
                locked(sizeClass + 1, look, visitor);
            }
            return;
        }
        synchronized (pages) {
            switch (look) {
                case VERIFY -> verifyAll();
                case WALK -> walkAll(visitor);
                default -> verifyErased();
            }
        }
    }

    // ---- what is live ------------------------------------------------------------------------

    private void walkAll(BlockVisitor visitor) {
        for (int page = 0; page < pages.free.end(); page += Math.abs(table.lengths.get(page))) {
            int length = table.lengths.get(page);
            if (table.classes[page] != 0) {
                walkSpan(visitor, page, heap.small.spans[table.classes[page]]);
            } else if (length > 0) {
                long payload = (long) length - pages.guards.width;
                visitor.block(table.addressOf(page), payload << PageTable.LOG_PAGE);
            }
        }
    }

    private void walkSpan(BlockVisitor visitor, int page, Spans spans) {
        for (int index = 0; index < spans.capacity; index++) {
            if (isOut(page, index)) {
                visitor.block(table.addressOf(page) + index * spans.bytes, spans.bytes);
            }
        }
    }

    private boolean isOut(int page, int index) {
        int row = table.rowOf(page);
        return SpanRow.isOut(table.rows.pieceOf(row), SpanRows.offsetOf(row), index);
    }

    /// A word of a span's row.
    private long word(int page, int word) {
        int row = table.rowOf(page);
        return table.rows.pieceOf(row)[SpanRows.offsetOf(row) + word];
    }

    // ---- what must hold ----------------------------------------------------------------------

    private void verifyAll() {
        verifyRuns();
        verifyRows();
        verifyFreeRuns();
        for (int sizeClass = 1; sizeClass < Slab.CLASSES; sizeClass++) {
            verifySpans(heap.small.spans[sizeClass]);
        }
        verifyErased();
    }

    /// Looks whether somebody has written to a block that is free, where such are zero.
    void checkErased() {
        locked(1, CHECK_ERASED, null);
    }

    private void verifyErased() {
        for (int page = 0; page < pages.free.end(); page++) {
            if (pages.hardening.erase() && table.classes[page] != 0) {
                verifyErased(heap.small.spans[table.classes[page]], page);
            }
        }
    }

    private void verifyErased(Spans spans, int page) {
        for (int index = 0; index < spans.capacity; index++) {
            if (!isOut(page, index)) {
                spans.checkErased(table.addressOf(page) + index * spans.bytes);
            }
        }
    }

    /// Every page is in one run.
    private void verifyRuns() {
        long liveRuns = 0;
        long livePages = 0;
        boolean previousIsFree = false;
        int page = 0;
        while (page < pages.free.end()) {
            int length = table.lengths.get(page);
            int stop = page + Math.abs(length);
            verifyRun(page, length, stop);
            boolean isFree = length < 0 && !pages.free.isWithdrawn(page);
            if (previousIsFree && isFree) {
                throw corrupt("Two free runs are neighbours, the second", page);
            }
            if (length > 0 && table.classes[page] == 0) {
                liveRuns++;
                livePages += length - pages.guards.width;
            }
            previousIsFree = isFree;
            page = stop;
        }
        if (liveRuns != pages.liveRuns() || livePages != pages.livePages()) {
            throw new HeapCorruption(
                    liveRuns + " large blocks are in use, not " + pages.liveRuns());
        }
    }

    private void verifyRun(int page, int length, int stop) {
        if (length == 0 || stop > pages.free.end()) {
            throw corrupt("No run of pages has the right length at the page", page);
        }
        if (length < 0 && table.lengths.get(stop - 1) != length) {
            throw corrupt("The end of a free run is not marked", page);
        }
        if (table.classes[page] != 0 && length != 1 + pages.guards.width) {
            throw corrupt("A span is not one page", page);
        }
        for (int inside = page; inside < stop; inside++) {
            boolean isSpan = inside == page && length == 1 + pages.guards.width;
            if (table.classes[inside] != 0 && !isSpan) {
                throw corrupt("A page that is no span has a class", inside);
            }
            if (!table.isPublished(inside)) {
                throw corrupt("The published class was overwritten, of the page", inside);
            }
        }
    }

    /// Every free run is in the list that it should be in.
    private void verifyFreeRuns() {
        BitSet listed = new BitSet();
        for (int range = 0; range < FreeRuns.RANGES; range++) {
            verifyList(true, range, listed);
            verifyList(false, range, listed);
        }
        for (int page = 0; page < pages.free.end(); page += Math.abs(table.lengths.get(page))) {
            boolean isFree = table.lengths.get(page) < 0;
            if (isFree && !listed.get(page) && !pages.free.isWithdrawn(page)) {
                throw corrupt("A free run is in no list", page);
            }
        }
    }

    private void verifyList(boolean isDirty, int range, BitSet listed) {
        int previous = NONE;
        for (int run = pages.free.runs.first(isDirty, range);
                run != NONE;
                run = table.next.get(run)) {
            int length = -table.lengths.get(run);
            if (listed.get(run) || table.previous.get(run) != previous) {
                throw corrupt("A list of free runs is broken", run);
            }
            if (length <= 0 || FreeRuns.rangeOf(length) != range) {
                throw corrupt("A list of free runs has one of another length", run);
            }
            if (isDirty != table.dirty.nextSet(run, run + length) < run + length) {
                throw corrupt("A free run is in the wrong list, dirty or clean", run);
            }
            listed.set(run);
            previous = run;
        }
    }

    /// Rows are counted where they lie, and those that no span uses are zero.
    private void verifyRows() {
        int[] used = new int[table.rows.pieces()];
        for (int page = 0; page < pages.free.end(); page++) {
            int row = table.rowOf(page);
            if (table.classes[page] != 0) {
                used[SpanRows.numberOfPiece(row)]++;
            } else if (!isZero(page)) {
                throw corrupt("The row of no span is not zero, of the page", page);
            }
        }
        for (int piece = 0; piece < used.length; piece++) {
            if (used[piece] + table.rows.left(piece) != table.rows.used(piece)) {
                throw new HeapCorruption("The rows in use of piece " + piece + " are miscounted");
            }
        }
    }

    private boolean isZero(int page) {
        int word = table.rowWords(page) - 1;
        while (word >= 0 && word(page, word) == 0) {
            word--;
        }
        return word < 0;
    }

    private void verifySpans(Spans spans) {
        BitSet listed = new BitSet();
        for (int group = 0; group < spans.groups.count(); group++) {
            verifyGroup(spans, group, listed);
        }
        long out = 0;
        for (int page = 0; page < pages.free.end(); page++) {
            if (table.classes[page] == spans.sizeClass) {
                verifySpan(spans, page, listed.get(page));
                out += spans.capacity - word(page, FREE);
            }
        }
        if (!spans.isCurrentRight()) {
            throw new HeapCorruption(
                    "Blocks of " + spans.bytes + " bytes come from what is no span of them");
        }
        if (out != spans.out()) {
            throw new HeapCorruption(
                    out + " blocks of " + spans.bytes + " bytes are out, not " + spans.out());
        }
    }

    private void verifyGroup(Spans spans, int group, BitSet listed) {
        int previous = NONE;
        int page = spans.groups.first(group);
        while (page != NONE) {
            if (table.classes[page] != spans.sizeClass) {
                throw corrupt("A list of spans has one of another class", page);
            }
            if (listed.get(page) || table.previous.get(page) != previous) {
                throw corrupt("A list of spans is broken", page);
            }
            long free = word(page, FREE);
            if (free == 0 || spans.groups.groupOf(free) != group) {
                throw corrupt("A span is in the list of another group", page);
            }
            listed.set(page);
            previous = page;
            page = table.next.get(page);
        }
    }

    private void verifySpan(Spans spans, int page, boolean isListed) {
        int words = SpanRow.words(spans.capacity);
        if (table.rowWords(page) < words) {
            throw corrupt("The row of a span is too short", page);
        }
        long free = 0;
        for (int word = BITS; word < words; word++) {
            free += Long.bitCount(~word(page, word));
        }
        if (word(page, HINT) < BITS || word(page, HINT) >= words) {
            throw corrupt("The search for a free block begins outside of the span", page);
        }
        if (free != word(page, FREE)) {
            throw corrupt("The count of free blocks is wrong in the span", page);
        }
        boolean isTailOut =
                spans.capacity % Long.SIZE == 0
                        || word(page, words - 1) >>> spans.capacity == FULL_WORD >>> spans.capacity;
        if (!isTailOut) {
            throw corrupt("A bit behind the last block is free in the span", page);
        }
        if (isListed != free > 0) {
            throw corrupt("A span is in no list, or should not be, the one", page);
        }
        if ((free == spans.capacity) != (page == spans.spare())) {
            throw corrupt("A span is empty and not the spare, or the other way round", page);
        }
    }

    private HeapCorruption corrupt(String what, int page) {
        return new HeapCorruption(what, table.addressOf(page));
    }
}
