package io.javalloc.kit.check;

/// What a trial found out about a rule that holds.
///
/// @param isNote whether it is something that the heap's author should think about
/// @param text   what is worth knowing, in a line; empty if nothing is
record Finding(boolean isNote, String text) {

    static final Finding HOLDS = holds("");

    static Finding holds(String text) {
        return new Finding(false, text);
    }

    static Finding note(String text) {
        return new Finding(true, text);
    }
}
