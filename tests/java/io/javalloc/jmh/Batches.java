package io.javalloc.jmh;

import io.javalloc.BatchHeap;
import io.javalloc.catalog.Catalog;
import io.javalloc.memory.Memory;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
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

/// What magazines ask of `slab`: batches of blocks of one size class. Figures are for one block,
/// whatever the batch.
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class Batches {

    /// In one invocation: a multiple of each batch, and so many that what the clock takes before
    /// and after them is nothing.
    private static final int BLOCKS = 4096;

    private static final long SEED = 1;

    /// A heap that has been in use for a while: its spans have holes in any place, because as many
    /// blocks again stay out; and blocks come back in another order than that in which they were
    /// taken.
    @State(Scope.Thread)
    public static class WornHeap {

        @Param({"64", "1024", "16384"})
        long bytes;

        @Param({"16", "64", "128"})
        int batch;

        @Param("true")
        boolean alone;

        private final SplittableRandom random = new SplittableRandom(SEED);
        private MeasuredHeap measured;
        private BatchHeap heap;
        private int sizeClass;

        /// The addresses of the blocks that come and go, then of those that stay out.
        private long slots;

        @Setup
        public void make() {
            measured = new MeasuredHeap(Catalog.DEFAULT, alone);
            heap = (BatchHeap) measured.heap();
            sizeClass = 1;
            while (heap.classBytes(sizeClass) < bytes) {
                sizeClass++;
            }
            slots = measured.slots(2 * BLOCKS);
            fill(2 * BLOCKS);
            shuffle(2 * BLOCKS);
        }

        @TearDown
        public void close() {
            measured.close();
        }

        private void fill(int blocks) {
            for (int from = 0; from < blocks; from += batch) {
                if (heap.fill(sizeClass, slot(from), batch) < batch) {
                    throw new IllegalStateException("there is no memory");
                }
            }
        }

        private void flush(int blocks) {
            for (int from = 0; from < blocks; from += batch) {
                heap.flush(sizeClass, slot(from), batch);
            }
        }

        private void shuffle(int blocks) {
            for (int i = blocks - 1; i > 0; i--) {
                long one = slot(i);
                long other = slot(random.nextInt(i + 1));
                long block = Memory.getLong(one);
                Memory.putLong(one, Memory.getLong(other));
                Memory.putLong(other, block);
            }
        }

        private long slot(int index) {
            return slots + (long) index * Long.BYTES;
        }
    }

    /// Gives back what is to be taken. The benchmark has the heap from here: JMH hands out another
    /// one at each place that asks.
    @State(Scope.Thread)
    public static class BeforeFill {

        private WornHeap heap;

        @Setup
        public void use(WornHeap heap) {
            this.heap = heap;
        }

        @Setup(Level.Invocation)
        public void flush() {
            heap.shuffle(BLOCKS);
            heap.flush(BLOCKS);
        }
    }

    /// Takes what is to be given back.
    @State(Scope.Thread)
    public static class BeforeFlush {

        private WornHeap heap;

        @Setup
        public void use(WornHeap heap) {
            this.heap = heap;
            heap.flush(BLOCKS);
        }

        @Setup(Level.Invocation)
        public void fill() {
            heap.fill(BLOCKS);
            heap.shuffle(BLOCKS);
        }
    }

    @Benchmark
    @OperationsPerInvocation(BLOCKS)
    public void fill(BeforeFill before) {
        before.heap.fill(BLOCKS);
    }

    @Benchmark
    @OperationsPerInvocation(BLOCKS)
    public void flush(BeforeFlush before) {
        before.heap.flush(BLOCKS);
    }
}
