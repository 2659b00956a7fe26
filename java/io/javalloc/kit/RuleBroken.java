package io.javalloc.kit;

/// A heap did what no heap may do. The message is for the heap's author: what happened, and to
/// which block.
public final class RuleBroken extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /// @param message a sentence without a full stop
    public RuleBroken(String message) {
        super(message);
    }
}
