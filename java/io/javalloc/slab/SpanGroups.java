package io.javalloc.slab;

import static io.javalloc.slab.SpanRow.NONE;

/// The spans of one class that have free blocks, in lists by how many these are.
///
/// ```
///  group 0   ├ 1 free ┤─├ 60 free ┤        full spans are in no list
///  group 1   ├ 65 free ┤
///  ...                                     the next span that blocks come from is of the lowest
///  group 3   ├ all free: the spare ┤       group: one of the fullest, so that others become empty
/// ```
///
/// Belongs to [Spans], under the lock of the class.
final class SpanGroups {

    /// There are at most so many: 4 for a capacity of 2^n blocks, more up to twice that.
    private static final int MOST = 8;

    private static final int LOG_LEAST = 2;

    private final PageTable table;
    private final int capacity;

    /// log2 of the free blocks that a group is wide.
    private final int logWidth;

    /// By group: the page of the first span, if there is one.
    private final int[] heads = new int[MOST];

    /// A bit for each group: whether there is a span in it.
    private int filled;

    /// @param capacity blocks of a span
    SpanGroups(PageTable table, int capacity) {
        this.table = table;
        this.capacity = capacity;
        int log = Integer.SIZE - 1 - Integer.numberOfLeadingZeros(capacity);
        logWidth = Math.max(0, log - LOG_LEAST);
    }

    /// How many groups there are.
    int count() {
        return groupOf(capacity) + 1;
    }

    /// The group of a span with so many free blocks, [SpanRow#NONE] if it has none.
    int groupOf(long freeBlocks) {
        return (int) (freeBlocks - 1 >> logWidth);
    }

    /// Whether no span has a free block.
    boolean isEmpty() {
        return filled == 0;
    }

    /// The page of one of the fullest spans, if there is one.
    int fullest() {
        return heads[Integer.numberOfTrailingZeros(filled)];
    }

    /// The page of the first span in a group, [SpanRow#NONE] if there is none.
    int first(int group) {
        return (filled >>> group & 1) != 0 ? heads[group] : NONE;
    }

    /// A span has another number of free blocks now.
    void changed(int page, long before, long after) {
        int from = groupOf(before);
        int to = groupOf(after);
        if (from != to) {
            unlink(page, from);
            link(page, to);
        }
    }

    private void link(int page, int group) {
        if (group == NONE) {
            return;
        }
        int next = first(group);
        table.previous.set(page, NONE);
        table.next.set(page, next);
        if (next != NONE) {
            table.previous.set(next, page);
        }
        heads[group] = page;
        filled |= 1 << group;
    }

    private void unlink(int page, int group) {
        if (group == NONE) {
            return;
        }
        int next = table.next.get(page);
        int previous = table.previous.get(page);
        if (next != NONE) {
            table.previous.set(next, previous);
        }
        if (previous != NONE) {
            table.next.set(previous, next);
        } else if (next != NONE) {
            heads[group] = next;
        } else {
            filled &= ~(1 << group);
        }
    }
}
