package io.javalloc.kit.check;

/// How a check is done.
///
/// @param seed     what random choices are made from
/// @param seconds  how long random operations are tried
/// @param patience seconds without a call of the heap after which a rule is ended
public record Settings(long seed, double seconds, double patience) {

    /// So many seconds are tried without being asked for more or less.
    public static final double SECONDS = 5;

    /// So many seconds without progress are waited for without being asked for more or less.
    public static final double PATIENCE = 20;
}
