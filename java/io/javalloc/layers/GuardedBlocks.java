package io.javalloc.layers;

import io.javalloc.BlockVisitor;
import io.javalloc.memory.JavaTable;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;

/// The live blocks of [Guarded], which has the picture: the sizes, and the slack behind each.
final class GuardedBlocks {

    private static final long PAGE = Region.SYSTEM_PAGE;

    /// What slack is filled with.
    private static final byte SLACK = (byte) 0xbd;

    /// By address: the size; the size's complement if the block has no guard.
    private final JavaTable entries = new JavaTable();

    private final int maxGuarded;
    private int guarded;
    private boolean hasLarger;

    /// @param maxGuarded how many may be guarded or kept at a time
    GuardedBlocks(int maxGuarded) {
        this.maxGuarded = maxGuarded;
    }

    /// How many blocks there are.
    long count() {
        return entries.count();
    }

    /// How many of them are guarded.
    int guarded() {
        return guarded;
    }

    /// From now on some may be larger than their owners know.
    void noteLarger() {
        hasLarger = true;
    }

    /// Whether [#noteLarger] was called.
    boolean haveLarger() {
        return hasLarger;
    }

    /// Whether one more may be guarded, or kept when it has been freed.
    ///
    /// @param kept how many freed ones are kept
    boolean mayGuardAnother(long kept) {
        return guarded + kept < maxGuarded;
    }

    /// Makes room for one more block; false if Java has no memory for that.
    boolean makeRoom() {
        return entries.makeRoom();
    }

    void add(long address, long size, boolean isGuarded) {
        long entry = isGuarded ? size : ~size;
        entries.put(address, entry);
        guarded += isGuarded ? 1 : 0;
        Memory.fill(address + size, slack(address, entry), SLACK);
    }

    void remove(long address) {
        guarded -= entries.remove(address) >= 0 ? 1 : 0;
    }

    /// @throws io.javalloc.HeapCorruption if there is no such block
    long size(long address) {
        return sizeOf(entry(address));
    }

    boolean isGuarded(long address) {
        return entry(address) >= 0;
    }

    private long entry(long address) {
        long entry = entries.get(address);
        if (entry == JavaTable.ABSENT) {
            throw Damage.noBlock(address);
        }
        return entry;
    }

    private static long sizeOf(long entry) {
        return entry < 0 ? ~entry : entry;
    }

    /// The first page of a block: it starts in that one.
    static long pages(long address) {
        return address & -PAGE;
    }

    /// The page behind a block.
    static long guard(long address, long size) {
        return Region.roundUp(address + size, PAGE);
    }

    private static long slack(long address, long entry) {
        long end = address + sizeOf(entry);
        return Region.roundUp(end, PAGE) - end + (entry < 0 ? PAGE : 0);
    }

    /// @throws io.javalloc.HeapCorruption if somebody wrote to the slack, or there is no such block
    void check(long address) {
        long entry = entry(address);
        long size = sizeOf(entry);
        long slack = slack(address, entry);
        long intact = Pattern.intact(address + size, slack, SLACK);
        if (intact != slack) {
            throw Damage.overflow(address, size, size + intact);
        }
    }

    void checkAll() {
        for (long slot = 0; slot < entries.slots(); slot++) {
            if (entries.addressAt(slot) != 0) {
                check(entries.addressAt(slot));
            }
        }
    }

    void walk(BlockVisitor visitor) {
        for (long slot = 0; slot < entries.slots(); slot++) {
            if (entries.addressAt(slot) != 0) {
                visitor.block(entries.addressAt(slot), sizeOf(entries.valueAt(slot)));
            }
        }
    }

    /// Says what happened at an address in the guard of a block; null if it is in none.
    String explain(long address) {
        long block = blockBefore(address & -PAGE);
        return block == 0
                ? null
                : "The program reads or writes behind the end of a block of "
                        + size(block)
                        + " bytes, at byte "
                        + (address - block)
                        + ": 0x"
                        + Long.toHexString(block);
    }

    /// The block whose guard this page is; 0 if there is none.
    private long blockBefore(long page) {
        for (long slot = 0; slot < entries.slots(); slot++) {
            long address = entries.addressAt(slot);
            if (address != 0
                    && entries.valueAt(slot) >= 0
                    && guard(address, entries.valueAt(slot)) == page) {
                return address;
            }
        }
        return 0;
    }
}
