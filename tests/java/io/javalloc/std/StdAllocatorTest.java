package io.javalloc.std;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.javalloc.Allocation;
import io.javalloc.Heap;
import io.javalloc.HeapCorruption;
import io.javalloc.Layout;
import io.javalloc.heaps.Bump;
import io.javalloc.heaps.FreeList;
import io.javalloc.heaps.Pool;
import io.javalloc.heaps.Stack;
import io.javalloc.heaps.SystemMalloc;
import io.javalloc.memory.Memory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The usage examples of the Vais document, one by one, and its convenience functions. After each
/// test everything has been given back to libc.
class StdAllocatorTest {

    private final Heap global = SystemMalloc.global();
    private List<Long> before;

    private List<Long> live() {
        List<Long> blocks = new ArrayList<>();
        global.walk((address, usable) -> blocks.add(address));
        blocks.sort(null);
        return blocks;
    }

    @BeforeEach
    void remember() {
        before = live();
    }

    @AfterEach
    void everythingWasGivenBack() {
        assertEquals(before, live());
        global.verify();
    }

    private static void assertDisjoint(Allocation... allocations) {
        for (int i = 0; i < allocations.length; i++) {
            Allocation a = allocations[i];
            assertFalse(a.isFailed());
            for (int j = 0; j < i; j++) {
                Allocation b = allocations[j];
                boolean isBehind = b.address() >= a.address() + a.size();
                boolean isBefore = b.address() + b.size() <= a.address();
                assertTrue(isBehind || isBefore, a + " and " + b);
            }
        }
    }

    // ---------------------------------------------------------------- the document's examples

    @Test
    void example_global_allocator() {
        Layout layout = Layout.forLong();
        Allocation alloc = StdAllocator.globalAlloc(layout);
        assertNotEquals(0, alloc.address());
        Memory.putLong(alloc.address(), 42);
        assertEquals(42, Memory.getLong(alloc.address()));
        StdAllocator.globalDealloc(alloc.address(), layout);
    }

    @Test
    void example_bump_allocator() {
        Bump bump = StdAllocator.bumpNew(4096);
        Allocation a1 = bump.allocate(Layout.forLong());
        Allocation a2 = bump.allocate(Layout.forInt());
        Allocation a3 = bump.allocate(Layout.array(8, 8, 10));
        assertDisjoint(a1, a2, a3);
        assertTrue(a1.address() < a2.address() && a2.address() < a3.address(), "sequential");
        assertTrue(a3.size() >= 80);
        bump.reset();
        Allocation a4 = bump.allocate(Layout.forPointer());
        assertEquals(a1.address(), a4.address(), "from the beginning");
        bump.drop();
    }

    @Test
    void example_pool_allocator() {
        Pool pool = StdAllocator.poolNew(64, 100);
        long ptr1 = pool.allocate();
        long ptr2 = pool.allocate();
        long ptr3 = pool.allocate();
        assertDisjoint(
                new Allocation(ptr1, 64), new Allocation(ptr2, 64), new Allocation(ptr3, 64));
        pool.free(ptr2);
        assertEquals(98, pool.freeBlocks());
        pool.drop();
    }

    @Test
    void example_free_list_allocator() {
        FreeList freelist = StdAllocator.freelistNew(8192);
        Allocation a1 = freelist.allocate(Layout.of(100, 8));
        Allocation a2 = freelist.allocate(Layout.of(500, 8));
        Allocation a3 = freelist.allocate(Layout.of(200, 8));
        assertDisjoint(a1, a2, a3);
        freelist.free(a2.address());
        freelist.free(a1.address());
        Allocation a4 = freelist.allocate(Layout.of(300, 8));
        assertEquals(a2.address(), a4.address(), "the freed space");
        assertDisjoint(a3, a4);
        freelist.drop();
    }

    @Test
    void example_stack_allocator() {
        Stack stack = StdAllocator.stackNew(2048);
        Allocation a1 = stack.allocate(Layout.forLong());
        Allocation a2 = stack.allocate(Layout.forInt());
        Allocation a3 = stack.allocate(Layout.forPointer());
        assertDisjoint(a1, a2, a3);
        assertEquals(a3.address(), stack.pop());
        assertEquals(a2.address(), stack.pop());
        assertEquals(a2.address(), stack.allocate(Layout.forInt()).address());
        stack.reset();
        assertEquals(a1.address(), stack.allocate(Layout.forLong()).address());
        stack.drop();
    }

    @Test
    void example_layout_extension() {
        Layout base = Layout.forLong();
        Layout layout2 = base.extend(Layout.forInt());
        Layout layout3 = layout2.extend(Layout.forPointer());
        assertEquals(Layout.of(24, 8), layout3);
        Allocation alloc = StdAllocator.globalAlloc(layout3);
        assertTrue(alloc.size() >= 24);
        StdAllocator.globalDealloc(alloc.address(), layout3);
    }

    @Test
    void example_zeroed_allocation() {
        Layout layout = Layout.array(8, 8, 100);
        Allocation dirty = StdAllocator.globalAlloc(layout);
        Memory.fill(dirty.address(), dirty.size(), (byte) 1);
        StdAllocator.globalDealloc(dirty.address(), layout);
        Allocation alloc = StdAllocator.globalAllocZeroed(layout);
        for (long at = 0; at < 800; at++) {
            assertEquals(0, Memory.getByte(alloc.address() + at));
        }
        Bump bump = StdAllocator.bumpNew(4096);
        Allocation used = bump.allocate(Layout.array(8, 8, 100));
        Memory.fill(used.address(), used.size(), (byte) 1);
        bump.reset();
        Allocation zeroed = bump.allocateZeroed(Layout.forLong());
        assertEquals(used.address(), zeroed.address());
        assertEquals(0, Memory.getLong(zeroed.address()));
        bump.drop();
        StdAllocator.globalDealloc(alloc.address(), layout);
    }

    @Test
    void example_custom_arena_pattern() {
        Layout mebibyte = Layout.of(1048576, 16);
        long buffer = StdAllocator.globalAlloc(mebibyte).address();
        Bump arena = Bump.fromBuffer(buffer, 1048576);
        long remaining = arena.remaining();
        for (int i = 0; i < 1000; i++) {
            assertFalse(arena.allocate(Layout.of(1000, 8)).isFailed());
        }
        arena.reset();
        assertEquals(remaining, arena.remaining());
        assertTrue(global.usableSize(buffer) >= 1048576, "reset does not free the buffer");
        StdAllocator.globalDealloc(buffer, mebibyte);
    }

    // ---------------------------------------------------------------- the convenience functions

    @Test
    void bump_new_and_bump_free() {
        Bump bump = StdAllocator.bumpNew(4096);
        assertTrue(bump.remaining() > 4000 && bump.remaining() < 4096);
        assertEquals(before.size() + 1, live().size());
        StdAllocator.bumpFree(bump);
        assertEquals(0, bump.remaining());
    }

    @Test
    void bump_free_leaves_a_given_buffer_alone() {
        Layout layout = Layout.of(4096, 16);
        long buffer = StdAllocator.globalAlloc(layout).address();
        StdAllocator.bumpFree(Bump.fromBuffer(buffer, 4096));
        StdAllocator.globalDealloc(buffer, layout);
    }

    @Test
    void pool_new_and_pool_free() {
        Pool pool = StdAllocator.poolNew(64, 100);
        assertEquals(100, pool.freeBlocks());
        StdAllocator.poolFree(pool);
        assertEquals(0, pool.freeBlocks());
    }

    @Test
    void freelist_new_and_freelist_free() {
        FreeList freelist = StdAllocator.freelistNew(8192);
        assertEquals(8192, freelist.remaining());
        StdAllocator.freelistFree(freelist);
        assertEquals(0, freelist.remaining());
    }

    @Test
    void stack_new_and_stack_free() {
        Stack stack = StdAllocator.stackNew(2048);
        assertEquals(2048 - 16, stack.remaining(), "all but the header of the first block");
        StdAllocator.stackFree(stack);
        assertEquals(0, stack.remaining());
    }

    @Test
    void global_realloc_keeps_the_contents_and_the_new_alignment() {
        Layout small = Layout.of(100, 8);
        Layout large = Layout.of(100_000, 4096);
        Allocation first = StdAllocator.globalAlloc(small);
        Memory.fill(first.address(), 100, (byte) 7);
        Allocation second = StdAllocator.globalRealloc(first.address(), small, large);
        assertEquals(0, second.address() % 4096);
        assertTrue(second.size() >= 100_000);
        for (long at = 0; at < 100; at++) {
            assertEquals(7, Memory.getByte(second.address() + at));
        }
        Allocation third = StdAllocator.globalRealloc(second.address(), large, small);
        assertEquals(7, Memory.getByte(third.address() + 99));
        StdAllocator.globalDealloc(third.address(), small);
    }

    @Test
    void an_allocation_that_fails_has_the_pointer_0() {
        assertEquals(0, StdAllocator.globalAlloc(Layout.of(1L << 60, 8)).address());
        assertEquals(0, StdAllocator.globalAllocZeroed(Layout.of(1L << 60, 8)).address());
        Bump bump = StdAllocator.bumpNew(4096);
        assertEquals(0, bump.allocate(Layout.of(4096, 8)).address());
        bump.drop();
        assertThrows(IllegalStateException.class, () -> StdAllocator.bumpNew(1L << 60));
    }

    @Test
    void a_block_cannot_be_given_back_twice() {
        Layout layout = Layout.forLong();
        long address = StdAllocator.globalAlloc(layout).address();
        StdAllocator.globalDealloc(address, layout);
        assertThrows(HeapCorruption.class, () -> StdAllocator.globalDealloc(address, layout));
    }
}
