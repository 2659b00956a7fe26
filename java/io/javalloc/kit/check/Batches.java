package io.javalloc.kit.check;

import io.javalloc.BatchHeap;
import io.javalloc.kit.Block;
import io.javalloc.kit.HeapModel;
import io.javalloc.kit.Place;
import io.javalloc.kit.RuleBroken;
import io.javalloc.memory.Memory;
import io.javalloc.memory.Region;
import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/// A heap that serves by the batch, together with what must be true of its batches, of the classes
/// that it publishes, and of its counts.
final class Batches implements AutoCloseable {

    /// The largest batch.
    static final int MOST = 100;

    /// What lies behind the slots of a batch, where nothing may be written.
    private static final long UNTOUCHED = 0x5eed_5eed_5eed_5eedL;

    private final BatchHeap heap;
    private final WatchedBatches watched;
    private final HeapModel model;
    private final Region region;
    private final Consumer<String> story;
    private final SplittableRandom random;
    private final boolean isAlone;
    private final Arena arena = Arena.ofConfined();
    private final long slots = arena.allocate((MOST + 1L) * Long.BYTES, Long.BYTES).address();
    private final long published;
    private long liveBytes;

    /// Has the heap publish its classes.
    ///
    /// @param subject a new heap, which is a [BatchHeap]
    Batches(Trial trial, Subject subject) {
        story = trial::tell;
        isAlone = true;
        heap = (BatchHeap) subject.bare();
        watched = new WatchedBatches(heap, subject.heap());
        model = subject.model();
        region = subject.memory().region();
        random = trial.random();
        published = arena.allocate((region.limit() - region.base()) / Region.PAGE).address();
        watched.publish(published);
    }

    /// For a thread that uses the same heap beside others: so its counts are not looked at.
    ///
    /// @param model of the blocks that this thread has
    Batches(Batches other, HeapModel model, SplittableRandom random) {
        story = step -> {};
        isAlone = false;
        heap = other.heap;
        watched = other.watched;
        region = other.region;
        published = other.published;
        this.model = model;
        this.random = random;
    }

    HeapModel model() {
        return model;
    }

    /// Takes a batch of blocks.
    ///
    /// @param count at most [#MOST]
    /// @return how many there are
    int fill(int sizeClass, int count) {
        String call = "fill(" + sizeClass + ", slots, " + count + ")";
        story.accept(call);
        for (int i = 0; i <= count; i++) {
            Memory.putLong(slot(i), UNTOUCHED);
        }
        int filled = watched.fill(sizeClass, slots, count);
        if (filled < 0 || filled > count) {
            throw new RuleBroken(call + " answers " + filled);
        }
        if (Memory.getLong(slot(filled)) != UNTOUCHED) {
            throw new RuleBroken(call + " answers " + filled + ", and writes to the slot behind");
        }
        for (int i = 0; i < filled; i++) {
            long address = Memory.getLong(slot(i));
            watched.watched().slot().served();
            Block block = model.served(call, address, heap.classBytes(sizeClass));
            liveBytes += block.usable();
            checkPage(call, block, sizeClass);
        }
        checkCounts(call);
        return filled;
    }

    /// Allocates a block by itself.
    ///
    /// @return whether there is one
    boolean allocate(long size) {
        String call = "allocate(" + size + ", " + BatchHeap.MIN_ALIGNMENT + ")";
        Block block = model.allocate(size, BatchHeap.MIN_ALIGNMENT, false);
        if (block != null) {
            liveBytes += block.usable();
            checkPage(call, block, publishedAt(block.address()));
        }
        checkCounts(call);
        return block != null;
    }

    /// Takes batches of blocks until there are no more.
    void fillUp(int sizeClass) {
        int filled = MOST;
        while (filled > 0) {
            filled = fill(sizeClass, MOST);
        }
    }

    /// Allocates blocks of a size until there are no more.
    void allocateUp(long size) {
        boolean isServed = true;
        while (isServed) {
            isServed = allocate(size);
        }
    }

    /// Frees any block by itself.
    void free() {
        int pick = random.nextInt(model.liveBlocks());
        liveBytes -= model.block(pick).usable();
        model.free(pick);
        checkCounts("free");
    }

    /// Gives blocks of a class back, in any order, also those that were allocated one by one.
    ///
    /// @param most at most so many, and at most [#MOST]
    /// @return how many
    int flush(int sizeClass, int most) {
        int count = choose(sizeClass, most);
        String call = "flush(" + sizeClass + ", slots, " + count + ")";
        story.accept(call);
        watched.flush(sizeClass, slots, count);
        checkCounts(call);
        return count;
    }

    /// Gives blocks back among which there are such as must be refused.
    ///
    /// @param other a class, not the same
    void flushWrong(int sizeClass, int other) {
        flush(sizeClass, 1);
        flushWith(sizeClass, Memory.getLong(slot(0)), "a block that has been freed");
        flushWith(sizeClass, blockOf(other), "a block of class " + other);
        long middle = blockOf(sizeClass) + heap.classBytes(sizeClass) / 2;
        flushWith(sizeClass, middle, "the middle of a block");
        choose(sizeClass, 1);
        Memory.putLong(slot(1), Memory.getLong(slot(0)));
        refuse(sizeClass, 2, "the same block twice");
    }

    /// The address of a live block of a class.
    private long blockOf(int sizeClass) {
        int i = 0;
        while (publishedAt(model.block(i).address()) != sizeClass) {
            i++;
        }
        return model.block(i).address();
    }

    private void flushWith(int sizeClass, long wrong, String what) {
        int count = choose(sizeClass, 2);
        Memory.putLong(slot(count), Memory.getLong(slot(count - 1)));
        Memory.putLong(slot(count - 1), wrong);
        refuse(sizeClass, count + 1, what);
    }

    private void refuse(int sizeClass, int count, String what) {
        String call =
                "flush(" + sizeClass + ", slots, " + count + "), with " + what + " among them";
        story.accept(call);
        if (!watched.refuses(sizeClass, slots, count)) {
            throw new RuleBroken(call + ", does not throw HeapCorruption");
        }
        checkCounts(call);
    }

    /// Writes blocks of a class to the slots, in any order. They count as given back.
    ///
    /// @return how many there are
    private int choose(int sizeClass, int most) {
        int count = 0;
        for (int i = model.liveBlocks() - 1; i >= 0 && count < most; i--) {
            Block block = model.block(i);
            if (publishedAt(block.address()) == sizeClass) {
                int place = random.nextInt(count + 1);
                Memory.putLong(slot(count), Memory.getLong(slot(place)));
                Memory.putLong(slot(place), model.take(i).address());
                liveBytes -= block.usable();
                count++;
            }
        }
        return count;
    }

    /// Gives all blocks back, first by the batch, and the last of each class one by one.
    void giveBackAll() {
        for (int sizeClass = 1; sizeClass < heap.classes(); sizeClass++) {
            int flushed = MOST;
            while (flushed == MOST && model.liveBlocks() > heap.classes()) {
                flushed = flush(sizeClass, MOST);
            }
        }
        while (model.liveBlocks() > 0) {
            free();
        }
    }

    /// Takes, allocates, frees or gives back some.
    ///
    /// @param most blocks; when there are more, the chance is that they become less
    void step(int most) {
        int sizeClass = random.nextInt(1, heap.classes());
        switch (random.nextInt(model.liveBlocks() < most ? 4 : 8)) {
            case 0 -> fill(sizeClass, random.nextInt(1, MOST / 4));
            case 1 -> allocate(random.nextInt(1, random.nextInt(8) == 0 ? 200_000 : 2_000));
            case 2, 4, 5 -> flush(sizeClass, random.nextInt(1, MOST));
            default -> {
                if (model.liveBlocks() > 0) {
                    free();
                }
            }
        }
    }

    /// Has the heap give back to the system what it does not need.
    ///
    /// @param nanoTime the time that it is told
    void giveBackToTheSystem(long nanoTime) {
        watched.purge(nanoTime);
        watched.watched().trim(0);
    }

    @Override
    public void close() {
        arena.close();
    }

    private long slot(int index) {
        return slots + (long) index * Long.BYTES;
    }

    private int publishedAt(long address) {
        return Memory.getByte(published + (address - region.base()) / Region.PAGE);
    }

    /// Checks what is published of a block's pages: a class, of whose blocks it is one, or none, if
    /// it is no block of a class.
    private void checkPage(String call, Block block, int expected) {
        int sizeClass = publishedAt(block.address());
        String place = Place.of(block.address(), region.base(), region.limit());
        if (sizeClass != expected || sizeClass < 0 || sizeClass >= heap.classes()) {
            throw new RuleBroken(call + " answers " + place + ": published is class " + sizeClass);
        }
        long inPage = (block.address() - region.base()) % Region.PAGE;
        if (sizeClass == 0) {
            checkUnpublished(call, block);
            return;
        }
        long bytes = heap.classBytes(sizeClass);
        if (block.usable() != bytes) {
            throw new RuleBroken(
                    call
                            + " answers "
                            + place
                            + ": its usable size is "
                            + block.usable()
                            + ", but of its page class "
                            + sizeClass
                            + " is published, of "
                            + bytes);
        }
        if (inPage % bytes != 0 || inPage + bytes > Region.PAGE) {
            throw new RuleBroken(
                    call
                            + " answers "
                            + place
                            + ": blocks of "
                            + bytes
                            + " bytes do not lie side by side from the start of the page on");
        }
    }

    private void checkUnpublished(String call, Block block) {
        long end = block.address() + block.usable();
        for (long at = block.address(); at < end; at += Region.PAGE) {
            if (publishedAt(at) != 0) {
                throw new RuleBroken(
                        call
                                + ": the block is of no class, but class "
                                + publishedAt(at)
                                + " is published still for the page at "
                                + Place.of(at & -Region.PAGE, region.base(), region.limit()));
            }
        }
    }

    private void checkCounts(String call) {
        if (isAlone) {
            checkCounts(call, model.liveBlocks(), liveBytes);
        }
    }

    /// Checks that nothing is live, when threads that used the heap have given back all.
    void checkNothingIsLive() {
        checkCounts("all threads have given back what they had", 0, 0);
    }

    private void checkCounts(String call, long blocksHere, long bytesHere) {
        long blocks = heap.liveBlocks();
        long bytes = heap.liveBytes();
        if (blocks != blocksHere || bytes != bytesHere) {
            throw new RuleBroken(
                    "after "
                            + call
                            + ", liveBlocks() and liveBytes() answer "
                            + blocks
                            + " and "
                            + bytes
                            + "; they should be "
                            + blocksHere
                            + " and "
                            + bytesHere);
        }
        if (heap.peakBytes() < bytes) {
            throw new RuleBroken(
                    "after "
                            + call
                            + ", peakBytes() answers "
                            + heap.peakBytes()
                            + ", though "
                            + bytes
                            + " are live");
        }
    }
}
