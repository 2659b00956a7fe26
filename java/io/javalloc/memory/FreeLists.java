package io.javalloc.memory;

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

        /// What to throw for a list that has come to its end before all of its entries were used,
        /// so that nobody knows which of them was overwritten.
        RuntimeException endsEarly(int list);
    }

    /// Is shown the entries of lists.
    @FunctionalInterface
    interface Visitor {

        /// Takes a look at one.
        ///
        /// @return whether it is to stay in its list
        boolean entry(int list, long entry);
    }

    /// Not a lambda: at the end of a program, which may have left the virtual machine no memory, no
    /// class is to be made.
    private static final class AllStay implements Visitor {

        @Override
        public boolean entry(int list, long entry) {
            return true;
        }
    }

    private final Links links;

    /// By list: the first entry, 0 for none.
    private final long[] heads;

    /// By list: the number of its entries.
    private final long[] lengths;

    private long pushes;

    /// @param count how many lists
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
        links.setNext(entry, heads[list]);
        heads[list] = entry;
        lengths[list]++;
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

    /// Checks all entries. Needs no memory, however many there are.
    public void check() {
        visit(new AllStay());
    }

    /// Shows all entries, and checks each after it was shown; takes out those that are not to stay.
    /// No list is followed further than it is long.
    void visit(Visitor visitor) {
        for (int list = 0; list < heads.length; list++) {
            visit(list, visitor);
        }
    }

    private void visit(int list, Visitor visitor) {
        long previous = 0;
        long entry = heads[list];
        long left = lengths[list];
        if (entry == 0 && left != 0) {
            throw links.endsEarly(list);
        }
        long last = entry;
        while (entry != 0 && left != 0) {
            boolean stays = visitor.entry(list, entry);
            last = entry;
            entry = links.next(entry, list);
            left--;
            if (stays) {
                previous = last;
            } else {
                unlink(list, previous, entry);
            }
        }
        if (entry != 0 || left != 0) {
            throw links.damaged(last);
        }
    }

    private void unlink(int list, long previous, long next) {
        lengths[list]--;
        if (previous == 0) {
            heads[list] = next;
        } else {
            links.setNext(previous, next);
        }
    }

    /// What to throw for an entry that must have been overwritten.
    RuntimeException damaged(long entry) {
        return links.damaged(entry);
    }
}
