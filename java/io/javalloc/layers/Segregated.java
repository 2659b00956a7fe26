package io.javalloc.layers;

import io.javalloc.Heap;
import io.javalloc.HeapArguments;
import io.javalloc.HeapArguments.Part;
import io.javalloc.HeapProvider;
import java.util.List;
import java.util.function.LongPredicate;

/// A heap for each range of sizes: small blocks in one that is made for them, large ones in
/// another, as in `segregated(64:pool(64), 4k:lite, *:zig-wasm)`.
///
/// A request goes to the first heap whose bound is at least its size, and when that one is full to
/// the next larger: a pool of fixed blocks may so be small, and is no limit to the program. Larger
/// than the last bound is nothing; `*` is larger than everything. A block that grows over the bound
/// of its heap moves; one that becomes smaller stays.
///
/// @param parts the heaps, by rising bounds
/// @param outside tells the blocks that lie in no region; null if there are none
public record Segregated(List<Part> parts, LongPredicate outside) implements Divided {

    Segregated(List<Part> parts) {
        this(parts, Divided.outside(parts));
    }

    /// Makes `segregated(size:heap, ...)`.
    public static final class Provider implements HeapProvider {

        @Override
        public String name() {
            return "segregated";
        }

        @Override
        public String summary() {
            return "A heap for each range of sizes; the next larger one when it is full";
        }

        @Override
        public String inner() {
            return "SIZE:HEAP, ...";
        }

        @Override
        public Heap create(HeapArguments arguments) {
            List<Part> parts = arguments.parts(1);
            for (int i = 1; i < parts.size(); i++) {
                requireRise(parts.get(i - 1).bound(), parts.get(i).bound());
            }
            return new Segregated(parts);
        }

        private static void requireRise(long bound, long next) {
            if (next <= bound) {
                throw new IllegalArgumentException(
                        "the sizes have to rise, but after "
                                + written(bound)
                                + " comes "
                                + written(next)
                                + ": segregated(64:HEAP, 4k:HEAP, *:HEAP)");
            }
        }

        private static String written(long bound) {
            return bound == Long.MAX_VALUE ? "*" : Long.toString(bound);
        }
    }
}
