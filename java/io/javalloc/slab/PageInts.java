package io.javalloc.slab;

import java.lang.invoke.VarHandle;
import java.util.Arrays;

/// An int for every page, 0 at first, in pieces: there are more when they are wanted, and each
/// stays where it is. So nothing is left behind as garbage, and who writes his own page's int need
/// not keep others from making room.
final class PageInts {

    private static final int LOG_PIECE = 10;
    private static final int PIECE = 1 << LOG_PIECE;
    private static final int[] NO_PIECE = {};

    /// [#NO_PIECE] from [#count] on: not null, see [SpanRow#EMPTY].
    private int[][] pieces = {};

    private int count;

    /// The bytes of Java's memory that are missing to an int for each of so many pages.
    long missing(int pages) {
        return Math.max(0L, piecesFor(pages) - count) * PIECE * Integer.BYTES;
    }

    /// Makes room for so many pages, under the lock of the pages.
    ///
    /// @throws OutOfMemoryError if there is no Java memory for that; nothing has changed then
    void makeRoom(int pages) {
        int wanted = piecesFor(pages);
        if (wanted <= count) {
            return;
        }
        int[][] more = pieces;
        if (wanted > more.length) {
            more = Arrays.copyOf(pieces, Math.max(wanted, 2 * pieces.length));
            Arrays.fill(more, count, more.length, NO_PIECE);
        }
        for (int piece = count; piece < wanted; piece++) {
            more[piece] = new int[PIECE];
        }
        VarHandle.storeStoreFence(); // who sees them without the lock sees what is in them
        pieces = more;
        count = wanted;
    }

    private static int piecesFor(int pages) {
        return pages + PIECE - 1 >>> LOG_PIECE;
    }

    /// Of a page for which there is room.
    int get(int page) {
        return pieces[page >>> LOG_PIECE][page & PIECE - 1];
    }

    /// Of any page; 0 where there is no room.
    int find(long page) {
        int[][] pieces = this.pieces;
        long number = page >>> LOG_PIECE;
        int[] piece = number < pieces.length ? pieces[(int) number] : NO_PIECE;
        return piece.length == 0 ? 0 : piece[(int) page & PIECE - 1];
    }

    void set(int page, int value) {
        pieces[page >>> LOG_PIECE][page & PIECE - 1] = value;
    }
}
