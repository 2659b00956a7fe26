package io.javalloc.kit.survey;

import io.javalloc.HeapProvider;
import io.javalloc.catalog.Catalog;
import io.javalloc.kit.HeapMaker;
import io.javalloc.kit.Practical;
import io.javalloc.kit.map.BlockCost;
import io.javalloc.kit.map.CommonStream;
import io.javalloc.kit.map.Snapshot;

/// What the survey says of one heap.
///
/// @param provider   makes it
/// @param expression what was surveyed: the heap, or the composition that programs run on
/// @param header     what a block of 64 bytes takes, from the heap itself
/// @param hundred    what a block of 100 bytes takes
/// @param snapshot   after the common stream; null if the heap failed in it
/// @param trouble    how it failed; empty if it did not
record Entry(
        HeapProvider provider,
        String expression,
        BlockCost header,
        BlockCost hundred,
        Snapshot snapshot,
        String trouble) {

    private static final BlockCost NONE = new BlockCost(0, 0);

    /// Looks at the heap, in this process: alone, if it serves all of the stream so.
    static Entry of(HeapProvider provider) {
        String practical = Practical.expression(provider);
        if (provider.inner().isEmpty() && !practical.equals(provider.name())) {
            Entry alone = of(provider, provider.name());
            boolean isEnough = alone.trouble.isEmpty() && alone.snapshot.refused() == 0;
            return isEnough ? alone : of(provider, practical);
        }
        return of(provider, practical);
    }

    private static Entry of(HeapProvider provider, String expression) {
        HeapMaker maker = region -> Catalog.create(expression, region, 0);
        try {
            return new Entry(
                    provider,
                    expression,
                    BlockCost.measure(maker, 64),
                    BlockCost.measure(maker, 100),
                    CommonStream.play(maker),
                    "");
        } catch (RuntimeException e) {
            return new Entry(provider, expression, NONE, NONE, null, e.toString());
        }
    }

    String name() {
        return provider.name();
    }

    boolean isLayer() {
        return !provider.inner().isEmpty();
    }
}
