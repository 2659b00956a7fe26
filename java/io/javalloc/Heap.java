package io.javalloc;

import io.javalloc.memory.Memory;
import java.util.function.LongPredicate;

/// A memory allocator: serves blocks of raw memory from a [io.javalloc.memory.Region].
///
/// This is the interface to implement for a `malloc` of one's own. Three methods serve blocks
/// ([#allocate], [#free], [#usableSize]), two let tools look inside ([#verify], [#walk]); the rest
/// has a correct default that a heap overrides where it knows a cheaper way.
///
/// **What a heap may rely on.** Callers have already dealt with the C standard's corner cases: a
/// size is at least 1, an alignment is a power of two and at least [#MIN_ALIGNMENT], size and
/// alignment together are at most `Long.MAX_VALUE` (so a heap still has to mind overflow when it
/// adds an address), and the null pointer never arrives. A heap is called by one thread at a time
/// unless it says [#isThreadSafe]; a program comes to any but a [BatchHeap] through a lock.
///
/// **What a heap must do.** Blocks are aligned as asked, lie in memory that is committed, do not
/// overlap, and keep their contents until they are freed. On the usual paths a heap creates no Java
/// objects: the process that it serves has a small Java heap. An allocation that finds no memory
/// in it has failed; but a [#free] that throws OutOfMemoryError ends the program, as whatever is
/// thrown there.
public interface Heap {

    /// The alignment, in bytes, that every block has at least.
    long MIN_ALIGNMENT = 16;

    /// Allocates a block.
    ///
    /// @param size      usable bytes wanted, at least 1
    /// @param alignment power of two that the address must be a multiple of, at least
    ///                  [#MIN_ALIGNMENT]
    /// @return the block's address, or 0 if there is no memory for it (the heap stays as it was)
    long allocate(long size, long alignment);

    /// Gives a block back.
    ///
    /// @param address what an allocation of this heap returned and what has not been freed since
    /// @throws HeapCorruption if the heap sees that this is not so, or that its own data has been
    ///     overwritten
    void free(long address);

    /// As [#free], for a caller who says what he has asked for (C23's `free_sized` and
    /// `free_aligned_sized`).
    ///
    /// @throws HeapCorruption as [#free], and if the block cannot be one that was asked for so
    default void freeSized(long address, long size, long alignment) {
        long usable = usableSize(address);
        if (!canBe(size, alignment, usable)) {
            throw new HeapCorruption(
                    "Freed as a block of " + size + " bytes, but it has " + usable, address);
        }
        free(address);
    }

    /// Whether a live block with so many usable bytes can be one that was asked for, or resized,
    /// with such a size and alignment. A heap that knows more than that it is large enough
    /// overrides this; no block of it may then be left, by a reallocation, as one that cannot be.
    default boolean canBe(long size, long alignment, long usable) {
        return size <= usable;
    }

    /// The bytes of a live block that its owner may use: at least what was asked for.
    ///
    /// @throws HeapCorruption if the heap sees that the address is not a live block
    long usableSize(long address);

    /// Checks every invariant of the heap by walking all its metadata. May be slow and may create
    /// objects.
    ///
    /// @throws HeapCorruption for the first invariant that does not hold, saying which and where
    void verify();

    /// Shows every live block to the visitor, in no particular order. The visitor must not call the
    /// heap.
    void walk(BlockVisitor visitor);

    /// As [#allocate], and the first `size` bytes are 0. A heap that can tell fresh memory, which
    /// the system has zeroed, from reused memory overrides this.
    default long allocateZeroed(long size, long alignment) {
        return Memory.cleared(allocate(size, alignment), size, Long.MAX_VALUE);
    }

    /// Changes the size of a live block, which may move it. The contents are kept up to the smaller
    /// of the two sizes.
    ///
    /// @param size usable bytes wanted, at least 1
    /// @return the block's address now, or 0 if there is no memory for it (the old block stays as
    ///         it was)
    /// @throws HeapCorruption as [#free]
    default long reallocate(long address, long size) {
        long usable = usableSize(address);
        if (size > usable / 2 && canBe(size, MIN_ALIGNMENT, usable)) {
            return address;
        }
        long moved = move(address, Math.min(size, usable), size);
        return moved == 0 && size <= usable ? address : moved;
    }

    /// Allocates a block, copies a live one to it, and frees that. Not for callers, but for heaps:
    /// what a reallocation comes to when the block cannot stay.
    ///
    /// @param kept bytes to copy; no more than each of the two has
    /// @param size usable bytes wanted
    /// @return the new block's address, or 0 if there is no memory for it (the old block stays as
    ///         it was)
    default long move(long address, long kept, long size) {
        long moved = allocate(size, MIN_ALIGNMENT);
        if (moved != 0) {
            Memory.copy(address, moved, kept);
            free(address);
        }
        return moved;
    }

    /// As [#allocate(long, long)], for Java programs: makes an object.
    ///
    /// @param layout what to allocate; a size of 0 gets a block of its own, as in C
    /// @return the block with its usable size, or [Allocation#FAILED]
    default Allocation allocate(Layout layout) {
        long size = Math.max(1, layout.size());
        return allocation(allocate(size, Math.max(MIN_ALIGNMENT, layout.alignment())));
    }

    /// As [#allocateZeroed(long, long)], for Java programs: makes an object.
    ///
    /// @param layout see [#allocate(Layout)]
    default Allocation allocateZeroed(Layout layout) {
        long size = Math.max(1, layout.size());
        return allocation(allocateZeroed(size, Math.max(MIN_ALIGNMENT, layout.alignment())));
    }

    private Allocation allocation(long address) {
        return address == 0 ? Allocation.FAILED : new Allocation(address, usableSize(address));
    }

    /// Returns memory that the heap does not need to the operating system.
    ///
    /// @param keep bytes that may stay in the heap for later allocations
    /// @return the bytes that were returned
    default long trim(long keep) {
        return 0;
    }

    /// Called once, when the program ends: the last chance for checks that a heap makes of its own
    /// accord. Blocks may still be live, and calls may still follow.
    ///
    /// @throws HeapCorruption for what it finds; the program then ends with the message
    default void atExit() {}

    /// Explains an address at which the program has faulted, because a heap protects memory.
    ///
    /// @return what happened and to which block, in a sentence without a full stop; null if the
    /// heap knows nothing of it
    default String explain(long address) {
        return null;
    }

    /// For the few heaps whose blocks do not lie in their region: tells whether an address that is
    /// in no region is one of their live blocks.
    ///
    /// @return null if all blocks lie in the region; always the same object: it is asked for at
    /// each free of such a block
    default LongPredicate outside() {
        return null;
    }

    /// Whether the heap bears several threads at once. Layers ask the heaps in them, and the
    /// conformance kit sends several in at once if the answer is yes. Programs come through a lock
    /// all the same: the bridge puts one around every heap that is not a [BatchHeap].
    default boolean isThreadSafe() {
        return false;
    }
}
