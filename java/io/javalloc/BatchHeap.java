package io.javalloc;

import io.javalloc.memory.Region;

/// A heap that also serves equal blocks by the batch, so that threads of the program can keep some
/// ready: a malloc or free that finds one does not come to Java at all.
///
/// Blocks of one *size class* lie side by side from the start of their page on, a page being 64 KiB
/// of the region; a page has blocks of one class only. Such blocks may be given back in any order,
/// by the batch or one by one, and those that were allocated one by one also by the batch.
///
/// A reallocation to more than half of a block's bytes leaves it where it is, without a call: so
/// [#canBe] is true of that.
///
/// Such a heap is called by several threads at once, counts for itself what is live, and gives
/// memory back to the system when it is told the time.
public interface BatchHeap extends Heap {

    /// The most size classes that there may be, with 0, which is none.
    int MOST_CLASSES = 48;

    /// The most bytes that a block of a class may have: half a page.
    long MOST_CLASS_BYTES = Region.PAGE / 2;

    /// How many size classes there are, with 0, which is none: at least 1, then there are no blocks
    /// by the batch; at most [#MOST_CLASSES].
    int classes();

    /// The bytes of a class's blocks: a multiple of 16, at most [#MOST_CLASS_BYTES], and more than
    /// those of the class before.
    ///
    /// @param sizeClass 1 or more
    long classBytes(int sizeClass);

    /// Takes blocks, and writes their addresses to memory.
    ///
    /// @param sizeClass 1 or more
    /// @param slots     address of as many 8-byte words
    /// @param count     how many are wanted
    /// @return how many there are; less than `count` if there is no memory for more
    int fill(int sizeClass, long slots, int count);

    /// Gives blocks back.
    ///
    /// @param sizeClass 1 or more
    /// @param slots     address of as many 8-byte words, with the addresses of blocks
    /// @throws HeapCorruption if one has been freed already, or is no block of this class. The
    ///     others have been given back then
    void flush(int sizeClass, long slots, int count);

    /// From now on the class of each page is also in memory, 0 if it has none: whoever has a live
    /// block finds its class there without a call.
    ///
    /// @param address of a byte for each page of the region, all 0
    void publish(long address);

    /// Gives pages back to the system that have been free for long.
    ///
    /// @param nanoTime the time now, of [System#nanoTime]
    /// @param isShared whether every other thread takes the heap's locks now; false: there may be
    ///                 one that does without, because it is alone in the program
    /// @return bytes
    long purge(long nanoTime, boolean isShared);

    /// Whether there will be more to purge, at another time.
    ///
    /// @param isShared as for [#purge]
    boolean isWaitingToPurge(boolean isShared);

    /// How many blocks are live; those that have been taken by the batch are, too.
    long liveBlocks();

    /// Their usable bytes.
    long liveBytes();

    /// The most that [#liveBytes] has been.
    long peakBytes();

    @Override
    default boolean isThreadSafe() {
        return true;
    }

    /// Looks whether a heap's size classes are as they must be: callers keep tables of them.
    ///
    /// @return what is wrong, in a sentence without a full stop; null if all is right
    static String wrongClasses(BatchHeap heap) {
        int classes = heap.classes();
        if (classes < 1 || classes > MOST_CLASSES) {
            return "classes() answers " + classes + "; from 1 to " + MOST_CLASSES + " may be";
        }
        long before = 0;
        for (int sizeClass = 1; sizeClass < classes; sizeClass++) {
            long bytes = heap.classBytes(sizeClass);
            if (bytes % MIN_ALIGNMENT != 0 || bytes <= before || bytes > MOST_CLASS_BYTES) {
                return "classBytes("
                        + sizeClass
                        + ") answers "
                        + bytes
                        + "; it must be a multiple of 16, more than "
                        + before
                        + ", and at most "
                        + MOST_CLASS_BYTES;
            }
            before = bytes;
        }
        return null;
    }
}
