package io.javalloc.kit.check;

import io.javalloc.kit.Place;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;

/// What one rule is doing, and how it ended: a flight recorder. It lies in a file that two
/// processes map, so that what a crashed one did last can be read by the other. Recording a call
/// makes no Java object.
///
/// ```
///  0        8       16           24   32   40     48      56     64       72         328
///  ├────────┼───────┼────────────┼────┼────┼──────┼───────┼──────┼────────┼──────────┼── ... 8192
///  │ state  │ calls │ operation  │ a  │ b  │ base │ limit │ seed │ served │ step     │ message
///                                                                          length, bytes each
/// ```
final class Slot {

    /// The bytes of a slot.
    static final int BYTES = 8192;

    /// How far a rule is.
    enum State {
        WAITING(0),
        RUNNING(1),
        HOLDS(2),
        NOTE(3),
        BROKEN(4),
        /// The user's expression makes no heap: the message is for the user.
        WRONG_HEAP(5);

        private final int code;

        State(int code) {
            this.code = code;
        }
    }

    private static final long STATE = 0;
    private static final long CALLS = 8;
    private static final long OPERATION = 16;
    private static final long ARGUMENT_A = 24;
    private static final long ARGUMENT_B = 32;
    private static final long BASE = 40;
    private static final long LIMIT = 48;
    private static final long SEED = 56;
    private static final long SERVED = 64;
    private static final long STEP = 72;
    private static final long MESSAGE = 328;

    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
    private static final byte[] NO_MEMORY =
            "The Java heap is full".getBytes(StandardCharsets.UTF_8);

    private final MemorySegment memory;

    /// @param memory so many bytes, zero at first
    Slot(MemorySegment memory) {
        this.memory = memory;
    }

    // ---- the side that tries

    void begin(long seed) {
        replayWith(seed);
        setState(State.RUNNING);
    }

    /// From now on this seed makes the trial go the same way again.
    void replayWith(long seed) {
        memory.set(ValueLayout.JAVA_LONG, SEED, seed);
    }

    void region(long base, long limit) {
        memory.set(ValueLayout.JAVA_LONG, BASE, base);
        memory.set(ValueLayout.JAVA_LONG, LIMIT, limit);
    }

    /// A call is about to be made. Several threads may do so at once: what is recorded is then a
    /// mixture, which is good enough.
    void call(Operation operation, long a, long b) {
        memory.set(ValueLayout.JAVA_INT, OPERATION, operation.code());
        memory.set(ValueLayout.JAVA_LONG, ARGUMENT_A, a);
        memory.set(ValueLayout.JAVA_LONG, ARGUMENT_B, b);
        memory.set(ValueLayout.JAVA_LONG, CALLS, calls() + 1);
    }

    /// A block was served.
    void served() {
        memory.set(ValueLayout.JAVA_INT, SERVED, 1);
    }

    void end(State state, String message) {
        end(state, message.getBytes(StandardCharsets.UTF_8));
    }

    /// Ends without making an object.
    void endWithoutMemory() {
        end(State.BROKEN, NO_MEMORY);
    }

    private void end(State state, byte[] message) {
        leave(message);
        setState(state);
    }

    /// Leaves a message for the case that the rule does not come to its end.
    void leave(String message) {
        leave(message.getBytes(StandardCharsets.UTF_8));
    }

    private void leave(byte[] message) {
        write(MESSAGE, BYTES, message);
    }

    /// A step of the rule is about to be done.
    void step(String words) {
        write(STEP, MESSAGE, words.getBytes(StandardCharsets.UTF_8));
    }

    /// Writes the length of a text, and as much of it as there is room for.
    private void write(long start, long end, byte[] text) {
        int length = (int) Math.min(text.length, end - start - Integer.BYTES);
        MemorySegment.copy(text, 0, memory, ValueLayout.JAVA_BYTE, start + Integer.BYTES, length);
        memory.set(ValueLayout.JAVA_INT, start, length);
    }

    private void setState(State state) {
        INT.setVolatile(memory, STATE, state.code);
    }

    // ---- the side that looks on

    State state() {
        int code = (int) INT.getVolatile(memory, STATE);
        for (State state : State.values()) {
            if (state.code == code) {
                return state;
            }
        }
        throw new IllegalStateException("a slot has the state " + code);
    }

    /// How many calls were made.
    long calls() {
        return memory.get(ValueLayout.JAVA_LONG, CALLS);
    }

    /// The last call in words, empty if there was none.
    String lastCall() {
        return Operation.of(memory.get(ValueLayout.JAVA_INT, OPERATION))
                .describe(
                        memory.get(ValueLayout.JAVA_LONG, ARGUMENT_A),
                        memory.get(ValueLayout.JAVA_LONG, ARGUMENT_B),
                        memory.get(ValueLayout.JAVA_LONG, BASE),
                        memory.get(ValueLayout.JAVA_LONG, LIMIT));
    }

    /// Whether the address lies in the region that was tried last.
    boolean isInRegion(long address) {
        return address >= memory.get(ValueLayout.JAVA_LONG, BASE)
                && address < memory.get(ValueLayout.JAVA_LONG, LIMIT);
    }

    /// The address in words.
    String place(long address) {
        return Place.of(
                address,
                memory.get(ValueLayout.JAVA_LONG, BASE),
                memory.get(ValueLayout.JAVA_LONG, LIMIT));
    }

    boolean hasServed() {
        return memory.get(ValueLayout.JAVA_INT, SERVED) != 0;
    }

    long seed() {
        return memory.get(ValueLayout.JAVA_LONG, SEED);
    }

    String message() {
        return read(MESSAGE);
    }

    /// The last step of the rule in words, empty if there was none.
    String lastStep() {
        return read(STEP);
    }

    private String read(long start) {
        byte[] text = new byte[memory.get(ValueLayout.JAVA_INT, start)];
        MemorySegment.copy(
                memory, ValueLayout.JAVA_BYTE, start + Integer.BYTES, text, 0, text.length);
        return new String(text, StandardCharsets.UTF_8);
    }
}
