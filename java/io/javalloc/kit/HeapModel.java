package io.javalloc.kit;

import io.javalloc.Heap;
import io.javalloc.memory.Region;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.LongPredicate;

/// A heap together with what must be true of it: the live blocks, by address, and what was written
/// into each. Every operation checks what it can see at once; [#checkAll] checks the rest.
///
/// All methods throw [RuleBroken] for what must not be.
public final class HeapModel {

    /// One step of a stream that can be replayed on any heap.
    ///
    /// @param pick which of the live blocks it is about, modulo their number
    public record Action(Kind kind, long size, int logAlignment, long pick) {

        /// What can be done.
        public enum Kind {
            ALLOCATE,
            ALLOCATE_ZEROED,
            FREE,
            REALLOCATE,
            REFUSE_COMMITS,
            GRANT_COMMITS
        }
    }

    private final Heap heap;
    private final TrialMemory memory;
    private final LongPredicate outside;

    private final BlockSet live = new BlockSet();

    private Consumer<String> story = step -> {};
    private boolean mayRefuse;
    private boolean losesMemory;
    private boolean walksBlindly;
    private long room;

    /// What has been freed, if the heap need not have it any more.
    private long lostBytes;

    private long lostBlocks;
    private boolean refusesCommits;
    private int numbers;
    private long nextSeed = 1;

    /// @param heap   a new heap
    /// @param memory where it serves from
    public HeapModel(Heap heap, TrialMemory memory) {
        this.heap = heap;
        this.memory = memory;
        outside = heap.outside();
        room = memory.region().limit() - memory.region().base();
    }

    /// From now on the heap need not have more than so many bytes of its region for a block of any
    /// size: it may have divided it.
    public HeapModel withRoom(long bytes) {
        room = bytes;
        return this;
    }

    /// From now on the heap may answer 0 whenever it likes: it may be made for some sizes only.
    public HeapModel mayRefuse() {
        mayRefuse = true;
        return this;
    }

    /// From now on the heap need not use again what was freed.
    public HeapModel losingMemory() {
        losesMemory = true;
        return this;
    }

    /// From now on what [Heap#walk] shows is not looked at.
    public HeapModel withoutWalk() {
        walksBlindly = true;
        return this;
    }

    /// From now on contents differ from those of other models, which use the same heap.
    public HeapModel among(int others, int index) {
        nextSeed = 1 + Long.MAX_VALUE / others * index;
        return this;
    }

    /// From now on each step is told, in words, before it is done.
    public HeapModel tellTo(Consumer<String> listener) {
        story = listener;
        return this;
    }

    /// Does one step.
    public void apply(Action action) {
        switch (action.kind()) {
            case ALLOCATE -> allocate(action.size(), 1L << action.logAlignment(), false);
            case ALLOCATE_ZEROED -> allocate(action.size(), 1L << action.logAlignment(), true);
            case FREE -> free(action.pick());
            case REALLOCATE -> reallocate(action.pick(), action.size());
            case REFUSE_COMMITS -> refuseCommits();
            case GRANT_COMMITS -> grantCommits();
        }
    }

    /// How many blocks are live.
    public int liveBlocks() {
        return live.size();
    }

    /// The live blocks.
    public List<Block> blocks() {
        return live.list();
    }

    /// The live block that a number stands for.
    public Block block(long pick) {
        return live.pick(pick);
    }

    /// From now on the system gives the heap no more memory.
    public void refuseCommits() {
        story.accept("the system refuses more memory");
        refusesCommits = true;
        memory.refuseBeyond(memory.committedBytes());
    }

    /// From now on the system gives the heap memory.
    public void grantCommits() {
        story.accept("the system grants memory");
        refusesCommits = false;
        memory.refuseNothing();
    }

    /// Allocates a block.
    ///
    /// @return the block, null if the heap answers 0
    public Block allocate(long size, long alignment, boolean zeroed) {
        String call = (zeroed ? "allocateZeroed(" : "allocate(") + size + ", " + alignment + ")";
        story.accept("#" + (numbers + 1) + " = " + call);
        long address =
                zeroed ? heap.allocateZeroed(size, alignment) : heap.allocate(size, alignment);
        if (address == 0) {
            mayRefuse(size, alignment, call);
            return null;
        }
        long usable = checkPlace(call, address, size, alignment);
        if (zeroed) {
            checkZero(call, address, size);
        }
        return add(call, address, size, alignment, usable);
    }

    /// Takes a block among the live ones that has been served otherwise.
    ///
    /// @param call the words for how it was served
    public Block served(String call, long address, long size) {
        long usable = checkPlace(call, address, size, Heap.MIN_ALIGNMENT);
        return add(call, address, size, Heap.MIN_ALIGNMENT, usable);
    }

    /// Takes a block among the live ones that another model has given away.
    public void receive(Block block) {
        check(block);
        long usable = heap.usableSize(block.address());
        if (usable != block.usable()) {
            throw broken("usableSize of " + describe(block) + " answers " + usable + " now");
        }
        add("a block of another thread", block);
    }

    /// Takes one of the blocks out of the live ones, without freeing it: something else becomes of
    /// it.
    ///
    /// @param pick which; there is one
    public Block take(long pick) {
        check(live.pick(pick));
        Block block = live.remove(pick);
        lose(block);
        return block;
    }

    private void lose(Block block) {
        if (losesMemory) {
            lostBytes += block.usable();
            lostBlocks++;
        }
    }

    /// Frees one of the blocks, if there is one.
    public void free(long pick) {
        if (live.size() == 0) {
            return;
        }
        Block block = live.pick(pick);
        String call = "(#" + block.number() + (block.isFreedSized() ? ", " + block.asked() : "");
        story.accept((block.isFreedSized() ? "freeSized" : "free") + call + ")");
        take(pick);
        if (block.isFreedSized()) {
            heap.freeSized(block.address(), block.asked(), block.alignment());
        } else {
            heap.free(block.address());
        }
    }

    /// Changes the size of one of the blocks, if there is one.
    public void reallocate(long pick, long size) {
        if (live.size() == 0) {
            return;
        }
        Block old = live.pick(pick);
        String call = "reallocate(#" + old.number() + ", " + size + ")";
        story.accept(call);
        check(old);
        long address = heap.reallocate(old.address(), size);
        if (address == 0) {
            mayRefuse(size, Heap.MIN_ALIGNMENT, call);
            if (!mayRefuse && size <= old.usable()) {
                throw broken(call + " answers 0: no memory to make a block smaller");
            }
            checkAfter(call + " answered 0", old, old, old.usable());
            return;
        }
        live.vacate(old);
        lose(old);
        long usable = checkPlace(call, address, size, Heap.MIN_ALIGNMENT);
        long kept = Math.min(size, old.usable());
        long alignment = Heap.MIN_ALIGNMENT;
        Block block = new Block(old.number(), address, size, alignment, usable, nextSeed++);
        checkAfter(call, old, block, kept);
        writeApart(call, block);
        live.replace(pick, block);
    }

    /// Checks every live block, every invariant of the heap, and that the heap shows the same
    /// blocks.
    public void checkAll() {
        checkContents();
        heap.verify();
        if (!walksBlindly) {
            checkWalk();
        }
        memory.assertUncommittedIsUntouched();
    }

    /// Checks the contents of every live block.
    public void checkContents() {
        for (Block block : live.list()) {
            check(block);
        }
    }

    /// Checks that [Heap#walk] shows the live blocks and nothing else.
    public void checkWalk() {
        Map<Long, Long> shown = new TreeMap<>();
        heap.walk((address, usable) -> show(shown, address, usable));
        for (Block block : live.list()) {
            Long usable = shown.remove(block.address());
            if (usable == null) {
                throw broken("walk() does not show " + describe(block));
            }
            if (usable != block.usable()) {
                throw broken("walk() shows " + usable + " usable bytes of " + describe(block));
            }
        }
        for (long address : shown.keySet()) {
            throw broken("walk() shows a block that is not live, at " + at(address));
        }
    }

    private void show(Map<Long, Long> shown, long address, long usable) {
        if (shown.put(address, usable) != null) {
            throw broken("walk() shows a block twice, at " + at(address));
        }
    }

    /// A heap may answer 0 only if the live blocks leave no gap that is sure to be large enough,
    /// even for one that rounds sizes up to powers of two, and pages up to 64 KiB.
    private void mayRefuse(long size, long alignment, String call) {
        long page = Region.PAGE;
        long gap = 4 * Math.max(size, page) + 2 * alignment;
        long count = live.size() + lostBlocks;
        boolean mustFit = 2 * (live.bytes() + lostBytes) + count * page + (count + 1) * gap < room;
        if (mustFit && !refusesCommits && !mayRefuse) {
            throw broken(call + " answers 0 although there is memory");
        }
    }

    /// Checks where a block lies that the heap has just served.
    ///
    /// @return its usable size
    private long checkPlace(String call, long address, long size, long alignment) {
        String answer = call + " answers " + at(address);
        if (address % alignment != 0) {
            throw broken(answer + ": misaligned, not a multiple of " + alignment);
        }
        Block same = live.at(address);
        if (same != null) {
            throw broken(answer + ": the same block twice, " + describe(same) + " is live");
        }
        boolean isInRegion = memory.region().contains(address);
        if (!isInRegion && outside == null) {
            throw broken(answer + ": outside of the region");
        }
        if (!isInRegion && !outside.test(address)) {
            throw broken(answer + ": outside of the region, and outside() does not know it");
        }
        if (isInRegion && !memory.isUsable(address, size)) {
            throw broken(answer + ": not all of it is memory that was committed");
        }
        long usable = heap.usableSize(address);
        if (usable < size) {
            throw broken(answer + ": usable size " + usable + ", less than asked for");
        }
        if (isInRegion && !memory.isUsable(address, usable)) {
            throw broken(answer + ": usable size " + usable + ", of which some was not committed");
        }
        return usable;
    }

    private Block add(String call, long address, long size, long alignment, long usable) {
        Block block = new Block(++numbers, address, size, alignment, usable, nextSeed++);
        add(call, block);
        return block;
    }

    private void add(String call, Block block) {
        writeApart(call, block);
        live.add(block);
    }

    /// Checks that a block shares nothing with the live ones, and writes it.
    private void writeApart(String call, Block block) {
        Block other = live.overlapping(block);
        if (other != null) {
            throw broken(call + ": " + describe(block) + " overlaps " + describe(other));
        }
        Contents.write(block.address(), block.usable(), block.seed());
    }

    private void check(Block block) {
        long changed = block.firstChange(block.address(), block.usable());
        if (changed >= 0) {
            throw broken(
                    "the contents of "
                            + describe(block)
                            + " have changed at byte "
                            + changed
                            + ", while it was live");
        }
    }

    private void checkAfter(String call, Block old, Block block, long kept) {
        long changed = old.firstChange(block.address(), kept);
        if (changed >= 0) {
            throw broken(
                    call
                            + ": the contents are lost from byte "
                            + changed
                            + " on, of "
                            + kept
                            + " to be kept; now it is "
                            + describe(block));
        }
    }

    private void checkZero(String call, long address, long bytes) {
        long at = Contents.firstNonZero(address, bytes);
        if (at >= 0) {
            throw broken(call + " answers " + at(address) + ": not zeroed, at byte " + at);
        }
    }

    private String describe(Block block) {
        return "block #"
                + block.number()
                + " ("
                + block.usable()
                + " usable bytes at "
                + at(block.address())
                + ")";
    }

    private String at(long address) {
        return Place.of(address, memory.region().base(), memory.region().limit());
    }

    private static RuleBroken broken(String message) {
        return new RuleBroken(message);
    }
}
