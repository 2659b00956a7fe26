package io.javalloc;

/// An option of a heap, as users see it.
///
/// @param name    how it is written before the `=`
/// @param value   what is written behind it, as a word in capitals: `BYTES`, `NUMBER`, `RATE`, `on`
/// @param meaning what it changes and what happens without it, in one line
public record HeapOption(String name, String value, String meaning) {

    /// The option that most heaps have, see [HeapArguments#max].
    public static final HeapOption MAX =
            new HeapOption(
                    "max", "BYTES", "the most memory it takes; all that there is without it");
}
