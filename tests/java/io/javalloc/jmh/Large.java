package io.javalloc.jmh;

import io.javalloc.Heap;
import io.javalloc.catalog.Catalog;
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

/// What has no size class on `slab`, and gets a run of pages. Nothing is written to the blocks: it
/// is the heap's own work that is measured, and not how fast memory is.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class Large {

    @Param({"65536", "262144", "1048576"})
    long bytes;

    @Param("true")
    boolean alone;

    private MeasuredHeap measured;
    private Heap subject;
    private long grows;

    @Setup
    public void makeHeap() {
        measured = new MeasuredHeap(Catalog.DEFAULT, alone);
        subject = measured.heap();
        grows = subject.allocate(bytes, Heap.MIN_ALIGNMENT);
    }

    @TearDown
    public void close() {
        subject.free(grows);
        measured.close();
    }

    /// The figure is for both calls.
    @Benchmark
    public long allocateAndFree() {
        long block = subject.allocate(bytes, Heap.MIN_ALIGNMENT);
        subject.free(block);
        return block;
    }

    /// A block becomes twice as long, in place, and short again. The figure is for both calls.
    @Benchmark
    public void growAndShrink() {
        boolean moved =
                subject.reallocate(grows, 2 * bytes) != grows
                        || subject.reallocate(grows, bytes) != grows;
        if (moved) {
            throw new IllegalStateException("the block has moved");
        }
    }
}
