package io.javalloc.slab;

import static io.javalloc.slab.SpanRow.BITS;
import static io.javalloc.slab.SpanRow.FREE;
import static io.javalloc.slab.SpanRow.FULL_WORD;
import static io.javalloc.slab.SpanRow.HINT;
import static io.javalloc.slab.SpanRow.NONE;

import io.javalloc.HeapCorruption;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import io.javalloc.memory.SplitMix64;
import java.lang.foreign.MemorySegment;

/// The spans of one size class. A span is a page that is divided into blocks of the class's size;
/// what is left over at its end is never touched. Those with free blocks are in [SpanGroups].
///
/// A span whose blocks are all free again gives its page back, but for one, the *spare*: a program
/// that frees a block and takes another does not come to the pages each time.
///
/// Not thread-safe: its monitor is the lock of the class, and [Slab] takes it.
final class Spans {

    /// Of an address, its offset in its page.
    private static final long OFFSET = Region.PAGE - 1;

    /// So many blocks are taken, or taken back, with one access to the program's memory.
    private static final int BATCH = 128;

    final int sizeClass;

    /// Of a block.
    final long bytes;

    /// Blocks of a span.
    final int capacity;

    /// Words of a span's row.
    private final int words;

    /// 2^32 divided by the bytes of a block, rounded up. An offset in the page times this, divided
    /// by 2^32, is the exact index: it is too large by less than 2^16 * 2^15 / 2^32, a half, of the
    /// step from one offset to the next.
    private final long reciprocal;

    private final SlabPages pages;
    private final PageTable table;
    private final SpanRows rows;
    private final boolean isErased;

    /// Null: blocks are handed out in the order in which they lie.
    private final SplitMix64 random;

    final SpanGroups groups;

    /// A page whose blocks are all free, [SpanRow#NONE] if there is none. There is no other.
    private int spare = NONE;

    /// Whether nothing has come from the spare, or to it, since this was set.
    private boolean isSpareIdle;

    /// The span that blocks are taken from one by one, until it has none left, and what is needed
    /// of it: each way to it through the tables is one load after the other. [SpanRow#NONE] and
    /// [SpanRow#EMPTY], which has no free block, if there is none.
    private int current = NONE;

    private long[] currentRow = SpanRow.EMPTY;
    private int currentAt;
    private long currentStart;

    private long out;

    /// Addresses on their way.
    private final long[] batch = new long[BATCH];

    private final MemorySegment batchSegment = MemorySegment.ofArray(batch);

    Spans(SlabPages pages, int sizeClass) {
        this.pages = pages;
        this.sizeClass = sizeClass;
        table = pages.table;
        rows = table.rows;
        bytes = SizeClasses.bytes(sizeClass);
        capacity = (int) (Region.PAGE / bytes);
        words = SpanRow.words(capacity);
        reciprocal = ((1L << Integer.SIZE) + bytes - 1) / bytes;
        groups = new SpanGroups(table, capacity);
        isErased = pages.hardening.erase();
        random = pages.hardening.random() ? randomNumbers(sizeClass) : null;
    }

    private SplitMix64 randomNumbers(int sizeClass) {
        return new SplitMix64(SplitMix64.mix(System.nanoTime() ^ table.base) + sizeClass);
    }

    /// How many blocks are out.
    long out() {
        return out;
    }

    /// The page of the spare span, [SpanRow#NONE] if there is none.
    int spare() {
        return spare;
    }

    /// The index of the block that starts at an offset in its span; -1 if none does.
    int indexOf(long offset) {
        int index = (int) (offset * reciprocal >>> Integer.SIZE);
        return index * bytes == offset && index < capacity ? index : -1;
    }

    // ---- out ---------------------------------------------------------------------------------

    /// Takes a block.
    ///
    /// @return 0 if there is no memory
    /// @throws HeapCorruption if it was written to since it was freed, and that can be seen
    long take() {
        if (currentRow[currentAt + FREE] == 0 && !takeFromAnother()) {
            return 0;
        }
        long[] row = currentRow;
        int at = currentAt;
        int word = random == null ? (int) row[at + HINT] : anyWord();
        while (row[at + word] == FULL_WORD) {
            word = next(word);
        }
        long bits = row[at + word];
        int bit = random == null ? Long.numberOfTrailingZeros(~bits) : anyFreeBit(bits);
        row[at + word] = bits | 1L << bit;
        row[at + HINT] = word;
        took(current, row, at, 1);
        long address = currentStart + (SpanRow.firstIndex(word) + bit) * bytes;
        if (isErased) {
            checkErased(address);
        }
        return address;
    }

    /// Blocks come from another span now, one of the fullest.
    ///
    /// @return false if there is no memory
    private boolean takeFromAnother() {
        if (groups.isEmpty() && !addSpan()) {
            return false;
        }
        current = groups.fullest();
        int row = table.rowOf(current);
        currentRow = rows.pieceOf(row);
        currentAt = SpanRows.offsetOf(row);
        currentStart = table.addressOf(current);
        return true;
    }

    /// Whether what is at hand of the current span is what the tables say.
    boolean isCurrentRight() {
        if (current == NONE) {
            return currentRow == SpanRow.EMPTY && currentAt == 0;
        }
        int row = table.rowOf(current);
        return table.classAt(current) == sizeClass
                && currentRow == rows.pieceOf(row)
                && currentAt == SpanRows.offsetOf(row);
    }

    private int anyWord() {
        return BITS + (int) ((random.next() >>> 1) % (words - BITS));
    }

    private int anyFreeBit(long bits) {
        int turned = random.below(Long.SIZE);
        int distance = Long.numberOfTrailingZeros(Long.rotateRight(~bits, turned));
        return distance + turned & Long.SIZE - 1;
    }

    /// Looks whether a free block is zero.
    ///
    /// @throws HeapCorruption if it is not
    void checkErased(long address) {
        long offset = 0;
        while (offset < bytes && Memory.getLong(address + offset) == 0) {
            offset += Long.BYTES;
        }
        if (offset < bytes) {
            throw new HeapCorruption(
                    "A block of "
                            + bytes
                            + " bytes was written to after it was freed, at byte "
                            + firstWritten(address, offset),
                    address);
        }
    }

    private static long firstWritten(long address, long offset) {
        int zeros = Long.numberOfTrailingZeros(Memory.getLong(address + offset));
        return offset + zeros / Byte.SIZE;
    }

    /// Takes blocks and writes their addresses to memory: neighbours as far as there are, of one
    /// span after the other.
    ///
    /// @return how many; less than `count` if there is no memory for more
    int fill(long slots, int count) {
        if (random != null || isErased) {
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
        while (done < count && (!groups.isEmpty() || addSpan())) {
            done = takeSome(done, count);
        }
        return done;
    }

    private int fillOneByOne(long slots, int count) {
        int done = 0;
        while (done < count) {
            long block = take();
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
        int page = groups.fullest();
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
            word = next(word);
        }
        row[at + HINT] = word;
        took(page, row, at, end - before);
        return end;
    }

    /// The word of bits behind one; the first behind the last.
    private int next(int word) {
        return word + 1 < words ? word + 1 : BITS;
    }

    private void took(int page, long[] row, int at, int count) {
        long before = row[at + FREE];
        long after = before - count;
        row[at + FREE] = after;
        out += count;
        if (page == spare) {
            spare = NONE;
        }
        groups.changed(page, before, after);
    }

    private boolean addSpan() {
        int page = pages.takeSpan(sizeClass, capacity);
        if (page == NONE) {
            return false;
        }
        groups.changed(page, 0, capacity);
        return true;
    }

    // ---- back --------------------------------------------------------------------------------

    /// Takes a block back.
    ///
    /// @param page    of this class
    /// @param address any on that page
    /// @return what is wrong with it; null if nothing is
    HeapCorruption give(int page, long address) {
        long[] row = currentRow;
        int at = currentAt;
        if (page != current) {
            int number = table.rowOf(page);
            row = rows.pieceOf(number);
            at = SpanRows.offsetOf(number);
        }
        String wrong = clearBit(row, at, address);
        if (wrong == null) {
            gave(page, row, at, 1);
        }
        return refusal(wrong, address);
    }

    /// As [#give], if the page is of this class.
    ///
    /// @param page any
    HeapCorruption giveIfThere(long page, long address) {
        return table.classAt(page) == sizeClass
                ? give((int) page, address)
                : refusal(wrongPage(page), address);
    }

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
                HeapCorruption another = giveIfThere(table.pageOf(batch[done]), batch[done]);
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
        if (table.classAt(page) != sizeClass) {
            return first;
        }
        int number = table.rowOf(page);
        long[] row = rows.pieceOf(number);
        int at = SpanRows.offsetOf(number);
        int done = first;
        while (done < count) {
            long address = batch[done];
            if (table.pageOf(address) != page || clearBit(row, at, address) != null) {
                break;
            }
            done++;
        }
        if (done != first) {
            gave((int) page, row, at, done - first);
        }
        return done;
    }

    private String wrongPage(long page) {
        return pages.isFree(page) ? Slab.FREED : Slab.NO_BLOCK;
    }

    private static HeapCorruption refusal(String wrong, long address) {
        return wrong == null ? null : new HeapCorruption(wrong, address);
    }

    /// Notes that a block is out no longer.
    ///
    /// @param address any, in the span
    /// @return what is wrong with it; null if nothing is
    private String clearBit(long[] row, int at, long address) {
        int index = indexOf(address & OFFSET);
        if (index < 0) {
            return Slab.NO_BLOCK;
        }
        int word = SpanRow.wordOf(index);
        long bits = row[at + word];
        if ((bits >>> index & 1) == 0) {
            return Slab.FREED;
        }
        if (isErased) {
            Memory.fill(address, bytes, (byte) 0);
        }
        row[at + word] = bits & ~(1L << index);
        row[at + HINT] = word; // what was used last is likely to be in the cache
        return null;
    }

    private void gave(int page, long[] row, int at, int count) {
        long before = row[at + FREE];
        long after = before + count;
        row[at + FREE] = after;
        out -= count;
        groups.changed(page, before, after);
        if (after == capacity) {
            emptied(page);
        }
    }

    private void emptied(int page) {
        if (spare == NONE) {
            spare = page;
            isSpareIdle = false;
        } else {
            giveBack(page);
        }
    }

    /// Gives back the page of the spare span.
    ///
    /// @return false if there is none
    boolean giveBackSpare() {
        if (spare == NONE) {
            return false;
        }
        giveBack(spare);
        spare = NONE;
        return true;
    }

    /// As [#giveBackSpare], if it has been the spare since this was called last.
    void giveBackIdleSpare() {
        if (isSpareIdle) {
            giveBackSpare();
        }
        isSpareIdle = true;
    }

    private void giveBack(int page) {
        if (page == current) {
            current = NONE;
            currentRow = SpanRow.EMPTY;
            currentAt = 0;
        }
        groups.changed(page, capacity, 0);
        pages.giveSpan(page, capacity);
    }

    // ---- without the lock --------------------------------------------------------------------

    /// Whether a block starts at an address on a page of this class.
    boolean isStart(long address) {
        return indexOf(address & OFFSET) >= 0;
    }

    /// Whether a block that is out starts at an address on a page that was of this class.
    boolean isOut(long address) {
        int index = indexOf(address & OFFSET);
        int row = table.rowOf(table.pageOf(address));
        return index >= 0 && SpanRow.isOut(rows.pieceOf(row), SpanRows.offsetOf(row), index);
    }
}
