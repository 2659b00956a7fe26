package io.javalloc.layers;

import io.javalloc.Heap;
import io.javalloc.HeapArguments;
import io.javalloc.HeapArguments.Part;
import io.javalloc.HeapProvider;
import java.util.List;
import java.util.function.LongPredicate;

/// Several heaps one behind the other: each request goes to the first, and to the next if that has
/// no memory for it, or does not serve such blocks at all. A small fast heap with a fixed range can
/// so stand before a large one.
///
/// A block that the heap it is in cannot make larger moves to another.
///
/// @param parts the heaps, in the order in which they are asked
/// @param outside tells the blocks that lie in no region; null if there are none
public record Fallback(List<Part> parts, LongPredicate outside) implements Divided {

    Fallback(List<Part> parts) {
        this(parts, Divided.outside(parts));
    }

    /// Makes `fallback(heap, heap, ...)`.
    public static final class Provider implements HeapProvider {

        @Override
        public String name() {
            return "fallback";
        }

        @Override
        public String summary() {
            return "Asks the heaps inside one after the other, until one has memory";
        }

        @Override
        public String inner() {
            return "HEAP, HEAP, ...";
        }

        @Override
        public Heap create(HeapArguments arguments) {
            List<Part> parts = arguments.parts(2);
            for (Part part : parts) {
                if (part.bound() != Long.MAX_VALUE) {
                    throw new IllegalArgumentException(
                            "fallback takes no sizes; segregated(SIZE:HEAP, ...) does");
                }
            }
            return new Fallback(parts);
        }
    }
}
