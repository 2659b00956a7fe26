package io.javalloc.memory;

import java.util.Arrays;

/// The lists of a heap's free blocks, one for each of its sizes, last in first out.
///
/// The links lie in the blocks, where the program can overwrite them; where a list begins and how
/// long it is, only Java knows. What stands for a block in its list, the *entry*, is an address of
/// the heap's choice.
public final class FreeLists {

    /// The link in a free block.
    public interface Links {

        /// Where the link leads, 0 for nowhere. Checks the entry as if it was used again, and
        /// throws an exception of the heap's choice rather than give out what cannot be an entry.
        long next(long entry, int list);

        /// Sets the link.
        void setNext(long entry, long next);

        /// What to throw for an entry that must have been overwritten.
        RuntimeException damaged(long entry);
    }

    private final Links links;

    /// By list: the first entry, 0 for none.
    private final long[] heads;

    /// By list: the number of its entries.
    private final long[] lengths;

    private long pushes;

    /// @param count how many lists; 256 at most
    public FreeLists(int count, Links links) {
        this.links = links;
        heads = new long[count];
        lengths = new long[count];
    }

    /// Whether there is nothing to [#pop].
    public boolean isEmpty(int list) {
        return heads[list] == 0;
    }

    /// Adds an entry.
    public void push(int list, long entry) {
        pushes++;
        link(list, entry);
    }

    /// Makes entries that are linked already, the last one with 0, the list that was empty.
    public void fill(int list, long first, long count) {
        pushes++;
        heads[list] = first;
        lengths[list] = count;
    }

    /// Takes out the entry that was added last, and checks it.
    public long pop(int list) {
        long entry = heads[list];
        heads[list] = links.next(entry, list);
        lengths[list]--;
        return entry;
    }

    /// How often entries were added, ever.
    public long pushes() {
        return pushes;
    }

    /// The entries of all lists. Checks each.
    public FreeBlocks all() {
        FreeBlocks all = new FreeBlocks(Arrays.stream(lengths).sum());
        for (int list = 0; list < heads.length; list++) {
            follow(list, all);
        }
        all.sort();
        if (all.twice() != 0) {
            throw links.damaged(all.twice());
        }
        return all;
    }

    private void follow(int list, FreeBlocks all) {
        long last = 0;
        long entry = heads[list];
        long left = lengths[list];
        while (entry != 0 && left != 0) {
            all.add(entry, list);
            last = entry;
            entry = links.next(entry, list);
            left--;
        }
        if (entry != 0 || left != 0) {
            throw links.damaged(last);
        }
    }

    /// Empties all lists.
    void clear() {
        Arrays.fill(heads, 0);
        Arrays.fill(lengths, 0);
    }

    /// Puts an entry back into its list, after [#clear].
    void link(int list, long entry) {
        links.setNext(entry, heads[list]);
        heads[list] = entry;
        lengths[list]++;
    }
}
