package io.javalloc.bridge;

import io.javalloc.memory.Region;

/// Commits memory through the shim, which knows the process's limits.
///
/// A JNI method and not a Panama downcall: the first downcall handle would cost 15 ms of every
/// program's start, and a commit is too rare for the difference of 30 ns a call.
final class Commit implements Region.Committer {

    @Override
    public boolean commit(long address, long bytes) {
        return commitPages(address, bytes);
    }

    /// Implemented by `native/src/jvm.c`; bound by the shim when it starts Java, by `System.load`
    /// in host mode.
    private static native boolean commitPages(long address, long bytes);
}
