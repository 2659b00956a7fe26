package io.javalloc.kit.bench;

import java.util.Locale;

/// What sort of task it is.
public enum Kind {
    /// A program that does nothing: what every program pays.
    START_UP("start-up"),

    /// One of our own programs, each a pattern of allocation.
    WORKLOAD("workload"),

    /// A program that people use.
    PROGRAM("program");

    private final String word;

    Kind(String word) {
        this.word = word;
    }

    /// As it is written in tables.
    @Override
    public String toString() {
        return word;
    }

    /// The kind of that word.
    ///
    /// @throws IllegalArgumentException if there is none
    static Kind of(String word) {
        return valueOf(word.toUpperCase(Locale.ROOT).replace('-', '_'));
    }
}
