package io.javalloc.memory;

import java.util.Arrays;

/// Which blocks are live and how long they are, for heaps whose blocks have no header: C's `free`
/// tells only the address. Memory is divided into grains, and two bits stand for each.
///
/// ```
///  grain    0       1       2       3       4       5       6
///           ├───────┴───────┴───────┼───────┼───────┴───────┼─ ─ ─
///           │ live                  │       │ live          │
///           ├───────┬───────┬───────┼───────┼───────┬───────┼─ ─ ─
///  first:   1       0       0       0       1       0       0
///  last:    0       0       1       0       0       1       0
/// ```
///
/// The bits are in Java arrays, out of reach of the program: a row for every 4,096 grains, made
/// when a block first starts or ends there. A pointer is checked without a look at the memory.
public final class LiveBlocks {

    /// Is shown blocks, see [#walk].
    @FunctionalInterface
    public interface Visitor {

        /// Takes a look at one block, of so many bytes.
        void block(long address, long bytes);
    }

    /// No such grain; behind all others.
    private static final long NONE = Long.MAX_VALUE;

    private static final int LOG_ROW = 12;
    private static final int LOG_WORD = 6;
    private static final int WORDS = 1 << LOG_ROW - LOG_WORD;

    /// Where in its row a kind of bits begins.
    private static final int FIRST = 0;

    private static final int LAST = WORDS;

    /// The row where no block ever started or ended. Nothing is written to it.
    private static final long[] EMPTY = new long[2 * WORDS];

    private final long base;
    private final int logGrain;
    private long[][] rows = {EMPTY};

    /// @param base     where the first grain begins
    /// @param logGrain log2 of the bytes of a grain; blocks begin and end where grains do
    public LiveBlocks(long base, int logGrain) {
        this.base = base;
        this.logGrain = logGrain;
    }

    /// Makes room in the table for a block, so that [#add] and [#resize] need none of Java's
    /// memory. For heaps that have something to change before they can call these.
    ///
    /// @throws OutOfMemoryError if Java has no memory; nothing has changed then
    public void prepare(long address, long bytes) {
        ownRow(grainOf(address));
        ownRow(lastGrain(address, bytes));
    }

    /// Notes a block that has become live.
    ///
    /// @throws OutOfMemoryError if Java has no memory; nothing has changed then
    public void add(long address, long bytes) {
        long first = grainOf(address);
        long last = lastGrain(address, bytes);
        long[] firstRow = ownRow(first);
        flip(ownRow(last), LAST, last);
        flip(firstRow, FIRST, first);
    }

    /// Notes that a live block has another length.
    ///
    /// @throws OutOfMemoryError if Java has no memory; nothing has changed then
    public void resize(long address, long before, long after) {
        long last = lastGrain(address, after);
        flip(ownRow(last), LAST, last);
        last = lastGrain(address, before);
        flip(ownRow(last), LAST, last);
    }

    /// Notes that a live block is one no longer.
    public void remove(long address, long bytes) {
        long first = grainOf(address);
        long last = lastGrain(address, bytes);
        flip(ownRow(first), FIRST, first);
        flip(ownRow(last), LAST, last);
    }

    /// The length of the live block that starts at the address, which may be any; 0 if none does.
    public long bytesAt(long address) {
        long grain = grainOf(address);
        if (address != addressOf(grain) || !isFirst(grain)) {
            return 0;
        }
        return find(LAST, grain, NONE) + 1 - grain << logGrain;
    }

    /// Shows every live block, in the order of addresses.
    public void walk(Visitor visitor) {
        long first = find(FIRST, 0, NONE);
        while (first != NONE) {
            long next = find(LAST, first, NONE) + 1;
            visitor.block(addressOf(first), next - first << logGrain);
            first = find(FIRST, next, NONE);
        }
    }

    /// Whether a live block starts or ends in the range. What lies amidst of one has no edge.
    public boolean hasEdge(long address, long bytes) {
        long from = grainOf(address);
        long to = lastGrain(address, bytes) + 1;
        return find(FIRST, from, to) != NONE || find(LAST, from, to) != NONE;
    }

    /// Whether a part of a live block lies in the range.
    public boolean touches(long address, long bytes) {
        long to = lastGrain(address, bytes) + 1;
        long last = find(LAST, grainOf(address), NONE);
        return last < to || (last != NONE && find(FIRST, to, NONE) > last);
    }

    /// A block that another one overlaps, as none does unless a heap was misled; 0 if there is
    /// none.
    public long overlapped() {
        long first = find(FIRST, 0, NONE);
        while (first != NONE) {
            long next = find(FIRST, first + 1, NONE);
            if (find(LAST, first, next) == NONE) {
                return addressOf(first);
            }
            first = next;
        }
        return 0;
    }

    /// The first grain with a bit of that kind, from `from` on and before `to`. Mostly it is in the
    /// first word.
    private long find(int kind, long from, long to) {
        long found = row(from)[kind + wordOf(from)] >>> from;
        if (found == 0) {
            long next = (from | Long.SIZE - 1) + 1;
            return next < to ? search(kind, next, to) : NONE;
        }
        long grain = from + Long.numberOfTrailingZeros(found);
        return grain < to ? grain : NONE;
    }

    /// As [#find]; `from` is the first grain of a word.
    private long search(int kind, long from, long to) {
        long grain = from;
        for (long row = from >>> LOG_ROW; row < rows.length && grain < to; row++) {
            long rowEnd = row + 1 << LOG_ROW;
            long[] bits = rows[(int) row];
            while (bits != EMPTY && grain < Math.min(rowEnd, to)) {
                long found = bits[kind + wordOf(grain)];
                if (found != 0) {
                    grain += Long.numberOfTrailingZeros(found);
                    return grain < to ? grain : NONE;
                }
                grain += Long.SIZE;
            }
            grain = rowEnd;
        }
        return NONE;
    }

    private boolean isFirst(long grain) {
        return (row(grain)[FIRST + wordOf(grain)] >>> grain & 1) != 0;
    }

    private static void flip(long[] bits, int kind, long grain) {
        bits[kind + wordOf(grain)] ^= 1L << grain;
    }

    /// The row of any grain.
    private long[] row(long grain) {
        long row = grain >>> LOG_ROW;
        return row < rows.length ? rows[(int) row] : EMPTY;
    }

    /// The row of a grain where a block starts or ends.
    private long[] ownRow(long grain) {
        long[] bits = row(grain);
        return bits != EMPTY ? bits : makeRow((int) (grain >>> LOG_ROW));
    }

    private long[] makeRow(int row) {
        if (row >= rows.length) {
            int before = rows.length;
            rows = Arrays.copyOf(rows, Math.max(row + 1, 2 * before));
            Arrays.fill(rows, before, rows.length, EMPTY);
        }
        rows[row] = new long[2 * WORDS];
        return rows[row];
    }

    private static int wordOf(long grain) {
        return (int) (grain >>> LOG_WORD) & WORDS - 1;
    }

    /// The number of the grain; one that is in no row if the address lies before the first.
    private long grainOf(long address) {
        return address - base >>> logGrain;
    }

    private long lastGrain(long address, long bytes) {
        return grainOf(address + bytes - 1);
    }

    private long addressOf(long grain) {
        return base + (grain << logGrain);
    }
}
