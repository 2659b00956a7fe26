package io.javalloc.slab;

import io.javalloc.memory.Budget;
import io.javalloc.memory.Region;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/// The rows of all spans ([SpanRow]), one behind the other in a few large arrays.
///
/// ```
///  piece 0   ├ no row ┤
///  piece 1   ├ row ┤ row ┤   row   ├ row ┤─ ─ ─
///  piece 2   ├   row   ├ never used, zero ─ ─ ─
///
///  a row's number:   piece, 17 bits │ offset in words, 15 bits
/// ```
///
/// A row of which no span makes use is zero. So where there is no other row in a piece, the system
/// can have its memory back ([#discardIfUnused]), and no collection is needed for that: a gigabyte
/// of small blocks leaves megabytes of bits behind.
///
/// Belongs to [PageTable], under the lock of the pages; but [#pieceOf] is for all, without a lock.
final class SpanRows {

    /// The number of the row that has no bits, and no free block.
    static final int NO_ROW = 0;

    /// log2 of the words of a piece.
    private static final int LOG_PIECE = 15;

    private static final int PIECE = 1 << LOG_PIECE;

    /// The words of the first piece: most programs need no other.
    static final int FIRST_PIECE = PIECE >> 3;

    private static final int FIRST_PIECES = 4;
    private static final int MOST_WORDS = SpanRow.words((int) (Region.PAGE / SizeClasses.bytes(1)));

    private long[][] pieces = new long[FIRST_PIECES][];

    /// By piece: how many rows are in use, or in a list of [#left].
    private int[] used = new int[FIRST_PIECES];

    /// By piece: whether one was in use since the system had its memory back.
    private boolean[] isTouched = new boolean[FIRST_PIECES];

    private int count = 1;

    /// The words of the last piece that are part of a row.
    private int end;

    /// By words: a row that its page has left for a longer one, [#NO_ROW] if there is none. Its
    /// first word is the number of the next.
    private final int[] left = new int[MOST_WORDS + 1];

    private final Budget.Share budget;

    /// @param budget for the memory that they take
    SpanRows(Budget.Share budget) {
        this.budget = budget;
        Arrays.fill(pieces, SpanRow.EMPTY);
    }

    /// The array that has a row.
    long[] pieceOf(int row) {
        return pieces[row >>> LOG_PIECE];
    }

    /// Where in its array the row begins.
    static int offsetOf(int row) {
        return row & PIECE - 1;
    }

    /// A row that no page has; it is zero.
    ///
    /// @return [#NO_ROW] if the budget has nothing for it
    /// @throws OutOfMemoryError if there is no Java memory for it; nothing has changed then
    int take(int words) {
        int row = left[words];
        if (row != NO_ROW) {
            long[] piece = pieceOf(row);
            left[words] = (int) piece[offsetOf(row)];
            piece[offsetOf(row)] = 0;
            used[row >>> LOG_PIECE]--;
            return row;
        }
        if (end + words > pieces[count - 1].length && !addPiece()) {
            return NO_ROW;
        }
        row = (count - 1 << LOG_PIECE) + end;
        end += words;
        return row;
    }

    /// The opposite of [#take]. No span uses it.
    void leave(int row, int words) {
        pieceOf(row)[offsetOf(row)] = left[words];
        left[words] = row;
        used[row >>> LOG_PIECE]++;
    }

    private boolean addPiece() {
        int length = count == 1 ? FIRST_PIECE : PIECE;
        if (!budget.take((long) length * Long.BYTES)) {
            return false;
        }
        long[] piece = newPiece(length);
        if (count == pieces.length) {
            lengthen(2 * count);
        }
        VarHandle.storeStoreFence(); // who sees it without the lock sees what is in it
        pieces[count++] = piece;
        end = 0;
        return true;
    }

    private long[] newPiece(int length) {
        try {
            return new long[length];
        } catch (OutOfMemoryError e) {
            budget.giveBack((long) length * Long.BYTES);
            throw e;
        }
    }

    private void lengthen(int length) {
        int[] moreUsed = Arrays.copyOf(used, length);
        boolean[] moreTouched = Arrays.copyOf(isTouched, length);
        long[][] more = Arrays.copyOf(pieces, length);
        Arrays.fill(more, count, length, SpanRow.EMPTY);
        VarHandle.storeStoreFence();
        pieces = more;
        used = moreUsed;
        isTouched = moreTouched;
    }

    /// A span uses the row from now on, and no block of it is out.
    void begin(int row, int blocks) {
        SpanRow.begin(pieceOf(row), offsetOf(row), blocks);
        used[row >>> LOG_PIECE]++;
        isTouched[row >>> LOG_PIECE] = true;
    }

    /// The opposite of [#begin]: no block is out.
    void end(int row, int blocks) {
        SpanRow.end(pieceOf(row), offsetOf(row), blocks);
        used[row >>> LOG_PIECE]--;
    }

    /// How many pieces there are.
    int pieces() {
        return count;
    }

    /// Gives the memory of a piece back to the system if no row in it is in use, and one has been
    /// since this was done last.
    void discardIfUnused(int piece, Region region) {
        if (isTouched[piece] && used[piece] == 0) {
            isTouched[piece] = !region.discard(pieces[piece]);
        }
    }

    // ---- for the audit -----------------------------------------------------------------------

    /// How many rows of a piece are in use, or left.
    int used(int piece) {
        return used[piece];
    }

    /// How many rows of a piece have been left. Looks at all of these.
    int left(int piece) {
        int found = 0;
        for (int first : left) {
            for (int row = first; row != NO_ROW; row = (int) pieceOf(row)[offsetOf(row)]) {
                found += row >>> LOG_PIECE == piece ? 1 : 0;
            }
        }
        return found;
    }

    /// The piece of a row.
    static int numberOfPiece(int row) {
        return row >>> LOG_PIECE;
    }
}
