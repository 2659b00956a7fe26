package io.javalloc.kit.check;

import io.javalloc.Heap;
import io.javalloc.memory.Region;
import java.util.ArrayList;
import java.util.List;

/// The wrong pointers that programs hand to a heap.
enum Mistake {
    FREED("a block that has been freed"),
    FREED_BEFORE_ANOTHER("a block that has been freed, as another one after it"),
    FREED_LARGE("a large block that has been freed"),
    REALLOCATED("a block that was reallocated away"),
    INTERIOR("a pointer into a block"),
    INTERIOR_LARGE("a pointer into a large block"),
    UNALIGNED("a pointer one byte into a block"),
    BEFORE("a pointer 16 bytes before a block"),
    BEHIND("a pointer to the end of a block"),
    BASE("the first address of the region"),
    UNUSED("an address of the region that was never used"),
    LIMIT("the last 16 bytes of the region");

    private static final long SMALL = 64;
    private static final long LARGE = 150_000;
    private static final long MUCH = 3 << 20;

    private final String what;

    Mistake(String what) {
        this.what = what;
    }

    /// What the pointer is, in words.
    String what() {
        return what;
    }

    /// Does with a new heap what leads to the mistake.
    ///
    /// @return the wrong pointer; 0 if this heap cannot be brought there
    long prepare(Heap heap, Region region) {
        List<Long> small = serve(heap, SMALL);
        List<Long> large = serve(heap, LARGE);
        if (small.isEmpty()) {
            return 0;
        }
        long address = prepare(heap, region, small, large);
        boolean isLive = small.contains(address) || large.contains(address);
        return isLive ? 0 : address;
    }

    private long prepare(Heap heap, Region region, List<Long> small, List<Long> large) {
        long block = small.get(1);
        long largeBlock = large.isEmpty() ? 0 : large.get(1);
        return switch (this) {
            case FREED -> freed(heap, small);
            case FREED_BEFORE_ANOTHER -> {
                long first = freed(heap, small);
                heap.free(small.remove(0));
                yield first;
            }
            case FREED_LARGE -> large.isEmpty() ? 0 : freed(heap, large);
            case REALLOCATED -> {
                long moved = heap.reallocate(small.remove(1), MUCH);
                yield moved == 0 || moved == block ? 0 : block;
            }
            case INTERIOR -> block + SMALL / 2;
            case INTERIOR_LARGE -> largeBlock == 0 ? 0 : largeBlock + Region.PAGE;
            case UNALIGNED -> block + 1;
            case BEFORE -> block - Heap.MIN_ALIGNMENT;
            case BEHIND -> block + heap.usableSize(block);
            case BASE -> region.base();
            case UNUSED -> region.limit() - MUCH;
            case LIMIT -> region.limit() - Heap.MIN_ALIGNMENT;
        };
    }

    private static long freed(Heap heap, List<Long> blocks) {
        long block = blocks.remove(1);
        heap.free(block);
        return block;
    }

    /// Three blocks, or none.
    private static List<Long> serve(Heap heap, long size) {
        List<Long> blocks = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            long block = heap.allocate(size, Heap.MIN_ALIGNMENT);
            if (block == 0) {
                return List.of();
            }
            blocks.add(block);
        }
        return blocks;
    }
}
