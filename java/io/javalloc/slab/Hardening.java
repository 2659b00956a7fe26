package io.javalloc.slab;

/// What a [Slab] does so that a program's mistake does less harm, and is found out sooner. Each
/// costs something, and is off unless the user wants it. With any of them every call comes to Java.
///
/// @param random blocks of a span are handed out in random order: who overflows one, or uses a
///               freed one, cannot count on what lies there
/// @param erase  a freed block is zero, and still has to be when it is handed out again: what was
///               in it is gone, and who writes to it later is found out
/// @param guards behind each large block and each span is a page that nobody may touch, and free
///               pages may not be touched either ([Guards])
record Hardening(boolean random, boolean erase, boolean guards) {

    static final Hardening NONE = new Hardening(false, false, false);

    /// Whether there is any. Not by `equals`: a record's, when it is called for the first time,
    /// takes Java 20 ms.
    boolean isAny() {
        return random || erase || guards;
    }
}
