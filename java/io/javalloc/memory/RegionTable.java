package io.javalloc.memory;

/// An [AddressTable] in a region: it makes no Java objects, however many addresses there are.
///
/// ```
///  region:  ├── 4,096 slots ──┼────── 8,192 slots ──────┼─ ─ ─
///            given back        the table now              the next
/// ```
///
/// Each table is twice as large as the one before, and lies behind it.
public final class RegionTable extends AddressTable {

    /// Where the words of a slot are.
    private static final class Slot {

        static final long ADDRESS = 0;
        static final long VALUE = 8;
        static final int LOG_BYTES = 4;
    }

    private static final long FIRST_SLOTS = 1 << 12;

    private final Region region;
    private long table;
    private long slots;

    /// @param region what the tables may use; nothing else may
    /// @throws IllegalStateException if there is no memory for the first table
    public RegionTable(Region region) {
        this.region = region;
        table = region.base();
        slots = FIRST_SLOTS;
        if (!region.commit(end())) {
            throw new IllegalStateException("the table of addresses gets no memory");
        }
    }

    private long end() {
        return place(slots);
    }

    private long place(long slot) {
        return table + (slot << Slot.LOG_BYTES);
    }

    @Override
    public long slots() {
        return slots;
    }

    @Override
    public long addressAt(long slot) {
        return Memory.getLong(place(slot) + Slot.ADDRESS);
    }

    @Override
    public long valueAt(long slot) {
        return Memory.getLong(place(slot) + Slot.VALUE);
    }

    @Override
    void write(long slot, long address, long value) {
        Memory.putLong(place(slot) + Slot.ADDRESS, address);
        Memory.putLong(place(slot) + Slot.VALUE, value);
    }

    @Override
    boolean grow() {
        long old = table;
        long oldEnd = end();
        if (!region.commit(oldEnd + 2 * (oldEnd - old))) {
            return false;
        }
        table = oldEnd;
        slots *= 2;
        for (long at = old; at < oldEnd; at += 1L << Slot.LOG_BYTES) {
            enter(Memory.getLong(at + Slot.ADDRESS), Memory.getLong(at + Slot.VALUE));
        }
        region.discard(old, oldEnd - old);
        return true;
    }
}
