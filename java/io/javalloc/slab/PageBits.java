package io.javalloc.slab;

/// A bit for every page. Not a `java.util.BitSet`: who asks for the bits of pages of his own may do
/// so while others write those of theirs.
final class PageBits {

    private long[] words = {};

    /// The words that are needed for so many pages.
    static int wordsFor(int pages) {
        return pages + Long.SIZE - 1 >>> 6;
    }

    /// Takes longer words, in which the same bits are set.
    void moveTo(long[] longer) {
        System.arraycopy(words, 0, longer, 0, words.length);
        words = longer;
    }

    void set(int from, int to) {
        for (int page = from; page < to; page = wordEnd(page, to)) {
            words[page >>> 6] |= mask(page, wordEnd(page, to));
        }
    }

    void clear(int from, int to) {
        for (int page = from; page < to; page = wordEnd(page, to)) {
            words[page >>> 6] &= ~mask(page, wordEnd(page, to));
        }
    }

    /// The first page that is set, or `to`.
    int nextSet(int from, int to) {
        return next(from, to, 0);
    }

    /// The first page that is not set, or `to`.
    int nextClear(int from, int to) {
        return next(from, to, -1);
    }

    /// How many are set.
    int count(int from, int to) {
        int count = 0;
        for (int page = from; page < to; page = wordEnd(page, to)) {
            count += Long.bitCount(words[page >>> 6] & mask(page, wordEnd(page, to)));
        }
        return count;
    }

    /// The end of what is set: the page behind the last one, or `from` if none is.
    int endOfSet(int from, int to) {
        for (int page = to; page > from; ) {
            int start = Math.max(from, page - 1 & -Long.SIZE);
            long found = words[start >>> 6] & mask(start, page);
            if (found != 0) {
                return (start & -Long.SIZE) + Long.SIZE - Long.numberOfLeadingZeros(found);
            }
            page = start;
        }
        return from;
    }

    private int next(int from, int to, long others) {
        for (int page = from; page < to; page = wordEnd(page, to)) {
            long found = (words[page >>> 6] ^ others) & mask(page, wordEnd(page, to));
            if (found != 0) {
                return (page & -Long.SIZE) + Long.numberOfTrailingZeros(found);
            }
        }
        return to;
    }

    /// Where the pages of the same word end, or `to`.
    private static int wordEnd(int page, int to) {
        return Math.min(to, (page & -Long.SIZE) + Long.SIZE);
    }

    /// The bits of pages of one word.
    private static long mask(int from, int to) {
        return -1L >>> Long.SIZE - (to - from) << from;
    }
}
