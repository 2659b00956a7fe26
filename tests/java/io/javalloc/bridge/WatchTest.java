package io.javalloc.bridge;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// A heap that hangs is found by the stacks of the threads that are in it.
class WatchTest {

    private static final StackTraceElement OPERATION =
            frame("io.javalloc.bridge.Operations", "allocate", 30);
    private static final StackTraceElement HEAP = frame("Mine", "allocate", 12);

    private static StackTraceElement frame(String type, String method, int line) {
        String file = type.substring(type.lastIndexOf('.') + 1) + ".java";
        return new StackTraceElement(type, method, file, line);
    }

    private static StackTraceElement[] stack(StackTraceElement... frames) {
        return frames;
    }

    @Test
    void the_innermost_frame_is_the_place() {
        Map<Thread, StackTraceElement[]> stacks =
                Map.of(
                        new Thread("a"),
                        stack(HEAP, OPERATION),
                        new Thread("b"),
                        stack(frame("A", "b", 1)));
        assertEquals("at Mine.allocate(Mine.java:12)", Watch.place(stacks));
    }

    @Test
    void what_the_jdk_does_is_said_with_who_asked_for_it() {
        StackTraceElement sleep = frame("java.lang.Thread", "sleep", 500);
        StackTraceElement[] frames = stack(sleep, frame("jdk.X", "y", 2), HEAP, OPERATION);
        assertEquals(
                "in java.lang.Thread.sleep(Thread.java:500), called at Mine.allocate(Mine.java:12)",
                Watch.place(Map.of(new Thread("c"), frames)));
    }

    @Test
    void no_thread_in_the_heap_is_no_place() {
        assertEquals(
                "nowhere in Java code",
                Watch.place(
                        Map.of(
                                new Thread("a"),
                                stack(frame("A", "b", 1)),
                                new Thread("b"),
                                stack())));
    }

    @Test
    void who_waits_for_another_is_not_the_culprit() throws InterruptedException {
        Object monitor = new Object();
        Thread waiting =
                new Thread(
                        () -> {
                            synchronized (monitor) {
                                monitor.notifyAll();
                            }
                        });
        Thread working = new Thread("d"); // not begun, so not blocked
        synchronized (monitor) {
            waiting.start();
            while (waiting.getState() != Thread.State.BLOCKED) {
                Thread.onSpinWait();
            }
            Map<Thread, StackTraceElement[]> stacks = new LinkedHashMap<>();
            stacks.put(waiting, stack(frame("Locked", "free", 3), OPERATION));
            assertEquals("at Locked.free(Locked.java:3)", Watch.place(stacks));
            stacks.put(working, stack(HEAP, OPERATION));
            assertEquals("at Mine.allocate(Mine.java:12)", Watch.place(stacks));
        }
        waiting.join();
    }
}
