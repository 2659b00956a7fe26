package io.javalloc.bridge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.javalloc.bridge.abi.Abi;
import io.javalloc.bridge.abi.javalloc_bridge;
import io.javalloc.bridge.abi.javalloc_site;
import io.javalloc.memory.Region;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Field;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Three descriptions of `struct javalloc_bridge` exist: the shim's compiler's, jextract's, and
/// [Table]. They must agree, or the two sides read each other's words wrongly.
class BridgeLayoutTest {

    private static final String SIZE = "";

    @Test
    void jextracts_layout_is_the_one_the_shim_was_compiled_with() throws Throwable {
        Map<String, Long> shim = fieldsOfShim();
        shim.forEach(
                (name, offset) ->
                        assertEquals(
                                offset,
                                name.equals(SIZE)
                                        ? javalloc_bridge.layout().byteSize()
                                        : javalloc_bridge
                                                .layout()
                                                .byteOffset(PathElement.groupElement(name)),
                                () -> name + ": java/io/javalloc/bridge/abi is stale, see README"));
        long named =
                javalloc_bridge.layout().memberLayouts().stream()
                        .filter(m -> m.name().isPresent())
                        .count();
        assertEquals(named, shim.size() - 1, "the shim exports every field");
    }

    @Test
    void the_table_has_the_offsets_of_the_shim() throws Throwable {
        for (Map.Entry<String, Long> field : fieldsOfShim().entrySet()) {
            String name = field.getKey();
            long inTable =
                    name.equals(SIZE)
                            ? Table.BYTES_EXPECTED
                            : (long) constant(name.toUpperCase(Locale.ROOT));
            assertEquals(field.getValue(), inTable, name);
        }
    }

    @Test
    void the_table_has_the_constants_of_the_header() {
        assertEquals(Abi.JAVALLOC_ABI_VERSION(), Table.ABI_VERSION_EXPECTED);
        assertEquals(Abi.JAVALLOC_HEAP_MAX(), Table.HEAP_MAX);
        assertEquals(Abi.JAVALLOC_MESSAGE_MAX(), Table.MESSAGE_MAX);
        assertEquals(Abi.JAVALLOC_CORRUPT(), Table.CORRUPT);
        assertEquals(Abi.JAVALLOC_NOT_MINE(), Table.NOT_MINE);
        assertEquals(Abi.JAVALLOC_UNSEEN(), Table.UNSEEN);
        assertEquals(Abi.JAVALLOC_LIVE_BLOCKS(), Table.LIVE_BLOCKS);
        assertEquals(Abi.JAVALLOC_LIVE_BYTES(), Table.LIVE_BYTES);
        assertEquals(Abi.JAVALLOC_PEAK_BYTES(), Table.PEAK_BYTES);
        assertEquals(Abi.JAVALLOC_TRIM(), Table.TRIM);
        assertEquals(Abi.JAVALLOC_VERIFY(), Table.VERIFY);
        assertEquals(Abi.JAVALLOC_AT_EXIT(), Table.AT_EXIT);
        assertEquals(Abi.JAVALLOC_EXPLAIN(), Table.EXPLAIN);
        assertEquals(Abi.JAVALLOC_LEAKS(), Table.LEAKS);
        assertEquals(Abi.JAVALLOC_PURGE(), Table.PURGE);
        assertEquals(Abi.JAVALLOC_CLASSES(), Table.CLASSES);
        assertEquals(Abi.JAVALLOC_STARTED(), Table.STARTED);
        assertEquals(Abi.JAVALLOC_BAD_HEAP(), Table.BAD_HEAP);
        assertEquals(Abi.JAVALLOC_HEAP_FAILED(), Table.HEAP_FAILED);
        assertEquals(Abi.JAVALLOC_BAD_ABI(), Table.BAD_ABI);
        assertEquals(Abi.JAVALLOC_PAGE_SIZE(), Region.PAGE);
    }

    @Test
    void the_table_has_the_layout_of_a_site() {
        assertEquals(javalloc_site.blocks$offset(), Table.SITE_BLOCKS);
        assertEquals(javalloc_site.bytes$offset(), Table.SITE_BYTES);
        assertEquals(javalloc_site.sizeof(), Table.SITE_SIZE);
    }

    private static Object constant(String name) throws ReflectiveOperationException {
        Field field = Table.class.getDeclaredField(name);
        return field.get(null);
    }

    /// Name to offset, and [#SIZE] to the size of the struct.
    private static Map<String, Long> fieldsOfShim() throws Throwable {
        SymbolLookup symbols = SymbolLookup.libraryLookup(NativeBuild.library(), Arena.global());
        MemorySegment function = symbols.findOrThrow("javalloc_bridge_fields");
        MemorySegment fields =
                ((MemorySegment)
                                Linker.nativeLinker()
                                        .downcallHandle(
                                                function,
                                                FunctionDescriptor.of(ValueLayout.ADDRESS))
                                        .invokeExact())
                        .reinterpret(Long.MAX_VALUE);
        Map<String, Long> found = new LinkedHashMap<>();
        for (long at = 0; ; at += 2 * ValueLayout.JAVA_LONG.byteSize()) {
            MemorySegment name = fields.get(ValueLayout.ADDRESS, at);
            long offset = fields.get(ValueLayout.JAVA_LONG, at + ValueLayout.ADDRESS.byteSize());
            if (name.equals(MemorySegment.NULL)) {
                found.put(SIZE, offset);
                break;
            }
            found.put(name.reinterpret(Long.MAX_VALUE).getString(0), offset);
        }
        assertTrue(found.size() > 5, "the shim exports its fields");
        return found;
    }
}
