package io.javalloc.kit.map;

import io.javalloc.Heap;
import io.javalloc.kit.HeapMaker;
import io.javalloc.kit.ReservedMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// The stream of operations that heaps are compared by: [#STEPS] steps, always the same, that end
/// with about [#LIVE] live blocks.
///
/// A step allocates, frees, or (one in twenty) makes a block half as large again. Of 100 blocks, 60
/// have 1 to 128 bytes, 25 up to 1 KiB, 12 up to 8 KiB and 3 up to 64 KiB. Every other free is of
/// one of the youngest blocks, because most blocks of programs die young; the others are of any.
public final class CommonStream {

    /// How many steps it has.
    public static final int STEPS = 20_000;

    /// About so many blocks are live from the middle on.
    public static final int LIVE = 2_000;

    private static final long REGION = 1L << 30;
    private static final long SEED = 20_000;
    private static final int YOUNG = 50;
    private static final int RARE = 20;

    private final Heap heap;
    private final SplittableRandom random = new SplittableRandom(SEED);
    private final List<Snapshot.Block> live = new ArrayList<>();
    private int requests;
    private int refused;

    private CommonStream(Heap heap) {
        this.heap = heap;
    }

    /// Plays the stream on a new heap.
    public static Snapshot play(HeapMaker maker) {
        try (ReservedMemory memory = new ReservedMemory(REGION)) {
            Heap heap = maker.make(memory.region());
            CommonStream stream = new CommonStream(heap);
            for (int i = 0; i < STEPS; i++) {
                stream.step();
            }
            return Snapshot.of(memory, stream.withUsableSizes(), stream.requests, stream.refused);
        }
    }

    private void step() {
        if (!live.isEmpty() && random.nextInt(RARE) == 0) {
            grow(random.nextInt(live.size()));
        } else if (random.nextInt(2 * LIVE) >= live.size()) {
            allocate();
        } else {
            free();
        }
    }

    private void allocate() {
        long size = size();
        long address = heap.allocate(size, Heap.MIN_ALIGNMENT);
        requests++;
        if (address == 0) {
            refused++;
        } else {
            live.add(new Snapshot.Block(address, size, size));
        }
    }

    private long size() {
        int percent = random.nextInt(100);
        if (percent < 60) {
            return random.nextLong(1, 129);
        }
        if (percent < 85) {
            return random.nextLong(129, 1 << 10);
        }
        return percent < 97
                ? random.nextLong(1 << 10, 8 << 10)
                : random.nextLong(8 << 10, 64 << 10);
    }

    private void free() {
        boolean isYoung = random.nextBoolean();
        int eldest = isYoung ? Math.max(0, live.size() - YOUNG) : 0;
        Snapshot.Block block = live.remove(random.nextInt(eldest, live.size()));
        heap.free(block.address());
    }

    private void grow(int index) {
        Snapshot.Block block = live.get(index);
        long size = block.asked() + block.asked() / 2;
        long address = heap.reallocate(block.address(), size);
        requests++;
        if (address == 0) {
            refused++;
        } else {
            live.set(index, new Snapshot.Block(address, size, size));
        }
    }

    private List<Snapshot.Block> withUsableSizes() {
        List<Snapshot.Block> blocks = new ArrayList<>();
        for (Snapshot.Block block : live) {
            long usable = heap.usableSize(block.address());
            blocks.add(new Snapshot.Block(block.address(), block.asked(), usable));
        }
        return blocks;
    }
}
