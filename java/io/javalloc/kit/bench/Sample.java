package io.javalloc.kit.bench;

/// What one run took.
///
/// @param round       counted from 1
/// @param status      [#OK], or how it failed
/// @param wallNs      from the fork until the end
/// @param userUs      of the program and of what it waited for
/// @param peakKib     the most that the largest of its processes had resident
/// @param residentKib what the program had resident when all was freed; 0 if it does not tell
/// @param operations  calls of malloc and its family; 0 if the program does not tell
public record Sample(
        String task,
        Kind kind,
        String contender,
        int round,
        String status,
        long wallNs,
        long userUs,
        long sysUs,
        long peakKib,
        long residentKib,
        long operations) {

    /// All is well.
    public static final String OK = "ok";

    /// The time was over before the program was.
    public static final String TIMEOUT = "timeout";

    boolean isOk() {
        return status.equals(OK);
    }
}
