package io.javalloc.slab;

import io.javalloc.memory.Budget;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/// What a [Slab] knows of each page, in Java's memory, out of reach of the program.
///
/// Written under the lock of the pages only, but for the rows' words and the links between spans,
/// which are the business of [Spans]. Read by all: an array that has been replaced by a longer one
/// is never written again, so who still has it sees what was true for the pages it had.
final class PageTable {

    /// log2 of the bytes of a page.
    static final int LOG_PAGE = 16;

    private static final int FIRST_PAGES = 1 << 8;

    /// What a page takes of Java's memory, without its row and its ints: two bytes and a bit.
    private static final int BYTES_PER_PAGE = 3;

    /// How many ints a page has.
    private static final int INTS = 5;

    /// The class of the span, 0 if the page is none.
    byte[] classes = {};

    /// The words of the row that a page has.
    private byte[] rowWords = {};

    /// The rows that pages have.
    final SpanRows rows;

    /// The number of the row of the span that is there, or was; [SpanRows#NO_ROW] if there was none
    /// so far.
    private final PageInts rowNumbers = new PageInts();

    /// At the first page of a run its length, negative if the run is free; the same at the last
    /// page of a free run. Else 0. A span is a run of one page.
    final PageInts lengths = new PageInts();

    /// At the first page of a free run: the neighbours in its list, [SpanRow#NONE] for none; the
    /// next one is [FreeRuns#NO_LIST] if it is in none. At a span, which is written under the lock
    /// of its class: those in its group.
    final PageInts next = new PageInts();

    final PageInts previous = new PageInts();

    /// At the first page of a free run: when it became free, in milliseconds of some clock.
    final PageInts freedAt = new PageInts();

    /// Whether something may have been written to the page since the system zeroed it; of a page in
    /// use: before it was taken.
    final PageBits dirty = new PageBits();

    /// Where page 0 begins.
    final long base;

    /// How many pages there can be.
    final int most;

    private final Budget.Share budget;

    /// Address of a byte for each page, with the same as [#classes]; 0 if nobody wants it.
    private long published;

    /// @param base   where page 0 begins
    /// @param most   pages that there can be
    /// @param budget for the memory that it takes
    PageTable(long base, int most, Budget budget) {
        this.base = base;
        this.most = most;
        this.budget = budget.share();
        rows = new SpanRows(this.budget);
        if (!hasRoom(Math.min(most, FIRST_PAGES))) {
            throw new IllegalStateException("there is no Java memory for the table of pages");
        }
    }

    long addressOf(int page) {
        return base + ((long) page << LOG_PAGE);
    }

    /// The number of the page that an address lies in; one that no page has if it lies elsewhere.
    long pageOf(long address) {
        return address - base >>> LOG_PAGE;
    }

    /// The first page from one on that is aligned, which may lie far behind the last.
    long alignedPage(int page, long alignment) {
        return Region.roundUp(addressOf(page), alignment) - base >>> LOG_PAGE;
    }

    /// Sees to it that there is room for so many pages.
    ///
    /// @return false if there is no Java memory for that; there is room for as many as before then
    boolean hasRoom(int pages) {
        long missing = lengths.missing(pages);
        boolean isLonger = pages > classes.length;
        if (missing == 0 && !isLonger) {
            return true;
        }
        int had = classes.length;
        int length = isLonger ? (int) Math.max(pages, Math.min(most, 2L * had)) : had;
        try {
            return budget.take(INTS * missing + (long) (length - had) * BYTES_PER_PAGE)
                    && makeRoom(pages, length);
        } catch (OutOfMemoryError e) {
            return false;
        }
    }

    private boolean makeRoom(int pages, int length) {
        if (length > classes.length) {
            lengthen(length);
        }
        rowNumbers.makeRoom(pages);
        next.makeRoom(pages);
        previous.makeRoom(pages);
        freedAt.makeRoom(pages);
        lengths.makeRoom(pages); // the last: they tell for how many pages there is room
        return true;
    }

    private void lengthen(int length) {
        byte[] moreClasses = Arrays.copyOf(classes, length);
        rowWords = Arrays.copyOf(rowWords, length);
        dirty.moveTo(new long[PageBits.wordsFor(length)]);
        VarHandle.storeStoreFence(); // who sees the array without the lock sees what is in it
        classes = moreClasses;
    }

    /// The words of a page's row, 0 if it has none.
    int rowWords(int page) {
        return rowWords[page];
    }

    /// The class of the span on a page, which need not exist; 0 if there is none.
    int classAt(long page) {
        byte[] classes = this.classes;
        return page < classes.length ? classes[(int) page] : 0;
    }

    /// The number of a page's row. The page need not exist. Who has not the lock of the span's
    /// class may get that of a row that is too short.
    int rowOf(long page) {
        return rowNumbers.find(page);
    }

    /// Sees to it that a page's row has room for a bit for each of so many blocks.
    ///
    /// @return false if there is no Java memory for that; nothing has changed then
    boolean hasRow(int page, int blocks) {
        int words = SpanRow.words(blocks);
        if (words <= rowWords[page]) {
            return true;
        }
        int row = newRow(words);
        if (row == SpanRows.NO_ROW) {
            return hasRowOfAnother(page, words);
        }
        setRow(page, row, words);
        return true;
    }

    private int newRow(int words) {
        try {
            return rows.take(words);
        } catch (OutOfMemoryError e) {
            return SpanRows.NO_ROW;
        }
    }

    /// The row that the page had waits for another one.
    private void setRow(int page, int row, int words) {
        if (rowWords[page] > 0) {
            rows.leave(rowOf(page), rowWords[page]);
        }
        rowNumbers.set(page, row);
        rowWords[page] = (byte) words;
    }

    /// Where there is no Java memory for one more row: takes that of a page that is no span, and so
    /// makes no use of it. Else the memory of free pages could not be had because of one among them
    /// that never had a row.
    private boolean hasRowOfAnother(int page, int words) {
        for (int another = 0; another < classes.length; another++) {
            if (classes[another] == 0 && rowWords[another] >= words) {
                setRow(page, rowOf(another), rowWords[another]);
                rowNumbers.set(another, SpanRows.NO_ROW);
                rowWords[another] = 0;
                return true;
            }
        }
        return false;
    }

    void setClass(int page, int sizeClass) {
        classes[page] = (byte) sizeClass;
        if (published != 0) {
            Memory.putByte(published + page, (byte) sizeClass);
        }
    }

    /// From now on [#classes] is also at an address.
    ///
    /// @param pages how many there are now
    void publish(long table, int pages) {
        for (int page = 0; page < pages; page++) {
            Memory.putByte(table + page, classes[page]);
        }
        published = table;
    }

    /// Whether the class of a page is what everybody sees, if anybody does.
    boolean isPublished(int page) {
        return published == 0 || Memory.getByte(published + page) == classes[page];
    }
}
