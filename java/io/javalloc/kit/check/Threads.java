package io.javalloc.kit.check;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The threads that a heap under trial runs on, found by their names.
final class Threads {

    /// What the names of these threads start with.
    static final String RULE = "rule";

    private Threads() {}

    /// Where they are, in the heap's code and not in the kit's.
    static String describe() {
        List<String> places = new ArrayList<>();
        for (Map.Entry<Thread, StackTraceElement[]> entry : Thread.getAllStackTraces().entrySet()) {
            Thread thread = entry.getKey();
            List<String> frames = Thrown.frames(entry.getValue());
            if (thread.getName().startsWith(RULE) && !frames.isEmpty()) {
                places.add(
                        thread.getName()
                                + " ("
                                + thread.getState().name().toLowerCase(java.util.Locale.ROOT)
                                + ") is at\n  "
                                + String.join("\n  ", frames));
            }
        }
        return String.join("\n", places);
    }
}
