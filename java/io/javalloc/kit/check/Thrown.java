package io.javalloc.kit.check;

import java.util.ArrayList;
import java.util.List;

/// What was thrown and where, for the author of a heap: the kit's own frames are left out.
final class Thrown {

    private static final List<String> HOUSE =
            List.of(
                    "java.",
                    "jdk.",
                    "io.javalloc.memory.Memory",
                    "io.javalloc.kit.HeapModel",
                    "io.javalloc.kit.check.");
    private static final int MOST_FRAMES = 12;

    private Thrown() {}

    /// The exception in a line, with the place in the heap.
    static String describe(Throwable thrown) {
        String message = thrown.getMessage() == null ? "" : ": " + thrown.getMessage();
        List<String> frames = frames(thrown.getStackTrace());
        String place = frames.isEmpty() ? "" : ", at " + frames.get(0);
        return thrown.getClass().getSimpleName() + message + place;
    }

    /// Where a thread is, from the inside out, as far as that is no business of the kit's or of
    /// the JDK's.
    static List<String> frames(StackTraceElement[] stack) {
        List<String> frames = new ArrayList<>();
        for (StackTraceElement frame : stack) {
            if (frames.size() == MOST_FRAMES) {
                break;
            }
            if (!isOfTheHouse(frame.getClassName())) {
                frames.add(describe(frame));
            }
        }
        return frames;
    }

    private static String describe(StackTraceElement frame) {
        String name = frame.getClassName();
        return name.substring(name.lastIndexOf('.') + 1)
                + "."
                + frame.getMethodName()
                + " ("
                + frame.getFileName()
                + ":"
                + frame.getLineNumber()
                + ")";
    }

    /// Whether a class is of those that call a heap, or that it calls.
    static boolean isOfTheHouse(String className) {
        for (String start : HOUSE) {
            if (className.startsWith(start)) {
                return true;
            }
        }
        return false;
    }
}
