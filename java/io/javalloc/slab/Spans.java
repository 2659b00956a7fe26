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

    /// How many blocks their bits say are out.
    private long out;

    /// A block that has come back and is the next to go out, so that who frees one and takes one
    /// has no bit change: its bit says that it is out. 0: there is none.
    private long kept;

    /// One free block is as good as another: they are in no random order, and not erased.
    final boolean areAlike;

    private final SpanBatches batches;

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
        areAlike = !isErased && random == null;
        batches = new SpanBatches(this, table);
    }

    private SplitMix64 randomNumbers(int sizeClass) {
        return new SplitMix64(SplitMix64.mix(System.nanoTime() ^ table.base) + sizeClass);
    }

    /// How many blocks are out.
    long out() {
        return kept == 0 ? out : out - 1;
    }

    /// The page of the spare span, [SpanRow#NONE] if there is none.
    int spare() {
        return spare;
    }

    /// Whether a page is kept though none of its blocks is out, or a block that is not.
    boolean hasSpare() {
        return spare != NONE || kept != 0;
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
        long block = kept;
        if (block == 0) {
            return takeByBits();
        }
        kept = 0;
        return block;
    }

    private long takeByBits() {
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

    /// As [SpanBatches#fill].
    int fill(long slots, int count) {
        giveKept();
        return batches.fill(slots, count);
    }

    /// The word of bits behind one; the first behind the last.
    int next(int word) {
        return word + 1 < words ? word + 1 : BITS;
    }

    void took(int page, long[] row, int at, int count) {
        long before = row[at + FREE];
        long after = before - count;
        row[at + FREE] = after;
        out += count;
        if (page == spare) {
            spare = NONE;
        }
        groups.changed(page, before, after);
    }

    boolean addSpan() {
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
        String wrong = wrongWith(row, at, address);
        if (wrong == null) {
            if (kept == 0 && areAlike) {
                kept = address;
            } else {
                clearBit(row, at, address);
                gave(page, row, at, 1);
            }
        }
        return refusal(wrong, address);
    }

    /// Has the bits say of the block that is kept that it is free. The next one is looked for where
    /// it was before: this one has not been used for some time.
    void giveKept() {
        if (kept != 0) {
            int page = (int) table.pageOf(kept);
            int number = table.rowOf(page);
            long[] row = rows.pieceOf(number);
            int at = SpanRows.offsetOf(number);
            long hint = row[at + HINT];
            clearBit(row, at, kept);
            row[at + HINT] = hint;
            kept = 0;
            gave(page, row, at, 1);
        }
    }

    /// As [#give], if the page is of this class.
    ///
    /// @param page any
    HeapCorruption giveIfThere(long page, long address) {
        return table.classAt(page) == sizeClass
                ? give((int) page, address)
                : refusal(wrongPage(page), address);
    }

    /// As [SpanBatches#flush].
    HeapCorruption flush(long slots, int count) {
        giveKept();
        return batches.flush(slots, count);
    }

    private String wrongPage(long page) {
        return pages.isFree(page) ? Slab.FREED : Slab.NO_BLOCK;
    }

    private static HeapCorruption refusal(String wrong, long address) {
        return wrong == null ? null : new HeapCorruption(wrong, address);
    }

    /// Looks whether a block that is out starts at an address.
    ///
    /// @param address any, in the span
    /// @return what is wrong with it; null if nothing is
    String wrongWith(long[] row, int at, long address) {
        int index = indexOf(address & OFFSET);
        if (index < 0) {
            return Slab.NO_BLOCK;
        }
        boolean isOut = (row[at + SpanRow.wordOf(index)] >>> index & 1) != 0 && address != kept;
        return isOut ? null : Slab.FREED;
    }

    /// Notes that a block is out no longer.
    void clearBit(long[] row, int at, long address) {
        int index = indexOf(address & OFFSET);
        if (isErased) {
            Memory.fill(address, bytes, (byte) 0);
        }
        int word = SpanRow.wordOf(index);
        row[at + word] &= ~(1L << index);
        row[at + HINT] = word; // what was used last is likely to be in the cache
    }

    void gave(int page, long[] row, int at, int count) {
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
        giveKept();
        if (spare == NONE) {
            return false;
        }
        giveBack(spare);
        spare = NONE;
        return true;
    }

    /// As [#giveBackSpare], if it has been the spare since this was called last.
    void giveBackIdleSpare() {
        giveKept();
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
        return index >= 0
                && address != kept
                && SpanRow.isOut(rows.pieceOf(row), SpanRows.offsetOf(row), index);
    }
}
