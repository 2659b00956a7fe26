package io.javalloc;

import io.javalloc.memory.Region;

/// What a [HeapProvider] makes its heap from: a region, and the arguments that the user wrote in
/// parentheses behind the name, as in `knr(max=64m)` or `locked(knr)`.
///
/// Asking for an option is what declares it: whatever the user wrote and no one asked for is
/// reported as unknown.
public interface HeapArguments {

    /// The memory that the heap may serve from. Each heap of an expression has a region of its own.
    Region region();

    /// The option `name` as a number of bytes: a decimal number with an optional suffix `k`, `m` or
    /// `g` (powers of 1024).
    ///
    /// @return the option's value, or `absent` if the user did not write it
    /// @throws IllegalArgumentException if what the user wrote is not a number of bytes, or not
    ///     between 1 and `Long.MAX_VALUE`
    long bytes(String name, long absent);

    /// The heap that the user wrote as the first unnamed argument, as `knr` in `locked(knr)`.
    ///
    /// @throws IllegalArgumentException if there is none
    Heap inner();
}
