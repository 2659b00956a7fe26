package io.javalloc.kit.check;

/// One thing that must hold of every heap, and the trial of it.
interface Rule {

    /// The name by which users choose it.
    String name();

    /// What must hold, as a sentence without a full stop.
    String claim();

    /// Whether a heap that breaks it is only told so: it may be so by its nature.
    default boolean isAdvice() {
        return false;
    }

    /// Tries a heap.
    ///
    /// @return that the rule holds, with what else is worth knowing
    /// @throws RuleBroken if it does not
    Finding check(Trial trial);
}
