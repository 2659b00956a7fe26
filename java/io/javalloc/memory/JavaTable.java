package io.javalloc.memory;

/// An [AddressTable] in Java arrays: what a layer notes about blocks, out of reach of the program.
public final class JavaTable extends AddressTable {

    private static final int USUAL_SLOTS = 1 << 8;

    private long[] addresses;
    private long[] values;

    /// An empty table.
    public JavaTable() {
        this(USUAL_SLOTS);
    }

    /// An empty table.
    ///
    /// @param slots how many it begins with, a power of two; it has room for half as many addresses
    public JavaTable(int slots) {
        addresses = new long[slots];
        values = new long[slots];
    }

    @Override
    public long slots() {
        return addresses.length;
    }

    @Override
    public long addressAt(long slot) {
        return addresses[(int) slot];
    }

    @Override
    public long valueAt(long slot) {
        return values[(int) slot];
    }

    @Override
    void write(long slot, long address, long value) {
        addresses[(int) slot] = address;
        values[(int) slot] = value;
    }

    @Override
    boolean grow() {
        long[] oldAddresses = addresses;
        long[] oldValues = values;
        try {
            long[] moreAddresses = new long[2 * oldAddresses.length];
            values = new long[2 * oldAddresses.length];
            addresses = moreAddresses;
        } catch (OutOfMemoryError e) {
            return false;
        }
        for (int slot = 0; slot < oldAddresses.length; slot++) {
            enter(oldAddresses[slot], oldValues[slot]);
        }
        return true;
    }
}
