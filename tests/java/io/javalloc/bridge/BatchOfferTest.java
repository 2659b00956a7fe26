package io.javalloc.bridge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.javalloc.kit.PlantedBatches;
import io.javalloc.kit.PlantedBatches.Fault;
import io.javalloc.memory.Memory;
import java.lang.foreign.Arena;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A heap that offers batches of classes for which the shim has no room, or no arithmetic, is
/// refused when it is to start, and nothing of it is written to the bridge.
class BatchOfferTest {

    @TempDir private Path folder;

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    HAS_TOO_MANY_CLASSES | classes() answers 49
                    HAS_ODD_CLASSES      | classBytes(1) answers 24; it must be a multiple of 16
                    HAS_EQUAL_CLASSES    | classBytes(2) answers 32; it must be a multiple of 16, more than 32
                    HAS_LARGE_CLASSES    | and at most 32768
                    """)
    void wrong_size_classes_are_refused(Fault fault, String words) throws Exception {
        Path services = Files.createDirectories(folder.resolve("META-INF/services"));
        Files.writeString(
                services.resolve("io.javalloc.HeapProvider"),
                PlantedBatches.Provider.class.getName() + "\n");
        ClassLoader before = Thread.currentThread().getContextClassLoader();
        try (Arena arena = Arena.ofConfined();
                URLClassLoader loader =
                        new URLClassLoader(new URL[] {folder.toUri().toURL()}, before)) {
            Thread.currentThread().setContextClassLoader(loader);
            long bridge = arena.allocate(Table.BYTES_EXPECTED, Long.BYTES).address();
            prepare(bridge, fault.expression());
            assertEquals(Table.BAD_HEAP, Entry.start(bridge));
            assertTrue(Text.left().contains(words), Text.left());
            assertTrue(Text.left().startsWith("heap '" + fault.expression()), Text.left());
            for (long at = Table.CLASS_BYTES; at < Table.MESSAGE; at += Integer.BYTES) {
                assertEquals(0, Memory.getInt(bridge + at));
            }
        } finally {
            Thread.currentThread().setContextClassLoader(before);
        }
    }

    private static void prepare(long bridge, String expression) {
        Memory.putInt(bridge + Table.ABI_VERSION, Table.ABI_VERSION_EXPECTED);
        Memory.putInt(bridge + Table.BYTES, Table.BYTES_EXPECTED);
        Memory.putLong(bridge + Table.REGION_BASE, 1L << 40);
        Memory.putLong(bridge + Table.REGION_BYTES, 1L << 30);
        byte[] text = expression.getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < text.length; i++) {
            Memory.putByte(bridge + Table.HEAP + i, text[i]);
        }
    }
}
