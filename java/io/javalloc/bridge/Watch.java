package io.javalloc.bridge;

import java.util.Map;

/// Says where a heap is that does not come back from a call.
final class Watch {

    private Watch() {}

    /// Leaves a message in the bridge: where the thread is that keeps the others waiting.
    ///
    /// @param heap its expression
    static void describe(String heap) {
        try {
            Text.leave("the heap " + heap + " is " + place(Thread.getAllStackTraces()));
        } catch (Throwable e) {
            Text.leave(Text.describe(e));
        }
    }

    /// @param stacks of all threads, innermost frame first
    static String place(Map<Thread, StackTraceElement[]> stacks) {
        String place = "nowhere in Java code";
        for (Map.Entry<Thread, StackTraceElement[]> stack : stacks.entrySet()) {
            if (!isInHeap(stack.getValue())) {
                continue;
            }
            place = place(stack.getValue());
            Thread.State state = stack.getKey().getState();
            if (state != Thread.State.BLOCKED && state != Thread.State.WAITING) {
                return place; // the others wait for this one
            }
        }
        return place;
    }

    private static boolean isInHeap(StackTraceElement[] frames) {
        for (StackTraceElement frame : frames) {
            if (frame.getClassName().equals(Operations.class.getName())) {
                return true;
            }
        }
        return false;
    }

    private static String place(StackTraceElement[] frames) {
        int own = 0;
        while (own < frames.length - 1 && isOfJdk(frames[own])) {
            own++;
        }
        return own == 0 ? "at " + frames[0] : "in " + frames[0] + ", called at " + frames[own];
    }

    private static boolean isOfJdk(StackTraceElement frame) {
        return frame.getClassName().startsWith("java.") || frame.getClassName().startsWith("jdk.");
    }
}
