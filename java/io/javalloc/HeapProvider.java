package io.javalloc;

import java.util.List;

/// Makes heaps of one kind. Built-in kinds are listed in [io.javalloc.catalog.Catalog]; others are
/// found with [java.util.ServiceLoader], so a jar with a provider and its
/// `META-INF/services/io.javalloc.HeapProvider` is all that a heap of one's own needs.
///
/// [#name], [#summary] and [#create] must be there; the rest is for heaps that have options, and
/// for the table that `javalloc heaps` prints.
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
    /// @throws IllegalArgumentException if an argument has a value that this heap cannot take; the
    ///     user sees the message behind the expression and the column of the name
    Heap create(HeapArguments arguments);

    /// The options that users may write. A value without a name begins with a digit, and goes to
    /// the first option that has none yet, those that are written with their names served first:
    /// `pool(64)` is `pool(block=64)`. So a switch is always written with its name, as `random=on`;
    /// but it counts as an option: only values before it in this list can go without names.
    default List<HeapOption> options() {
        return List.of();
    }

    /// The inner heaps as they are written, for layers: `HEAP`, `HEAP, HEAP`, `SIZE:HEAP, ...`.
    /// Empty for a heap that takes none.
    default String inner() {
        return "";
    }

    /// The document that the heap was made after, in a few words; empty if there is none.
    default String document() {
        return "";
    }

    /// The mistakes of programs that it sees, in a few words; empty if it sees none.
    default String checks() {
        return "";
    }
}
