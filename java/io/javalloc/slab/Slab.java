package io.javalloc.slab;

import io.javalloc.BatchHeap;
import io.javalloc.BlockVisitor;
import io.javalloc.Heap;
import io.javalloc.HeapArguments;
import io.javalloc.HeapOption;
import io.javalloc.HeapProvider;
import io.javalloc.memory.Budget;
import io.javalloc.memory.Memory;
import java.util.List;

/// Spans of equal blocks for what is small, runs of pages for what is large, and all that is known
/// of them in Java arrays, out of reach of the program.
///
/// ```
///  page 0          page 1          page 2          page 3          page 4          page 5
///  ├──┬──┬──┬──┬───┼─────┬─────┬───┼───────────────┴───────────────┼───────────────┼─ ─ ─
///  │▒▒│  │▒▒│▒▒│...│▒▒▒▒▒│     │   │▒▒▒▒▒▒▒▒▒▒▒ large ▒▒▒▒▒▒▒▒▒▒▒▒▒│ free          │ never used
///  ├──┴──┴──┴──┴───┼─────┴─────┴───┼───────────────┬───────────────┼───────────────┼─ ─ ─
///  │span, 16 bytes │span, 24 KiB   │run of 2 pages                 │run of 1 page  │
///  ├───────────────┼───────────────┼───────────────────────────────┼───────────────┼─ ─ ─
///  class:  1               38              0               0               0
///  bits:   1011...         10              -               -               -
///            │
///            └ 1: the block is out; 0: it is free. The second of two frees finds a 0.
/// ```
///
/// **Who serves what.** A request of up to 32 KiB gets a block of the smallest of 40 size classes
/// that it fits in ([SizeClasses]), from one of the class's spans ([Spans]). What is larger, or
/// aligned to more than a class gives, gets a run of pages ([SlabPages]). The page of an address
/// tells the class, a multiplication the block's bit.
///
/// **States of a page.** *Never used* (zero) → *span* or *in a large block* → *free and dirty* →
/// *span* or *in a large block*, or after a time without use (`decay`) given back to the system:
/// *free and clean* (zero) → ... Free neighbours are one run, but for what is being given back just
/// now ([FreePages]).
///
/// **States of a block of a span.** *Free* → *out* → *free*. Out is what the program has, and what
/// a thread of it has taken by the batch ([#fill]) and not given back yet ([#flush]); a block that
/// such a thread keeps is out here, and looks live. One block of each class may be free although
/// its bit says that it is out: the next to go out ([Spans]).
///
/// **Locks.** One for each class, the monitor of its [Spans]; one for the pages, the monitor of
/// [SlabPages]. Order: one class, then the pages; all classes by number, then the pages, for
/// [#verify] and [#walk]. No class's lock is taken while the program has one thread (`shared`, see
/// [Provider]).
///
/// | what | is written under | is read |
/// | --- | --- | --- |
/// | rows of spans, lists of spans, spare | the class's lock | under it |
/// | class and row of a page | the class's lock and the pages' | by all, without a lock |
/// | runs, dirt | the lock of the pages | of a page in use: by its owner, without a lock |
///
/// A free begins with the class of its page, read without a lock. That is safe: the page of a live
/// block cannot change its class, and the program has seen to it that this thread sees what was
/// true when the block was handed out. An address that is no live block may show the class of
/// another moment. So the class is looked at again under its lock, where it stands still: if it is
/// the same, the page is a span of that class now, and its bits tell; if it is not, the address is
/// refused. Arrays that grow are replaced, and a reader who has the old one finds his own pages
/// there as they are.
///
/// **Invariants** ([SlabAudit] checks them): runs cover all pages up to the end; no two free ones
/// are neighbours; each is in the list of its length and dirt; but for those that are withdrawn. A
/// span's count of free blocks is that of its bits; a span with free blocks is in the list of its
/// group, others in none; of all spans of a class at most one, the spare, has no block out.
///
/// The design is that of many: slabs and magazines (Bonwick 1994; Bonwick and Adams 2001), spans
/// and a page map that tells an address's class (tcmalloc), the fullest first (Hoard, jemalloc), a
/// decay (jemalloc), one page one size (mimalloc), metadata apart from the blocks (snmalloc).
public final class Slab implements BatchHeap {

    /// Makes [Slab] heaps.
    ///
    /// @param shared address of a word that is 0 while the program has one thread, and that changes
    ///               at a moment when no call is under way; 0: there may always be several
    public record Provider(long shared) implements HeapProvider {

        private static final HeapOption DECAY =
                new HeapOption(
                        "decay",
                        "MS",
                        "free pages go back to the system after so many milliseconds; else 1000");

        private static final HeapOption RANDOM =
                new HeapOption("random", "on", "blocks of a span come in random order");

        private static final HeapOption ERASE =
                new HeapOption("erase", "on", "freed blocks are zero, and checked before reuse");

        private static final HeapOption GUARDS =
                new HeapOption("guards", "on", "a page that faults behind each run; free ones do");

        @Override
        public String name() {
            return "slab";
        }

        @Override
        public String summary() {
            return "Spans of equal blocks, runs of pages; all metadata in Java; a lock per class";
        }

        @Override
        public Heap create(HeapArguments arguments) {
            long decay = arguments.number(DECAY.name(), USUAL_DECAY);
            SlabPages pages =
                    new SlabPages(
                            arguments.region(),
                            arguments.max(),
                            (int) Math.min(decay, LONGEST_DECAY),
                            Budget.OF_HEAPS,
                            new Hardening(
                                    arguments.isOn(RANDOM.name()),
                                    arguments.isOn(ERASE.name()),
                                    arguments.isOn(GUARDS.name())));
            return new Slab(pages, shared);
        }

        @Override
        public List<HeapOption> options() {
            return List.of(HeapOption.MAX, DECAY, RANDOM, ERASE, GUARDS);
        }

        @Override
        public String document() {
            return "Bonwick 1994 and 2001, tcmalloc, mimalloc, snmalloc";
        }

        @Override
        public String checks() {
            return "double free, pointers that are not a block";
        }
    }

    /// How many size classes there are, with 0, which is none.
    public static final int CLASSES = SizeClasses.COUNT;

    static final String FREED = "This block has already been freed";
    static final String NO_BLOCK = "No block of this heap starts at this address";

    private static final int USUAL_DECAY = 1000;
    private static final int LONGEST_DECAY = 1 << 30;

    final SlabPages pages;
    final SmallBlocks small;
    private final LargeBlocks large;
    private final Resizing resizing;
    private final PageTable table;
    private final LiveBytes live;

    /// @param pages  what it serves from
    /// @param shared see [Provider]
    /// @throws IllegalArgumentException if there is not even one page
    Slab(SlabPages pages, long shared) {
        this.pages = pages;
        table = pages.table;
        if (table.most == 0) {
            throw new IllegalArgumentException("slab needs a max of at least 64k, one page");
        }
        live = new LiveBytes(shared);
        small = new SmallBlocks(pages, live);
        large = new LargeBlocks(pages, small, live);
        resizing = new Resizing(this, large);
    }

    // ---- as every heap -----------------------------------------------------------------------

    @Override
    public long allocate(long size, long alignment) {
        int sizeClass = SizeClasses.of(size, alignment);
        return sizeClass == 0 ? large.allocate(size, alignment) : small.allocate(sizeClass);
    }

    @Override
    public long allocateZeroed(long size, long alignment) {
        int sizeClass = SizeClasses.of(size, alignment);
        return sizeClass == 0
                ? large.allocateZeroed(size, alignment)
                : Memory.cleared(small.allocate(sizeClass), size, Long.MAX_VALUE);
    }

    @Override
    public void free(long address) {
        long page = table.pageOf(address);
        int sizeClass = table.classAt(page);
        if (sizeClass == 0) {
            large.free(address);
        } else {
            small.free(sizeClass, page, address);
        }
    }

    @Override
    public long usableSize(long address) {
        int sizeClass = classAt(address);
        return sizeClass == 0 ? large.bytes(address) : small.bytes(sizeClass, address);
    }

    @Override
    public long reallocate(long address, long size) {
        return classAt(address) == 0
                ? resizing.large(address, size)
                : resizing.small(address, size);
    }

    @Override
    public boolean canBe(long size, long alignment, long usable) {
        return resizing.canBe(size, alignment, usable);
    }

    private int classAt(long address) {
        return table.classAt(table.pageOf(address));
    }

    @Override
    public long trim(long keep) {
        small.giveBackSpares();
        return pages.trim(keep);
    }

    @Override
    public void verify() {
        new SlabAudit(this).verify();
    }

    @Override
    public void atExit() {
        if (pages.hardening.erase()) { // else not even a look: each process would take 2 ms more
            new SlabAudit(this).checkErased();
        }
    }

    @Override
    public String explain(long address) {
        return pages.explain(address);
    }

    @Override
    public void walk(BlockVisitor visitor) {
        new SlabAudit(this).walk(visitor);
    }

    // ---- for those who keep blocks ready -----------------------------------------------------

    /// The smallest class whose blocks have so many bytes; 0 if there is none.
    ///
    /// @param size at least 1
    public static int classOf(long size) {
        return SizeClasses.of(size);
    }

    /// The bytes of a class's blocks.
    ///
    /// @param sizeClass 1 to 40
    public static long blockBytes(int sizeClass) {
        return SizeClasses.bytes(sizeClass);
    }

    /// With [Hardening] there are none: each block comes and goes one by one.
    @Override
    public int classes() {
        return pages.hardening.isAny() ? 1 : CLASSES;
    }

    @Override
    public long classBytes(int sizeClass) {
        return SizeClasses.bytes(sizeClass);
    }

    @Override
    public int fill(int sizeClass, long slots, int count) {
        return small.fill(sizeClass, slots, count);
    }

    @Override
    public void flush(int sizeClass, long slots, int count) {
        small.flush(sizeClass, slots, count);
    }

    @Override
    public void publish(long address) {
        pages.publish(address);
    }

    @Override
    public long purge(long nanoTime, boolean isShared) {
        if (isShared) {
            small.giveBackIdleSpares();
        }
        return pages.purge(nanoTime);
    }

    @Override
    public boolean isWaitingToPurge(boolean isShared) {
        return pages.isDirty() || isShared && small.hasSpare();
    }

    // ---- what is live ------------------------------------------------------------------------

    @Override
    public long liveBlocks() {
        return pages.liveRuns() + small.out();
    }

    @Override
    public long liveBytes() {
        return live.now();
    }

    @Override
    public long peakBytes() {
        return live.peak();
    }
}
