package io.javalloc.memory;

import java.util.Arrays;
import java.util.BitSet;

/// The runs of pages that a heap cuts its small blocks from, in the order of addresses. The list is
/// a Java array, out of reach of the program.
public final class Chunks {

    /// What a heap knows of its chunks.
    public interface Contents {

        /// The bytes of a chunk that an entry of a list stands for.
        long bytesOfOne(int list);

        /// The bytes that all blocks of a chunk stand for. If it is as many as are free, nothing in
        /// the chunk is live.
        ///
        /// @param index the number of the chunk
        /// @param list  one that has an entry in it
        long bytesOfAll(int index, int list);

        /// A chunk is given back, and must not be cut any more.
        void givenBack(long chunk);
    }

    /// There is room for at least so many, so that a live block in each of some does not keep all
    /// memory from other uses.
    private static final int LEAST = 64;

    private static final int FIRST_LIST = 16;

    private final PageRuns pages;
    private final int logPage;
    private final int pagesOfOne;
    private long[] starts = new long[FIRST_LIST];
    private int count;

    /// What [FreeLists#pushes] was when empty chunks were last looked for.
    private long pushesSeen;

    /// @param pages   where they come from
    /// @param logPage log2 of the bytes of a page
    /// @param bytes   how long one is; shorter where there is no room for many
    public Chunks(PageRuns pages, int logPage, long bytes) {
        this.pages = pages;
        this.logPage = logPage;
        pagesOfOne = (int) Math.max(1, Math.min(bytes, pages.bytes() / LEAST) >> logPage);
    }

    /// Takes one; a half of it, a quarter, ... a page if there is no more memory.
    ///
    /// @return its address, or 0 if there is no memory
    public long take() {
        if (count == starts.length) {
            starts = Arrays.copyOf(starts, 2 * count);
        }
        long chunk = 0;
        for (int wanted = pagesOfOne; chunk == 0 && wanted > 0; wanted /= 2) {
            chunk = pages.take(wanted, 1L << logPage);
        }
        if (chunk != 0) {
            int index = -indexOf(chunk) - 1;
            System.arraycopy(starts, index, starts, index + 1, count - index);
            starts[index] = chunk;
            count++;
        }
        return chunk;
    }

    /// As [#take()]; if there is no memory, from what the chunks hold in which nothing is live.
    public long take(FreeLists lists, Contents contents) {
        long chunk = take();
        return chunk == 0 && giveBackEmpty(lists, contents) ? take() : chunk;
    }

    /// Takes a large block; if there is no memory, from what the chunks hold in which nothing is
    /// live.
    ///
    /// @return 0 if there is no memory for it
    public long takeLarge(
            PageBlocks large, long bytes, long alignment, FreeLists lists, Contents contents) {
        if (!large.canHold(bytes, alignment)) {
            return 0;
        }
        long block = large.take(bytes, alignment);
        boolean isWorthAnother = block == 0 && giveBackEmpty(lists, contents);
        return isWorthAnother ? large.take(bytes, alignment) : block;
    }

    /// Gives back the chunks in which nothing is live. Looks at all free blocks: for when there is
    /// no other memory.
    ///
    /// @return whether there was one
    public boolean giveBackEmpty(FreeLists lists, Contents contents) {
        if (lists.pushes() == pushesSeen) {
            return false;
        }
        BitSet empty = findEmpty(lists, contents);
        pushesSeen = lists.pushes();
        if (empty.isEmpty()) {
            return false;
        }
        lists.visit((list, entry) -> !empty.get(indexOfHolder(entry)));
        for (int i = empty.length() - 1; i >= 0; i = empty.previousSetBit(i - 1)) {
            contents.givenBack(starts[i]);
            give(i);
        }
        return true;
    }

    /// The numbers of the chunks in which all bytes are free. More than all cannot be, whatever was
    /// overwritten: a chunk with a live block would then be taken for an empty one.
    private BitSet findEmpty(FreeLists lists, Contents contents) {
        long[] free = new long[count];
        BitSet empty = new BitSet(count);
        lists.visit(
                (list, entry) -> {
                    int index = indexOfHolder(entry);
                    if (index < 0 || empty.get(index)) {
                        throw lists.damaged(entry);
                    }
                    free[index] += contents.bytesOfOne(list);
                    empty.set(index, free[index] >= contents.bytesOfAll(index, list));
                    return true;
                });
        return empty;
    }

    private void give(int index) {
        pages.give(starts[index]);
        count--;
        System.arraycopy(starts, index + 1, starts, index, count - index);
    }

    /// How many there are.
    public int count() {
        return count;
    }

    /// Where one begins.
    public long start(int index) {
        return starts[index];
    }

    /// Where the one ends that begins at the address.
    public long end(long start) {
        return start + ((long) pages.pagesAt(start) << logPage);
    }

    /// The number of the one that the address lies in; negative if there is none.
    int indexOfHolder(long address) {
        int index = indexOf(address);
        int before = index < 0 ? -index - 2 : index;
        return before >= 0 && address < end(starts[before]) ? before : -1;
    }

    /// The number of the one that begins there; negative if none does.
    public int indexOf(long start) {
        return Arrays.binarySearch(starts, 0, count, start);
    }
}
