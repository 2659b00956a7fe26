package io.javalloc.jmh;

import io.javalloc.Heap;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// A thousand blocks are taken, then freed in another order: who keeps free blocks sorted, or has
/// to search, shows it here. The figure is for one block, taken and freed.
///
/// `bump` is missing, see [Pairs].
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class Scattered {

    private static final int BLOCKS = 1000;
    private static final long BYTES = 64;
    private static final long SEED = 1;

    @Param({
        "slab",
        "zig-wasm",
        "knr",
        "hare",
        "appel-naumann",
        "freelist",
        "lite",
        "zig-pages",
        "system",
        "pool(64, 1000)",
        "stack"
    })
    String heap;

    @Param("true")
    boolean alone;

    private final long[] blocks = new long[BLOCKS];

    /// Where the first, the second ... block is kept. They are freed from the first place to the
    /// last.
    private final int[] places = new int[BLOCKS];

    private MeasuredHeap measured;
    private Heap subject;

    @Setup
    public void makeHeap() {
        measured = new MeasuredHeap(heap, alone);
        subject = measured.heap();
        SplittableRandom random = new SplittableRandom(SEED);
        for (int i = 0; i < BLOCKS; i++) {
            int other = random.nextInt(i + 1);
            places[i] = places[other];
            places[other] = i;
        }
    }

    @TearDown
    public void close() {
        measured.close();
    }

    @Benchmark
    @OperationsPerInvocation(BLOCKS)
    public void allocateThenFree() {
        for (int place : places) {
            blocks[place] = subject.allocate(BYTES, Heap.MIN_ALIGNMENT);
        }
        for (long block : blocks) {
            subject.free(block);
        }
    }
}
