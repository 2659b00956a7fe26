package io.javalloc.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MemoryTest {

    private static final int BYTES = 20_000;

    private final Arena arena = Arena.ofConfined();
    private final long base = arena.allocate(BYTES, 16).address();

    @AfterEach
    void close() {
        arena.close();
    }

    @Test
    void fillSetsItsBytesAndNoOthers() {
        int[] lengths = {0, 1, 7, 8, 9, 63, 64, 65, 127, 128, 129, 1000, 4096, 8192, 8200, 19_000};
        for (int length : lengths) {
            for (int shift = 16; shift < 33; shift++) {
                for (int at = 0; at < BYTES; at++) {
                    Memory.putByte(base + at, (byte) 0x55);
                }
                Memory.fill(base + shift, length, (byte) 0x83);
                for (int at = 0; at < BYTES; at++) {
                    boolean isFilled = at >= shift && at < shift + length;
                    byte expected = (byte) (isFilled ? 0x83 : 0x55);
                    if (Memory.getByte(base + at) != expected) {
                        assertEquals(expected, Memory.getByte(base + at), length + " at " + at);
                    }
                }
            }
        }
    }

    @Test
    void fillMakesNoJavaObjectsEvenWhereItIsNotCompiled() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        fillSome();
        long before = threads.getCurrentThreadAllocatedBytes();
        fillSome();
        assertTrue(threads.getCurrentThreadAllocatedBytes() - before < 1_000);
    }

    private void fillSome() {
        for (long length = 1; length < 100; length++) {
            Memory.fill(base, length * 100, (byte) 1);
        }
    }
}
