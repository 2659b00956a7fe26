package io.javalloc.memory;

/// A table from addresses to numbers, in a region: it makes no Java objects, however many addresses
/// there are, and grows while there is memory.
///
/// ```
///  region:  ├── 4,096 entries ──┼────── 8,192 entries ──────┼─ ─ ─
///            given back          the table now                the next
///
///  entry:   ├─────────┬────────┤     open addressing, linear probing, at most half of the entries
///           │ address │ value  │     are in use; address 0: none
///           ├─────────┴────────┤
/// ```
///
/// Each table is twice as large as the one before, and lies behind it. Not thread-safe.
public final class RegionTable {

    /// Is shown the entries, see [#walk].
    @FunctionalInterface
    public interface Visitor {

        /// Takes a look at one entry.
        void entry(long address, long value);
    }

    /// What [#get] answers for an address that is not in the table.
    public static final long ABSENT = -1;

    /// Where the words of an entry are.
    private static final class Entry {

        static final long ADDRESS = 0;
        static final long VALUE = 8;
        static final int LOG_BYTES = 4;

        /// The bytes of `2^log` entries.
        static long bytes(int log) {
            return 1L << log << LOG_BYTES;
        }

        static long address(long entry) {
            return Memory.getLong(entry + ADDRESS);
        }

        static long value(long entry) {
            return Memory.getLong(entry + VALUE);
        }

        static void write(long entry, long address, long value) {
            Memory.putLong(entry + ADDRESS, address);
            Memory.putLong(entry + VALUE, value);
        }
    }

    private static final int LOG_FIRST_TABLE = 12;
    private static final long MULTIPLIER = 0x9e37_79b9_7f4a_7c15L;

    private final Region region;
    private long table;
    private int log;
    private long count;

    /// @param region what the tables may use; nothing else may
    /// @throws IllegalStateException if there is no memory for the first table
    public RegionTable(Region region) {
        this.region = region;
        table = region.base();
        log = LOG_FIRST_TABLE;
        if (!region.commit(table + bytes())) {
            throw new IllegalStateException("the table of addresses gets no memory");
        }
    }

    /// How many addresses there are.
    public long count() {
        return count;
    }

    /// The value of an address, [#ABSENT] if it has none.
    public long get(long address) {
        long entry = find(address);
        return holds(entry, address) ? Entry.value(entry) : ABSENT;
    }

    /// Puts an address into the table, or gives it another value.
    ///
    /// @param address not 0
    /// @param value   not negative
    /// @return false if there is no memory; nothing has changed then
    public boolean put(long address, long value) {
        long entry = find(address);
        if (Entry.address(entry) == 0) {
            if (2 * (count + 1) > 1L << log) {
                if (!grow()) {
                    return false;
                }
                entry = find(address);
            }
            count++;
        }
        Entry.write(entry, address, value);
        return true;
    }

    /// Takes an address out of the table, which has room for one more then.
    ///
    /// @return its value, [#ABSENT] if it has none
    public long remove(long address) {
        long entry = find(address);
        if (!holds(entry, address)) {
            return ABSENT;
        }
        long value = Entry.value(entry);
        count--;
        closeGap(entry);
        return value;
    }

    /// Shows every entry. The visitor must not change the table.
    public void walk(Visitor visitor) {
        for (long entry = table; entry < end(); entry = behind(entry)) {
            if (Entry.address(entry) != 0) {
                visitor.entry(Entry.address(entry), Entry.value(entry));
            }
        }
    }

    /// Checks that every entry is found where it lies, and that there are as many as were put in.
    ///
    /// @throws IllegalStateException if that is not so
    public void verify() {
        long found = 0;
        for (long entry = table; entry < end(); entry = behind(entry)) {
            long address = Entry.address(entry);
            if (address != 0) {
                found++;
                if (find(address) != entry) {
                    throw new IllegalStateException(
                            "the table of addresses was overwritten at 0x"
                                    + Long.toHexString(entry));
                }
            }
        }
        if (found != count) {
            throw new IllegalStateException(
                    "the table has " + found + " addresses instead of " + count);
        }
    }

    private static boolean holds(long entry, long address) {
        return Entry.address(entry) == address && address != 0;
    }

    /// The entry of an address, or the one in which to put it. There always is one that is empty.
    private long find(long address) {
        long entry = home(address);
        while (Entry.address(entry) != address && Entry.address(entry) != 0) {
            entry = next(entry);
        }
        return entry;
    }

    /// Where the search for an address begins.
    private long home(long address) {
        return table + (address * MULTIPLIER >>> -log << Entry.LOG_BYTES);
    }

    /// The entry to look at next, round about.
    private long next(long entry) {
        long behind = behind(entry);
        return behind == end() ? table : behind;
    }

    private static long behind(long entry) {
        return entry + (1L << Entry.LOG_BYTES);
    }

    private long end() {
        return table + bytes();
    }

    private long bytes() {
        return Entry.bytes(log);
    }

    /// Empties an entry, after moving into it what would no longer be found otherwise.
    private void closeGap(long gap) {
        for (long entry = next(gap); Entry.address(entry) != 0; entry = next(entry)) {
            if (distance(home(Entry.address(entry)), entry) >= distance(gap, entry)) {
                Entry.write(gap, Entry.address(entry), Entry.value(entry));
                gap = entry;
            }
        }
        Entry.write(gap, 0, 0);
    }

    /// The bytes from one entry to another, round about.
    private long distance(long from, long to) {
        return to - from & bytes() - 1;
    }

    private boolean grow() {
        long old = table;
        long oldEnd = end();
        if (!region.commit(oldEnd + 2 * bytes())) {
            return false;
        }
        table = oldEnd;
        log++;
        for (long entry = old; entry < oldEnd; entry = behind(entry)) {
            long address = Entry.address(entry);
            if (address != 0) {
                Entry.write(find(address), address, Entry.value(entry));
            }
        }
        region.discard(old, oldEnd - old);
        return true;
    }
}
