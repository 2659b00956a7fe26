package io.javalloc;

import io.javalloc.memory.Region;
import java.util.List;

/// What a [HeapProvider] makes its heap from: a region, and the arguments that the user wrote in
/// parentheses behind the name, as in `knr(max=64m)` or `locked(knr)`.
///
/// Options have to be declared by [HeapProvider#options]; what the user wrote and is not declared
/// is reported as unknown. All methods throw [IllegalArgumentException], with the column, for a
/// value that is not what they are asked for.
public interface HeapArguments {

    /// One of several inner heaps.
    ///
    /// @param bound  the largest size that it is for, in bytes: what the user wrote before the
    ///               colon, as in `64:pool(64)`; `Long.MAX_VALUE` for `*` or without a colon
    /// @param region the memory that it serves from, apart from that of the others
    /// @param heap   the heap
    record Part(long bound, Region region, Heap heap) {}

    /// The memory that the heap may serve from. A layer's one inner heap serves from the same.
    Region region();

    /// The option `name` as a number of bytes: a decimal number with an optional suffix `k`, `m` or
    /// `g` (powers of 1024), between 1 and `Long.MAX_VALUE`.
    ///
    /// @return the option's value, or `absent` if the user did not write it
    long bytes(String name, long absent);

    /// The option [HeapOption#MAX]: how many bytes of the region the heap may use, at most all.
    default long max() {
        long all = region().limit() - region().base();
        return Math.min(all, bytes(HeapOption.MAX.name(), all));
    }

    /// The option `name` as a whole number, decimal or with `0x` hexadecimal, between 0 and
    /// `Long.MAX_VALUE`.
    ///
    /// @return the option's value, or `absent` if the user did not write it
    long number(String name, long absent);

    /// The option `name` as a rate, a decimal number between 0 and 1.
    ///
    /// @return the option's value, or `absent` if the user did not write it
    double rate(String name, double absent);

    /// The option `name` as a switch: `on` or `off`.
    ///
    /// @return whether the user wrote `on`
    boolean isOn(String name);

    /// The one heap inside, as `knr` in `locked(knr)`.
    Heap inner();

    /// The heaps inside, of which there may be several. Each has an equal part of the region.
    ///
    /// @param least as many there must be
    List<Part> parts(int least);
}
