package io.javalloc.slab;

import static io.javalloc.slab.SpanRow.NONE;

/// The free runs of pages, by their length: for each of some ranges of lengths two lists.
///
/// ```
///  lengths   1   2   3   4   5   6   7  8-9 10-11 12-13 14-15 16-19 ...
///  dirty     ●───●
///  clean             ●                                          ●
/// ```
///
/// A run is *dirty* if one of its pages is, and clean otherwise. What fits is found without a look
/// at shorter runs, and of equal ranges the dirty one is taken: its pages are there already, while
/// clean ones may be parts of a huge page that the system has not had to supply so far. Belongs to
/// [FreePages].
final class FreeRuns {

    /// Four ranges for each doubling up to 2^30.
    static final int RANGES = 128;

    /// The successor of a run that is in no list.
    static final int NO_LIST = -2;

    private static final int WORDS = RANGES / Long.SIZE;

    private final PageTable table;

    /// By range, the dirty lists first: the first run of the list, if there is one.
    private final int[] heads = new int[2 * RANGES];

    /// A bit for each list: whether there is a run in it.
    private final long[] filled = new long[2 * WORDS];

    FreeRuns(PageTable table) {
        this.table = table;
    }

    /// The range of a length. Up to 7 a range is one length.
    static int rangeOf(int length) {
        if (length < 4) {
            return length;
        }
        int log = Integer.SIZE - 1 - Integer.numberOfLeadingZeros(length);
        return 4 * (log - 1) + (length >>> log - 2 & 3);
    }

    /// The first run of a list, [SpanRow#NONE] if there is none.
    int first(boolean isDirty, int range) {
        int list = isDirty ? range : RANGES + range;
        return (filled[list >>> 6] >>> list & 1) != 0 ? heads[list] : NONE;
    }

    private int listOf(int start, int length) {
        int end = start + length;
        int range = rangeOf(length);
        return table.dirty.nextSet(start, end) < end ? range : RANGES + range;
    }

    /// Puts pages into the lists that are free, and whose neighbours are not.
    void add(int start, int length, int freedAt) {
        table.lengths.set(start, -length);
        table.lengths.set(start + length - 1, -length);
        table.freedAt.set(start, freedAt);
        int list = listOf(start, length);
        boolean isFirst = (filled[list >>> 6] >>> list & 1) == 0;
        table.previous.set(start, NONE);
        table.next.set(start, isFirst ? NONE : heads[list]);
        if (!isFirst) {
            table.previous.set(heads[list], start);
        }
        heads[list] = start;
        filled[list >>> 6] |= 1L << list;
    }

    /// Takes a run out of the lists.
    void remove(int start) {
        int length = -table.lengths.get(start);
        int next = table.next.get(start);
        int previous = table.previous.get(start);
        if (next != NONE) {
            table.previous.set(next, previous);
        }
        if (previous != NONE) {
            table.next.set(previous, next);
        } else {
            int list = listOf(start, length);
            heads[list] = next;
            filled[list >>> 6] &= next == NONE ? ~(1L << list) : -1;
        }
        table.lengths.set(start, 0);
        table.lengths.set(start + length - 1, 0);
    }

    /// A run that a shorter one can be cut from.
    ///
    /// @param pages     of the shorter one
    /// @param alignment power of two that its address is to be a multiple of
    /// @return the first page of the longer one, or [SpanRow#NONE]
    int find(int pages, long alignment) {
        for (int range = filledFrom(rangeOf(pages)); range >= 0; range = filledFrom(range + 1)) {
            int found = findIn(first(true, range), pages, alignment);
            if (found == NONE) {
                found = findIn(first(false, range), pages, alignment);
            }
            if (found != NONE) {
                return found;
            }
        }
        return NONE;
    }

    private int findIn(int first, int pages, long alignment) {
        int run = first;
        while (run != NONE
                && table.alignedPage(run, alignment) + pages > run - table.lengths.get(run)) {
            run = table.next.get(run);
        }
        return run;
    }

    /// The first range from one on for which there is a run; -1 if there is none.
    private int filledFrom(int range) {
        for (int word = range >>> 6; word < WORDS; word++) {
            long found = filled[word] | filled[WORDS + word];
            found &= word == range >>> 6 ? -1L << range : -1;
            if (found != 0) {
                return word * Long.SIZE + Long.numberOfTrailingZeros(found);
            }
        }
        return -1;
    }
}
