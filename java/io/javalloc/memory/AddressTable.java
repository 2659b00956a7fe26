package io.javalloc.memory;

/// A table from addresses to numbers, which grows while there is memory, and does not shrink.
///
/// ```
///  slot:  ├─────────┬────────┤     open addressing, linear probing, at most half of the slots are
///         │ address │ value  │     in use; address 0: none. What is removed leaves no mark: the
///         ├─────────┴────────┤     entries behind it move up
/// ```
///
/// Where the slots are is the business of its two kinds. They are final classes and no parts of
/// this one, so that the compiler knows in each table which it is. Not thread-safe.
public abstract sealed class AddressTable permits JavaTable, RegionTable {

    /// Is shown the entries, see [#walk].
    @FunctionalInterface
    public interface Visitor {

        /// Takes a look at one entry.
        void entry(long address, long value);
    }

    /// What is answered for an address that is not in the table; no value.
    public static final long ABSENT = Long.MIN_VALUE;

    /// 2^64 divided by the golden ratio: spreads addresses that are multiples of something.
    private static final long SPREAD = 0x9e37_79b9_7f4a_7c15L;

    private long count;

    AddressTable() {}

    /// The number of slots, for a look at all: [#addressAt] each from 0 on. A power of two.
    public abstract long slots();

    /// The address in a slot, 0 if there is none.
    public abstract long addressAt(long slot);

    /// The value in a slot that has an address.
    public abstract long valueAt(long slot);

    abstract void write(long slot, long address, long value);

    /// Moves to twice as many slots, and [#enter]s there what is in the old ones.
    ///
    /// @return false if there is no memory; nothing has changed then
    abstract boolean grow();

    /// Puts an entry, if it is one, where there is room and the address is not.
    final void enter(long address, long value) {
        if (address != 0) {
            write(find(address), address, value);
        }
    }

    /// How many addresses there are.
    public final long count() {
        return count;
    }

    /// Makes room for one more address: the next [#put] will not fail.
    ///
    /// @return false if there is no memory; nothing has changed then
    public final boolean makeRoom() {
        return !isFull() || grow();
    }

    private boolean isFull() {
        return 2 * (count + 1) > slots();
    }

    public final boolean contains(long address) {
        return holds(find(address), address);
    }

    /// The value of an address, or [#ABSENT].
    public final long get(long address) {
        long slot = find(address);
        return holds(slot, address) ? valueAt(slot) : ABSENT;
    }

    /// Puts an address into the table, or gives it another value.
    ///
    /// @param address not 0
    /// @param value   not [#ABSENT]
    /// @return false if there is no memory; nothing has changed then
    public final boolean put(long address, long value) {
        long slot = find(address);
        if (addressAt(slot) == 0) {
            if (isFull()) {
                if (!grow()) {
                    return false;
                }
                slot = find(address);
            }
            count++;
        }
        write(slot, address, value);
        return true;
    }

    /// Takes an address out of the table, which has room for one more then.
    ///
    /// @return its value, or [#ABSENT]
    public final long remove(long address) {
        long slot = find(address);
        if (!holds(slot, address)) {
            return ABSENT;
        }
        long value = valueAt(slot);
        count--;
        closeGap(slot);
        return value;
    }

    /// Shows every entry. The visitor must not change the table.
    public final void walk(Visitor visitor) {
        for (long slot = 0; slot < slots(); slot++) {
            if (addressAt(slot) != 0) {
                visitor.entry(addressAt(slot), valueAt(slot));
            }
        }
    }

    /// Checks that every entry is found where it lies, and that there are as many as were put in.
    ///
    /// @throws IllegalStateException if that is not so
    public final void verify() {
        long found = 0;
        for (long slot = 0; slot < slots(); slot++) {
            long address = addressAt(slot);
            if (address != 0) {
                found++;
                if (find(address) != slot) {
                    throw new IllegalStateException(
                            "the table of addresses was overwritten in its slot " + slot);
                }
            }
        }
        if (found != count) {
            throw new IllegalStateException(
                    "the table has " + found + " addresses instead of " + count);
        }
    }

    private boolean holds(long slot, long address) {
        return addressAt(slot) == address && address != 0;
    }

    /// The slot of an address, or the one in which to put it. There always is one that is empty.
    private long find(long address) {
        long mask = slots() - 1;
        long slot = home(address);
        long there = addressAt(slot);
        while (there != address && there != 0) {
            slot = slot + 1 & mask;
            there = addressAt(slot);
        }
        return slot;
    }

    /// Where the search for an address begins.
    private long home(long address) {
        return address * SPREAD >>> Long.numberOfLeadingZeros(slots()) + 1;
    }

    /// Empties a slot, after moving into it what would no longer be found otherwise.
    private void closeGap(long gap) {
        long mask = slots() - 1;
        for (long slot = gap + 1 & mask; addressAt(slot) != 0; slot = slot + 1 & mask) {
            if ((slot - home(addressAt(slot)) & mask) >= (slot - gap & mask)) {
                write(gap, addressAt(slot), valueAt(slot));
                gap = slot;
            }
        }
        write(gap, 0, 0);
    }
}
