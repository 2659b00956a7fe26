package io.javalloc.layers;

import io.javalloc.BlockVisitor;

/// A table from addresses to numbers, in Java arrays: what a layer notes about blocks, out of reach
/// of the program. It grows, and does not shrink.
///
/// Open addressing with linear probing. What is removed leaves no mark: the entries behind it move
/// up.
final class AddressTable {

    /// Shows the blocks that are not in a table.
    ///
    /// @param table   what is left out
    /// @param visitor who is shown the rest
    record Others(AddressTable table, BlockVisitor visitor) implements BlockVisitor {

        @Override
        public void block(long address, long usable) {
            if (!table.contains(address)) {
                visitor.block(address, usable);
            }
        }
    }

    /// What is answered for an address that is not in the table; no value.
    static final long ABSENT = Long.MIN_VALUE;

    private static final int USUAL_SLOTS = 1 << 8;

    /// 2^64 divided by the golden ratio: spreads addresses that are multiples of something.
    private static final long SPREAD = 0x9e3779b97f4a7c15L;

    /// By slot: the address, 0 in a free slot.
    private long[] addresses;

    private long[] values;
    private int size;

    /// An empty table.
    AddressTable() {
        this(USUAL_SLOTS);
    }

    /// An empty table.
    ///
    /// @param slots how many it begins with, a power of two; so many less a quarter hold addresses
    AddressTable(int slots) {
        addresses = new long[slots];
        values = new long[slots];
    }

    /// How many addresses are in the table.
    int size() {
        return size;
    }

    /// Makes room for one more address, which the next [#put] needs.
    ///
    /// @return false if the Java heap has none; nothing has changed then
    boolean makeRoom() {
        if (size < addresses.length - addresses.length / 4) {
            return true;
        }
        try {
            grow(new long[2 * addresses.length], new long[2 * addresses.length]);
            return true;
        } catch (OutOfMemoryError e) {
            return false;
        }
    }

    private void grow(long[] moreAddresses, long[] moreValues) {
        long[] oldAddresses = addresses;
        long[] oldValues = values;
        addresses = moreAddresses;
        values = moreValues;
        size = 0;
        for (int slot = 0; slot < oldAddresses.length; slot++) {
            if (oldAddresses[slot] != 0) {
                put(oldAddresses[slot], oldValues[slot]);
            }
        }
    }

    /// Enters an address, which is not in the table yet.
    void put(long address, long value) {
        int slot = slotOf(address);
        addresses[slot] = address;
        values[slot] = value;
        size++;
    }

    boolean contains(long address) {
        return addresses[slotOf(address)] != 0;
    }

    /// The value of an address, or [#ABSENT].
    long get(long address) {
        int slot = slotOf(address);
        return addresses[slot] == 0 ? ABSENT : values[slot];
    }

    /// Takes an address out.
    ///
    /// @return its value, or [#ABSENT]
    long remove(long address) {
        int slot = slotOf(address);
        if (addresses[slot] == 0) {
            return ABSENT;
        }
        long value = values[slot];
        size--;
        close(slot);
        return value;
    }

    /// Makes a slot free, and moves up what could not be found any more behind it.
    private void close(int free) {
        int mask = addresses.length - 1;
        for (int slot = free + 1 & mask; addresses[slot] != 0; slot = slot + 1 & mask) {
            int wanted = firstSlotOf(addresses[slot]);
            if ((slot - wanted & mask) >= (slot - free & mask)) {
                addresses[free] = addresses[slot];
                values[free] = values[slot];
                free = slot;
            }
        }
        addresses[free] = 0;
    }

    /// The number of slots, for a look at all: [#addressAt] each from 0 on.
    int slots() {
        return addresses.length;
    }

    /// The address in a slot, 0 if it is free.
    long addressAt(int slot) {
        return addresses[slot];
    }

    /// The value in a slot that is not free.
    long valueAt(int slot) {
        return values[slot];
    }

    /// The slot in which the address is, or the free one in which it would be.
    private int slotOf(long address) {
        int mask = addresses.length - 1;
        int slot = firstSlotOf(address);
        while (addresses[slot] != 0 && addresses[slot] != address) {
            slot = slot + 1 & mask;
        }
        return slot;
    }

    private int firstSlotOf(long address) {
        return (int) (address * SPREAD >>> Long.numberOfLeadingZeros(addresses.length) + 1);
    }
}
