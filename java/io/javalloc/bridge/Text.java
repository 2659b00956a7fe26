package io.javalloc.bridge;

import io.javalloc.HeapCorruption;
import io.javalloc.catalog.Catalog;
import io.javalloc.memory.Memory;
import java.nio.charset.StandardCharsets;

/// The two texts in the bridge: the heap expression that the user chose, and the sentence that Java
/// leaves for the user, which the shim prints. Both are UTF-8 and end with a NUL.
final class Text {

    private static long message;

    private Text() {}

    static void prepare(long bridge) {
        message = bridge + Table.MESSAGE;
    }

    /// The heap expression; one that is blank becomes the default heap's, in the bridge, too.
    static String heapExpression(long bridge) {
        long place = bridge + Table.HEAP;
        if (read(place).isBlank()) {
            write(place, Catalog.DEFAULT, Table.HEAP_MAX);
        }
        return read(place);
    }

    /// Leaves a message, cut to what the bridge has room for.
    static void leave(String text) {
        write(message, text, Table.MESSAGE_MAX);
    }

    /// The message that was left.
    static String left() {
        return read(message);
    }

    /// What went wrong, for the user of a heap that threw: a corruption's own words; of any other
    /// exception its type, its message and where in the heap it was thrown.
    static String describe(Throwable thrown) {
        if (thrown instanceof HeapCorruption) {
            return thrown.getMessage();
        }
        StackTraceElement place = place(thrown.getStackTrace());
        return "the heap threw " + thrown + (place == null ? "" : " at " + place);
    }

    /// The innermost frame that is not the JDK's, nor that of a load or a store.
    private static StackTraceElement place(StackTraceElement[] stack) {
        for (StackTraceElement frame : stack) {
            String name = frame.getClassName();
            boolean isJdks = name.startsWith("java.") || name.startsWith("jdk.");
            if (!isJdks && !name.equals(Memory.class.getName())) {
                return frame;
            }
        }
        return stack.length == 0 ? null : stack[0];
    }

    private static String read(long place) {
        int length = 0;
        while (Memory.getByte(place + length) != 0) {
            length++;
        }
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = Memory.getByte(place + i);
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static void write(long place, String text, int room) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int length = Math.min(bytes.length, room - 1);
        for (int i = 0; i < length; i++) {
            Memory.putByte(place + i, bytes[i]);
        }
        Memory.putByte(place + length, (byte) 0);
    }
}
