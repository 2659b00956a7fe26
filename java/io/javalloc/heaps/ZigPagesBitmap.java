package io.javalloc.heaps;

import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;

/// Which pages of a part of [ZigPages]' memory are free: the document's `FreeBlock`, a bit for each
/// page, 1 if it is free. The bits lie in the heap's own memory, as 64-bit words, the lowest bit
/// first: the same bytes as the document's 128-bit ones.
///
/// Different from the document: words are searched, not bits, and from where the first free page
/// may be; and the aligned place is found wherever in a run of free pages it is.
final class ZigPagesBitmap {

    /// What the bits of a word are flipped with to find those that are 1.
    private static final long FREE = 0;

    private static final long IN_USE = -1;

    private final long words;
    private final long base;
    private final int pages;

    /// No page before this one is free.
    private int firstFree;

    /// All pages are in use.
    ///
    /// @param words where the bits are; all of them 0
    /// @param base  the address of the page that the first bit stands for
    /// @param pages how many there are; a multiple of 64
    ZigPagesBitmap(long words, long base, int pages) {
        this.words = words;
        this.base = base;
        this.pages = pages;
        firstFree = pages;
    }

    /// The address behind the last page.
    long end() {
        return addressOf(pages);
    }

    /// The first free run of so many bytes that is aligned; 0 if there is none.
    long find(long bytes, long alignment) {
        firstFree = next(FREE, firstFree, pages);
        int page = firstFree;
        while (page < pages) {
            long start = Region.roundUp(addressOf(page), alignment);
            if (start + bytes > end()) {
                return 0;
            }
            int runEnd = pageOf(start + bytes);
            int used = next(IN_USE, pageOf(start), runEnd);
            if (used == runEnd) {
                return start;
            }
            page = next(FREE, used, pages);
        }
        return 0;
    }

    void use(long start, long bytes) {
        set(pageOf(start), pageOf(start + bytes), false);
    }

    void recycle(long start, long bytes) {
        int page = pageOf(start);
        firstFree = Math.min(firstFree, page);
        set(page, pageOf(start + bytes), true);
    }

    /// Whether a page of the range, which may lie elsewhere, is free.
    boolean hasFree(long from, long to) {
        if (to <= base || from >= end()) {
            return false;
        }
        int last = pageOf(Math.min(to, end()));
        return next(FREE, pageOf(Math.max(from, base)), last) != last;
    }

    private int next(long wanted, int from, int to) {
        int page = from;
        while (page < to) {
            long found = (Memory.getLong(wordOf(page)) ^ wanted) >>> page;
            if (found != 0) {
                return Math.min(to, page + Long.numberOfTrailingZeros(found));
            }
            page = (page | Long.SIZE - 1) + 1;
        }
        return to;
    }

    private void set(int from, int to, boolean free) {
        int page = from;
        while (page < to) {
            int wordEnd = (page | Long.SIZE - 1) + 1;
            long mask = -1L << page;
            if (to < wordEnd) {
                mask &= (1L << to) - 1;
            }
            long word = Memory.getLong(wordOf(page));
            Memory.putLong(wordOf(page), free ? word | mask : word & ~mask);
            page = wordEnd;
        }
    }

    private long wordOf(int page) {
        return words + (long) (page / Long.SIZE) * Long.BYTES;
    }

    private int pageOf(long address) {
        return (int) ((address - base) / Region.PAGE);
    }

    private long addressOf(int page) {
        return base + page * Region.PAGE;
    }
}
