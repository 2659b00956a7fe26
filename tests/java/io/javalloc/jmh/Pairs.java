package io.javalloc.jmh;

import io.javalloc.Heap;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// A block is taken and freed at once: the least that a heap does for one. The figure is for both
/// calls.
///
/// `bump` is missing: its `free` does nothing, so its memory would be at an end in a moment.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class Pairs {

    private static final long BYTES = 64;

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
        "pool(64)",
        "stack"
    })
    String heap;

    @Param("true")
    boolean alone;

    private MeasuredHeap measured;
    private Heap subject;

    @Setup
    public void makeHeap() {
        measured = new MeasuredHeap(heap, alone);
        subject = measured.heap();
    }

    @TearDown
    public void close() {
        measured.close();
    }

    @Benchmark
    public long allocateAndFree() {
        long block = subject.allocate(BYTES, Heap.MIN_ALIGNMENT);
        subject.free(block);
        return block;
    }
}
