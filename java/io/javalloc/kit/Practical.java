package io.javalloc.kit;

import io.javalloc.HeapProvider;
import io.javalloc.catalog.Catalog;
import java.util.Map;

/// What real programs run on when they are to run on a certain kind of heap: most heaps alone, some
/// beside a heap that takes what they are not made for, and layers around one. Tools and tests that
/// go over all heaps take the expressions from here.
public final class Practical {

    /// What neither stands alone nor around the default heap alone.
    private static final Map<String, String> COMPOSITIONS =
            Map.of(
                    "bump", "fallback(bump(max=16m), zig-wasm)",
                    "failing", "failing(zig-wasm, rate=0)",
                    "fallback", "fallback(knr(max=16m), zig-wasm)",
                    "limited", "limited(zig-wasm, max=4g)",
                    "pool", "segregated(64:pool(64), *:zig-wasm)",
                    "segregated", "segregated(64:pool(64), *:zig-wasm)",
                    "stack", "fallback(stack(max=16m), zig-wasm)",
                    "zig-pages", "segregated(32k:zig-wasm, *:zig-pages)");

    private Practical() {}

    /// The expression for a provider: what stands in the list above; or its name, with the default
    /// heap in it if it is a layer.
    public static String expression(HeapProvider provider) {
        String listed = COMPOSITIONS.get(provider.name());
        if (listed != null) {
            return listed;
        }
        String inner = provider.inner().replace(", ...", "").replace("HEAP", Catalog.DEFAULT);
        return provider.name() + (inner.isEmpty() ? "" : "(" + inner + ")");
    }
}
