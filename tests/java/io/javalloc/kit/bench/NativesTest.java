package io.javalloc.kit.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Native allocators are found as the loader finds them.
class NativesTest {

    private static final String CACHE =
            """
            1203 libs found in cache `/etc/ld.so.cache'
            \tlibtcmalloc_minimal_debug.so.4 (libc6,x86-64) => /lib/x/libtcmalloc_minimal_debug.so.4
            \tlibtcmalloc_minimal.so.4 (libc6,x86-64) => /lib/x/libtcmalloc_minimal.so.4
            \tlibjemalloc.so.2 (libc6,x86-64) => /opt/libjemalloc.so.2
            \tlibjemalloc.so.2 (libc6) => /lib/i386/libjemalloc.so.2
            \tlibmimallocate.so.2 (libc6,x86-64) => /lib/x/libmimallocate.so.2
            """;

    @Test
    void those_in_the_loaders_cache_take_part() {
        Map<String, Path> libraries = new LinkedHashMap<>();
        Natives.read(CACHE, libraries);
        List<Contender> found = Natives.among(libraries);
        assertEquals(List.of("jemalloc", "tcmalloc"), found.stream().map(Contender::name).toList());
        assertEquals(Path.of("/opt/libjemalloc.so.2"), found.get(0).library());
        assertEquals(Path.of("/lib/x/libtcmalloc_minimal.so.4"), found.get(1).library());
    }
}
