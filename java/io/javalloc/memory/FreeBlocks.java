package io.javalloc.memory;

import java.util.BitSet;

/// Which blocks of a heap's [Chunks] are in its [FreeLists] at one moment: a bit for every 16 bytes
/// of the chunks. For looks at all of a heap.
public final class FreeBlocks {

    /// Looks at what [#walk] comes to.
    public interface Look {

        /// A chunk; [#isFree] tells of each of its blocks.
        ///
        /// @param index its number
        void chunk(int index);

        /// A run of pages that is no chunk.
        void run(long address);
    }

    private static final int LOG_GRAIN = 4;

    private final Chunks chunks;
    private final FreeLists lists;
    private final long first;

    /// By chunk.
    private final BitSet[] free;

    /// Those of one chunk that nobody has asked for, see [#begin].
    private BitSet rest = new BitSet();

    /// Where the first entry of that chunk may be.
    private long restStart;

    /// Follows all lists.
    ///
    /// @param first offset in a chunk of its first entry; others lie a multiple of 16 behind it
    public FreeBlocks(Chunks chunks, FreeLists lists, long first) {
        this.chunks = chunks;
        this.lists = lists;
        this.first = first;
        free = new BitSet[chunks.count()];
        for (int i = 0; i < free.length; i++) {
            free[i] = new BitSet();
        }
        lists.visit((list, entry) -> note(entry));
    }

    private boolean note(long entry) {
        int chunk = chunks.indexOfHolder(entry);
        long offset = chunk < 0 ? -1 : entry - chunks.start(chunk) - first;
        if (offset < 0 || free[chunk].get((int) (offset >> LOG_GRAIN))) {
            throw lists.damaged(entry);
        }
        free[chunk].set((int) (offset >> LOG_GRAIN));
        return true;
    }

    /// Comes to every chunk, then to all other runs of pages that are in use.
    ///
    /// @throws RuntimeException if a list leads to where no block is
    public void walk(PageRuns pages, Look look) {
        for (int i = 0; i < chunks.count(); i++) {
            begin(i);
            look.chunk(i);
            end();
        }
        pages.walk(
                (run, bytes) -> {
                    if (chunks.indexOf(run) < 0) {
                        look.run(run);
                    }
                });
    }

    /// Goes to a chunk, whose blocks are now asked for.
    public void begin(int chunk) {
        rest = (BitSet) free[chunk].clone();
        restStart = chunks.start(chunk) + first;
    }

    /// Whether an entry of the chunk is in a list and was not yet asked for.
    public boolean isFree(long entry) {
        int bit = (int) (entry - restStart >> LOG_GRAIN);
        boolean isFree = rest.get(bit);
        rest.clear(bit);
        return isFree;
    }

    /// Ends with the chunk.
    ///
    /// @throws RuntimeException if a list leads to where no block is: nobody asked for it
    public void end() {
        int lost = rest.nextSetBit(0);
        if (lost >= 0) {
            throw lists.damaged(restStart + ((long) lost << LOG_GRAIN));
        }
    }
}
