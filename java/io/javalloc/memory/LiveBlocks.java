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

    private final long base;
    private final int logGrain;
    private long[][] rows = new long[16][];

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
        makeRow(grainOf(address));
        makeRow(lastGrain(address, bytes));
    }

    /// Notes a block that has become live.
    ///
    /// @throws OutOfMemoryError if Java has no memory; nothing has changed then
    public void add(long address, long bytes) {
        prepare(address, bytes);
        flip(FIRST, grainOf(address));
        flip(LAST, lastGrain(address, bytes));
    }

    /// Notes that a live block has another length.
    ///
    /// @throws OutOfMemoryError if Java has no memory; nothing has changed then
    public void resize(long address, long before, long after) {
        makeRow(lastGrain(address, after));
        flip(LAST, lastGrain(address, before));
        flip(LAST, lastGrain(address, after));
    }

    /// Notes that a live block is one no longer.
    public void remove(long address, long bytes) {
        flip(FIRST, grainOf(address));
        flip(LAST, lastGrain(address, bytes));
    }

    /// The length of the live block that starts at the address, which may be any; 0 if none does.
    public long bytesAt(long address) {
        long grain = grainOf(address);
        if (address != addressOf(grain) || find(FIRST, grain, grain + 1) == NONE) {
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

    /// The first grain with a bit of that kind, from `from` on and before `to`.
    private long find(int kind, long from, long to) {
        long grain = from;
        for (long row = from >>> LOG_ROW; row < rows.length && grain < to; row++) {
            long rowEnd = row + 1 << LOG_ROW;
            long[] bits = rows[(int) row];
            while (bits != null && grain < Math.min(rowEnd, to)) {
                long found = bits[kind + wordOf(grain)] >>> grain;
                if (found != 0) {
                    grain += Long.numberOfTrailingZeros(found);
                    return grain < to ? grain : NONE;
                }
                grain = (grain | Long.SIZE - 1) + 1;
            }
            grain = rowEnd;
        }
        return NONE;
    }

    private void flip(int kind, long grain) {
        rows[(int) (grain >>> LOG_ROW)][kind + wordOf(grain)] ^= 1L << grain;
    }

    private void makeRow(long grain) {
        int row = (int) (grain >>> LOG_ROW);
        if (row >= rows.length) {
            rows = Arrays.copyOf(rows, Math.max(row + 1, 2 * rows.length));
        }
        if (rows[row] == null) {
            rows[row] = new long[2 * WORDS];
        }
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
