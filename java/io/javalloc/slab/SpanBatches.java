package io.javalloc.slab;

import static io.javalloc.slab.SpanRow.FREE;
import static io.javalloc.slab.SpanRow.HINT;

import io.javalloc.HeapCorruption;
import io.javalloc.memory.Memory;
import java.lang.foreign.MemorySegment;

/// Blocks of one class that go out and come back by the batch, their addresses in the program's
/// memory. Part of [Spans], under the same lock.
final class SpanBatches {

    /// So many blocks are taken, or taken back, with one access to the program's memory.
    private static final int BATCH = 128;

    private final Spans spans;
    private final PageTable table;
    private final SpanRows rows;

    /// Addresses on their way.
    private final long[] batch = new long[BATCH];

    private final MemorySegment batchSegment = MemorySegment.ofArray(batch);

    SpanBatches(Spans spans, PageTable table) {
        this.spans = spans;
        this.table = table;
        rows = table.rows;
    }

    // ---- out ---------------------------------------------------------------------------------

    /// Takes blocks and writes their addresses to memory: neighbours as far as there are, of one
    /// span after the other.
    ///
    /// @return how many; less than `count` if there is no memory for more
    int fill(long slots, int count) {
        if (!spans.areAlike) {
            return fillOneByOne(slots, count);
        }
        int done = 0;
        int some;
        do {
            some = takeBatch(Math.min(count - done, BATCH));
            Memory.putLongs(slots + (long) done * Long.BYTES, batchSegment, some);
            done += some;
        } while (some == BATCH && done < count);
        return done;
    }

    private int takeBatch(int count) {
        int done = 0;
        while (done < count && (!spans.groups.isEmpty() || spans.addSpan())) {
            done = takeSome(done, count);
        }
        return done;
    }

    private int fillOneByOne(long slots, int count) {
        int done = 0;
        while (done < count) {
            long block = spans.take();
            if (block == 0) {
                return done;
            }
            Memory.putLong(slots + (long) done * Long.BYTES, block);
            done++;
        }
        return done;
    }

    /// Takes blocks of one span.
    ///
    /// @return how many are in the batch now, up to `count`
    private int takeSome(int before, int count) {
        long bytes = spans.bytes;
        int page = spans.groups.fullest();
        int number = table.rowOf(page);
        long[] row = rows.pieceOf(number);
        int at = SpanRows.offsetOf(number);
        int end = (int) Math.min(count, before + row[at + FREE]);
        long start = table.addressOf(page);
        int done = before;
        int word = (int) row[at + HINT];
        while (true) {
            long free = ~row[at + word];
            long first = start + SpanRow.firstIndex(word) * bytes;
            while (free != 0 && done < end) {
                batch[done++] = first + Long.numberOfTrailingZeros(free) * bytes;
                free &= free - 1;
            }
            row[at + word] = ~free;
            if (done == end) {
                break;
            }
            word = spans.next(word);
        }
        row[at + HINT] = word;
        spans.took(page, row, at, end - before);
        return end;
    }

    // ---- back --------------------------------------------------------------------------------

    /// Takes blocks back whose addresses are in memory, also behind one with which something is
    /// wrong.
    ///
    /// @return what is wrong with the first such; null if nothing is with any
    HeapCorruption flush(long slots, int count) {
        HeapCorruption refusal = null;
        for (int done = 0; done < count; done += BATCH) {
            int some = Math.min(count - done, BATCH);
            Memory.getLongs(slots + (long) done * Long.BYTES, batchSegment, some);
            HeapCorruption another = flushBatch(some);
            refusal = refusal == null ? another : refusal;
        }
        return refusal;
    }

    private HeapCorruption flushBatch(int count) {
        HeapCorruption refusal = null;
        int done = 0;
        while (done < count) {
            int next = flushSome(done, count);
            if (next == done) {
                HeapCorruption another = spans.giveIfThere(table.pageOf(batch[done]), batch[done]);
                refusal = refusal == null ? another : refusal;
                next++;
            }
            done = next;
        }
        return refusal;
    }

    /// Takes back the first of some blocks, and those behind it that are of the same span: which
    /// were taken together, often come together.
    ///
    /// @return how many of the batch are done; `first` if that one is wrong
    private int flushSome(int first, int count) {
        long page = table.pageOf(batch[first]);
        if (table.classAt(page) != spans.sizeClass) {
            return first;
        }
        int number = table.rowOf(page);
        long[] row = rows.pieceOf(number);
        int at = SpanRows.offsetOf(number);
        int done = first;
        while (done < count) {
            long address = batch[done];
            if (table.pageOf(address) != page || spans.wrongWith(row, at, address) != null) {
                break;
            }
            spans.clearBit(row, at, address);
            done++;
        }
        if (done != first) {
            spans.gave((int) page, row, at, done - first);
        }
        return done;
    }
}
