package io.javalloc.kit.check;

/// How a heap did in one rule.
///
/// @param rule    the rule's name
/// @param claim   what it demands
/// @param outcome whether it holds
/// @param message what was found out, of several lines perhaps; empty if nothing is worth saying
/// @param seed    what the trial's random choices came from: with it, it goes the same way again
public record Verdict(String rule, String claim, Outcome outcome, String message, long seed) {

    /// Whether a rule holds.
    public enum Outcome {
        OK,
        /// It holds, or need not hold of every heap, but something is worth a look.
        NOTE,
        BROKEN
    }

    static Verdict of(Rule rule, Outcome outcome, String message, long seed) {
        boolean isForgiven = outcome == Outcome.BROKEN && rule.isAdvice();
        return new Verdict(
                rule.name(), rule.claim(), isForgiven ? Outcome.NOTE : outcome, message, seed);
    }
}
