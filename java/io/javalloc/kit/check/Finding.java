package io.javalloc.kit.check;

/// What a trial found out about a rule that holds.
///
/// @param kind what it is
/// @param text what is worth knowing, in a line; empty if nothing is
record Finding(Kind kind, String text) {

    /// How a rule holds.
    enum Kind {
        HOLDS,
        /// It holds, but there is something that the heap's author should think about.
        NOTE,
        /// It says nothing of this kind of heap.
        NOT_TRIED
    }

    static final Finding HOLDS = holds("");

    static Finding holds(String text) {
        return new Finding(Kind.HOLDS, text);
    }

    static Finding note(String text) {
        return new Finding(Kind.NOTE, text);
    }

    /// @param why in a few words
    static Finding notTried(String why) {
        return new Finding(Kind.NOT_TRIED, "not tried: " + why);
    }

    boolean isNote() {
        return kind == Kind.NOTE;
    }
}
