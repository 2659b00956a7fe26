package io.javalloc.slab;

/// What is known of a span: a row of words in an array ([SpanRows]). It stays with its page when
/// the page is given back, for the next span there whose blocks need no more bits. It is zero then.
///
/// ```
///  word:  FREE    HINT    BITS
///         ├───────┼───────┼──────────────┬─ ─ ─
///         │ count │ word  │ 1011...0111  │ a bit for each block: 1 = out
///         └───────┴───────┴──────────────┴─ ─ ─
/// ```
///
/// A block is *out* if it is with the program, or with a thread that took it by the batch. Bits
/// behind the last block are always 1.
final class SpanRow {

    /// How many blocks are not out.
    static final int FREE = 0;

    /// The word of bits in which the search for a 0 begins: where one was written last, if none was
    /// taken since.
    static final int HINT = 1;

    /// The first word of bits.
    static final int BITS = 2;

    /// No page.
    static final int NONE = -1;

    /// Stands where there is no row. Not null: HotSpot finds a null that was not to be expected by
    /// the fault that it causes, and a program may handle faults itself.
    static final long[] EMPTY = new long[BITS];

    /// All of its blocks are out.
    static final long FULL_WORD = -1;

    private SpanRow() {}

    /// The words of a row for so many blocks.
    static int words(int blocks) {
        return BITS + (blocks + Long.SIZE - 1 >>> 6);
    }

    /// The word of a block's bit. The bit is `1L << index`.
    static int wordOf(int index) {
        return BITS + (index >>> 6);
    }

    /// The index of the block that the first bit of a word stands for.
    static int firstIndex(int word) {
        return word - BITS << 6;
    }

    /// Makes zeros the row of a span in which no block is out.
    ///
    /// @param row the array
    /// @param at  where the row begins in it
    static void begin(long[] row, int at, int blocks) {
        row[at + FREE] = blocks;
        row[at + HINT] = BITS;
        if (blocks % Long.SIZE != 0) {
            row[at + words(blocks) - 1] = FULL_WORD << blocks;
        }
    }

    /// The opposite of [#begin]: no block is out.
    static void end(long[] row, int at, int blocks) {
        row[at + FREE] = 0;
        row[at + HINT] = 0;
        row[at + words(blocks) - 1] = 0;
    }

    /// Whether a block is out. Who has not the lock of the class may have a row that is too short
    /// for the index, and learns nothing.
    static boolean isOut(long[] row, int at, int index) {
        int word = at + wordOf(index);
        return word < row.length && (row[word] >>> index & 1) != 0;
    }
}
