package io.javalloc.layers;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.javalloc.memory.Memory;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;

class PatternTest {

    private static final byte VALUE = (byte) 0x9c;

    @Test
    void the_first_byte_that_differs_is_found_wherever_it_is() {
        try (Arena arena = Arena.ofConfined()) {
            long memory = arena.allocate(64, 16).address();
            for (int start = 0; start < 10; start++) {
                for (int bytes = 0; bytes < 40; bytes++) {
                    Memory.fill(memory, 64, (byte) 0);
                    Memory.fill(memory + start, bytes, VALUE);
                    assertEquals(bytes, Pattern.intact(memory + start, bytes, VALUE));
                    for (int wrong = bytes - 1; wrong >= 0; wrong--) {
                        Memory.putByte(memory + start + wrong, (byte) 0x9d);
                        assertEquals(wrong, Pattern.intact(memory + start, bytes, VALUE));
                    }
                }
            }
        }
    }
}
