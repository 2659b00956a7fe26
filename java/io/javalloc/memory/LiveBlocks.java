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
/// The bits are in Java arrays, out of reach of the program: a row for every 4,096 grains where a
/// live block starts or ends. A pointer is checked without a look at the memory. All such tables
/// together take half of Java's memory at most, see [Budget]; and only a block that becomes live,
/// or longer, needs some: not one that is freed.
///
/// Where there is no row, one without bits stands for it, and never null: HotSpot finds a null that
/// was not to be expected by the fault that it causes, and a program may handle faults itself.
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

    /// Where in its row the number of its bits is.
    private static final int COUNT = 2 * WORDS;

    /// What a row takes of the budget.
    static final int ROW_BYTES = (COUNT + 1) * Long.BYTES;

    /// What stands for rows that there are not. It has no count, so it cannot be written to.
    private static final long[] NO_ROW = new long[COUNT];

    private final long base;
    private final int logGrain;
    private long[][] rows = {NO_ROW};

    /// Rows that have no bits any more: they are used again before others are made. There is room
    /// for all that have been made.
    private long[][] spares = {NO_ROW};

    private int spareCount;

    /// How many rows have been made.
    private int rowCount;

    private final Budget.Share budget;

    /// @param base     where the first grain begins
    /// @param logGrain log2 of the bytes of a grain; blocks begin and end where grains do
    public LiveBlocks(long base, int logGrain) {
        this(base, logGrain, Budget.OF_HEAPS);
    }

    /// @param budget for the memory that it takes
    LiveBlocks(long base, int logGrain, Budget budget) {
        this.base = base;
        this.logGrain = logGrain;
        this.budget = budget.share();
    }

    /// Notes a block that has become live.
    ///
    /// @return false if there is no memory for the table; nothing has changed then
    public boolean add(long address, long bytes) {
        long first = grainOf(address);
        long last = lastGrain(address, bytes);
        if (!hasRow(first) || !hasRow(last)) {
            return false;
        }
        set(FIRST, first);
        set(LAST, last);
        return true;
    }

    /// Notes that a live block has another length.
    ///
    /// @return false if there is no memory for the table; nothing has changed then
    public boolean resize(long address, long before, long after) {
        long last = lastGrain(address, after);
        if (!hasRow(last)) {
            return false;
        }
        set(LAST, last);
        clear(LAST, lastGrain(address, before));
        return true;
    }

    /// Notes that a live block is one no longer.
    public void remove(long address, long bytes) {
        clear(FIRST, grainOf(address));
        clear(LAST, lastGrain(address, bytes));
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
            while (bits != NO_ROW && grain < Math.min(rowEnd, to)) {
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

    private void set(int kind, long grain) {
        long[] bits = row(grain);
        bits[COUNT]++;
        bits[kind + wordOf(grain)] ^= 1L << grain;
    }

    private void clear(int kind, long grain) {
        long[] bits = row(grain);
        bits[COUNT]--;
        bits[kind + wordOf(grain)] ^= 1L << grain;
        if (bits[COUNT] == 0) {
            spare((int) (grain >>> LOG_ROW));
        }
    }

    /// The row of any grain.
    private long[] row(long grain) {
        long row = grain >>> LOG_ROW;
        return row < rows.length ? rows[(int) row] : NO_ROW;
    }

    /// Whether the grain has a row, now if not before.
    private boolean hasRow(long grain) {
        return row(grain) != NO_ROW || makeRow((int) (grain >>> LOG_ROW));
    }

    private boolean makeRow(int row) {
        try {
            if (row >= rows.length) {
                long[][] longer = lengthened(rows, row);
                if (longer == null) {
                    return false;
                }
                rows = longer;
            }
            if (spareCount == 0 && !makeSpare()) {
                return false;
            }
        } catch (OutOfMemoryError e) {
            return false; // others have taken more than the other half
        }
        spareCount--;
        rows[row] = spares[spareCount];
        return true;
    }

    /// Makes a row without bits, and sees to it that there is room for all to be spare one day.
    private boolean makeSpare() {
        if (rowCount == spares.length) {
            long[][] longer = lengthened(spares, rowCount);
            if (longer == null) {
                return false;
            }
            spares = longer;
        }
        spares[0] = new long[COUNT + 1];
        if (!budget.take(ROW_BYTES)) {
            return false;
        }
        spareCount = 1;
        rowCount++;
        return true;
    }

    private void spare(int row) {
        spares[spareCount] = rows[row];
        spareCount++;
        rows[row] = NO_ROW;
    }

    /// The same with room at an index; null if the budget does not allow it.
    private long[][] lengthened(long[][] rows, int index) {
        int length = Math.max(index + 1, 2 * rows.length);
        long[][] longer = Arrays.copyOf(rows, length);
        Arrays.fill(longer, rows.length, length, NO_ROW);
        return budget.take((long) (length - rows.length) * Long.BYTES) ? longer : null;
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
