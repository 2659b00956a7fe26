package io.javalloc.cli;

/// What was asked for cannot be done. The message is for the user.
final class Refusal extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final int status;

    /// @param status the exit status, see [Status]
    Refusal(int status, String message) {
        super(message);
        this.status = status;
    }

    /// Refuses a command line unless it is right.
    static void require(boolean isRight, String message) {
        if (!isRight) {
            throw new Refusal(Status.USAGE, message);
        }
    }

    int status() {
        return status;
    }
}
