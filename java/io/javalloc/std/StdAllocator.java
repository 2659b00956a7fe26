package io.javalloc.std;

import io.javalloc.Allocation;
import io.javalloc.Layout;
import io.javalloc.heaps.Bump;
import io.javalloc.heaps.FreeList;
import io.javalloc.heaps.Pool;
import io.javalloc.heaps.Stack;
import io.javalloc.heaps.SystemMalloc;

/// The free functions of the Vais module `std/allocator`, for Java programs, and where everything
/// of that module is here.
///
/// As in the document, all memory comes from libc's malloc: from [SystemMalloc#global], whose table
/// has room for about four million live blocks; then the answer is a failure. What is
/// made here serves one thread, and is to be given back with its function, or its method `drop`;
/// nobody else does.
///
/// ```java
/// Bump arena = StdAllocator.bumpNew(4096);
/// Allocation node = arena.allocate(Layout.forLong());
/// if (!node.isFailed()) {
///     Memory.putLong(node.address(), 42);
/// }
/// StdAllocator.bumpFree(arena);
/// ```
///
/// | `std/allocator` | here |
/// | --- | --- |
/// | `Layout { size, align }` | [Layout] |
/// | `layout_new` | [Layout#of], or its constructor |
/// | `layout_for_i64`, `layout_for_i32` | [Layout#forLong], [Layout#forInt] |
/// | `layout_for_ptr` | [Layout#forPointer] |
/// | `layout_array` | [Layout#array] |
/// | `layout_extend` | [Layout#extend] |
/// | `Allocation { ptr, size }` | [Allocation] |
/// | `global_alloc` | [#globalAlloc], [SystemMalloc#allocate(Layout)] |
/// | `global_alloc_zeroed` | [#globalAllocZeroed], [SystemMalloc#allocateZeroed(Layout)] |
/// | `global_dealloc` | [#globalDealloc], [SystemMalloc#free(long, Layout)] |
/// | `global_realloc` | [#globalRealloc], [SystemMalloc#reallocate(long, Layout, Layout)] |
/// | `BumpAllocator` | [Bump] |
/// | `new`, `bump_new` | [Bump#create], [#bumpNew] |
/// | `from_buffer` | [Bump#fromBuffer] |
/// | `alloc` | [Bump#allocate(Layout)], [Bump#allocate(long, long)] |
/// | `alloc_zeroed` | [Bump#allocateZeroed(Layout)], [Bump#allocateZeroed(long, long)] |
/// | `reset` | [Bump#reset] |
/// | `remaining` | [Bump#remaining] |
/// | `total_allocated` | [Bump#totalAllocated] |
/// | `drop`, `bump_free` | [Bump#drop], [#bumpFree] |
/// | `PoolAllocator` | [Pool] |
/// | `new`, `pool_new` | [Pool#create], [#poolNew] |
/// | `alloc` | [Pool#allocate()] |
/// | `dealloc` | [Pool#free] |
/// | `num_free_blocks` | [Pool#freeBlocks] |
/// | `num_allocated` | [Pool#allocatedBlocks] |
/// | `drop`, `pool_free` | [Pool#drop], [#poolFree] |
/// | `FreeListAllocator` | [FreeList] |
/// | `FreeBlock { size, next }` | `ChunkHeader` |
/// | `new`, `freelist_new` | [FreeList#create], [#freelistNew] |
/// | `alloc` | [FreeList#allocate(Layout)], [FreeList#allocate(long, long)] |
/// | `dealloc` | [FreeList#free] |
/// | `total_allocated` | [FreeList#totalAllocated] |
/// | `remaining` | [FreeList#remaining] |
/// | `drop`, `freelist_free` | [FreeList#drop], [#freelistFree] |
/// | `StackAllocator` | [Stack] |
/// | `new`, `stack_new` | [Stack#create], [#stackNew] |
/// | `alloc` | [Stack#allocate(Layout)], [Stack#allocate(long, long)] |
/// | `pop` | [Stack#pop] |
/// | `reset` | [Stack#reset] |
/// | `remaining` | [Stack#remaining] |
/// | `drop`, `stack_free` | [Stack#drop], [#stackFree] |
///
/// What the methods of the document return besides, an `i64` without a meaning, is nothing here; a
/// mistake is an exception. The forms with a [Layout] make objects and call those without, which
/// serve C programs.
public final class StdAllocator {

    private StdAllocator() {}

    /// Allocates from libc; any thread may.
    ///
    /// @return the block, or [Allocation#FAILED]
    public static Allocation globalAlloc(Layout layout) {
        return SystemMalloc.global().allocate(layout);
    }

    /// As [#globalAlloc], and the bytes of the layout are 0.
    public static Allocation globalAllocZeroed(Layout layout) {
        return SystemMalloc.global().allocateZeroed(layout);
    }

    /// Frees what was allocated with the layout.
    ///
    /// @throws io.javalloc.HeapCorruption if the address is no such block
    public static void globalDealloc(long address, Layout layout) {
        SystemMalloc.global().free(address, layout);
    }

    /// Changes a block's layout, see [SystemMalloc#reallocate(long, Layout, Layout)].
    public static Allocation globalRealloc(long address, Layout before, Layout after) {
        return SystemMalloc.global().reallocate(address, before, after);
    }

    /// Makes a bump allocator of that many bytes.
    public static Bump bumpNew(long capacity) {
        return Bump.create(SystemMalloc.global(), capacity);
    }

    /// Ends a bump allocator, and gives back its buffer if it owns it.
    public static void bumpFree(Bump bump) {
        bump.drop();
    }

    /// Makes a pool of blocks of one size.
    public static Pool poolNew(long blockSize, long numBlocks) {
        return Pool.create(SystemMalloc.global(), blockSize, numBlocks);
    }

    /// Ends a pool, and gives back its buffer.
    public static void poolFree(Pool pool) {
        pool.drop();
    }

    /// Makes a free list allocator of that many bytes.
    public static FreeList freelistNew(long capacity) {
        return FreeList.create(SystemMalloc.global(), capacity);
    }

    /// Ends a free list allocator, and gives back its buffer.
    public static void freelistFree(FreeList freelist) {
        freelist.drop();
    }

    /// Makes a stack allocator of that many bytes.
    public static Stack stackNew(long capacity) {
        return Stack.create(SystemMalloc.global(), capacity);
    }

    /// Ends a stack allocator, and gives back its buffer.
    public static void stackFree(Stack stack) {
        stack.drop();
    }
}
