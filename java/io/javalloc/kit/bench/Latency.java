package io.javalloc.kit.bench;

/// What single calls took in one run, in nanoseconds; what reading the clock takes is in each.
///
/// @param operation malloc, free or realloc; or [#FIRST] or [#LATE]
/// @param round     counted from 1
/// @param calls     how many were timed
/// @param mean      of all calls, the longest too
/// @param slow      how many took longer than a millisecond; or [#UNCOUNTED]
/// @param overhead  what reading the clock takes
public record Latency(
        String task,
        String contender,
        int round,
        String operation,
        long calls,
        double mean,
        long p50,
        long p99,
        long p999,
        long most,
        long slow,
        double overhead) {

    /// Of results that were measured before such calls were counted.
    public static final long UNCOUNTED = -1;

    /// The first 100,000 calls of any sort, while allocators (and JVMs) warm up.
    public static final String FIRST = "first";

    /// All others, of any sort: what comes after the first 100,000 of each thread.
    public static final String LATE = "late";
}
