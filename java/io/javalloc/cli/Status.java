package io.javalloc.cli;

/// Exit statuses, the same as the launcher's.
final class Status {

    /// All is well.
    static final int OK = 0;

    /// A heap breaks a rule.
    static final int BROKEN = 1;

    /// What was to be measured failed.
    static final int FAILED = 2;

    /// The command line or the heap expression is wrong.
    static final int USAGE = 64;

    /// Something is missing on this machine.
    static final int UNAVAILABLE = 69;

    /// What the command had to say or to keep could not be written.
    static final int IO = 74;

    private Status() {}
}
