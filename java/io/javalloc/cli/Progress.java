package io.javalloc.cli;

import java.io.PrintWriter;

/// Tells how far a command is: on a terminal in one line that changes, elsewhere in a line every
/// two seconds. The launcher says in the property `javalloc.terminal` whether standard error is
/// one.
final class Progress {

    private static final long TERMINAL_NANOS = 100_000_000L;
    private static final long ELSEWHERE_NANOS = 2_000_000_000L;
    private static final String CLEAR_LINE = "\r\033[K";

    private final PrintWriter err;
    private final boolean isTerminal = Boolean.getBoolean("javalloc.terminal");
    private long last = System.nanoTime();
    private boolean isShown;

    Progress(PrintWriter err) {
        this.err = err;
    }

    /// Shows what is being done, unless something was shown just now.
    void show(String what) {
        long now = System.nanoTime();
        if (now - last < (isTerminal ? TERMINAL_NANOS : ELSEWHERE_NANOS)) {
            return;
        }
        last = now;
        if (isTerminal) {
            err.print(CLEAR_LINE + "  ... " + what);
            isShown = true;
        } else {
            err.println("javalloc: " + what);
        }
        err.flush();
    }

    /// Tells something that does not come often.
    void say(String what) {
        last = System.nanoTime() - ELSEWHERE_NANOS;
        show(what);
    }

    /// Makes room for other output.
    void clear() {
        if (isShown) {
            err.print(CLEAR_LINE);
            err.flush();
            isShown = false;
        }
    }
}
