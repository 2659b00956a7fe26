package io.javalloc.memory;

import java.util.Arrays;

/// The entries of a heap's [FreeLists] at one moment, in the order of addresses. It is as large as
/// there are free blocks, so it is for looks at all of a heap.
public final class FreeBlocks {

    /// Bits of an entry that hold the number of the list; the rest is the address.
    private static final int LIST_BITS = 8;

    private static final int LIST_MASK = (1 << LIST_BITS) - 1;

    private final long[] entries;
    private int count;

    /// @param most how many there can be
    FreeBlocks(long most) {
        entries = new long[Math.toIntExact(most)];
    }

    /// Adds one. When all are there, [#sort] them.
    void add(long address, int list) {
        entries[count++] = address << LIST_BITS | list;
    }

    /// Puts them into the order of addresses, for everything below.
    void sort() {
        Arrays.sort(entries, 0, count);
    }

    /// How many there are.
    public int count() {
        return count;
    }

    /// The address of one.
    public long address(int index) {
        return entries[index] >>> LIST_BITS;
    }

    /// The number of its list.
    public int list(int index) {
        return (int) entries[index] & LIST_MASK;
    }

    /// The number of the first at the address or behind it.
    int firstFrom(long address) {
        int index = Arrays.binarySearch(entries, 0, count, address << LIST_BITS);
        return index < 0 ? -index - 1 : index;
    }

    /// The number of the one at the address; -1 if there is none.
    public int indexOf(long address) {
        int index = firstFrom(address);
        return index < count && address(index) == address ? index : -1;
    }

    /// One that is there twice; 0 if there is none.
    long twice() {
        for (int i = 1; i < count; i++) {
            if (entries[i] >>> LIST_BITS == entries[i - 1] >>> LIST_BITS) {
                return address(i);
            }
        }
        return 0;
    }
}
