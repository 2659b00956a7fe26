package io.javalloc;

/// Makes heaps of one kind. Built-in kinds are listed in [io.javalloc.catalog.Catalog]; others are
/// found with [java.util.ServiceLoader], so a jar with a provider and its
/// `META-INF/services/io.javalloc.HeapProvider` is all that a heap of one's own needs.
public interface HeapProvider {

    /// The name by which users choose this kind: lower-case letters, digits and dashes, starting
    /// with a letter.
    String name();

    /// What it is, in one line of at most 80 characters.
    String summary();

    /// Makes a heap.
    ///
    /// @param arguments the region to serve from, and what the user wrote in parentheses behind the
    ///                  name
    /// @throws IllegalArgumentException if an argument has a value that this heap cannot take
    Heap create(HeapArguments arguments);
}
