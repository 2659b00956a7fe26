package io.javalloc.catalog;

import io.javalloc.Heap;
import io.javalloc.HeapProvider;
import io.javalloc.heaps.AppelNaumann;
import io.javalloc.heaps.Bump;
import io.javalloc.heaps.FreeList;
import io.javalloc.heaps.Hare;
import io.javalloc.heaps.Knr;
import io.javalloc.heaps.Lite;
import io.javalloc.heaps.Pool;
import io.javalloc.heaps.Stack;
import io.javalloc.heaps.SystemMalloc;
import io.javalloc.heaps.ZigPages;
import io.javalloc.heaps.ZigWasm;
import io.javalloc.layers.Canary;
import io.javalloc.layers.Counted;
import io.javalloc.layers.Failing;
import io.javalloc.layers.Fallback;
import io.javalloc.layers.Guarded;
import io.javalloc.layers.Limited;
import io.javalloc.layers.Locked;
import io.javalloc.layers.Poisoned;
import io.javalloc.layers.Quarantine;
import io.javalloc.layers.Randomized;
import io.javalloc.layers.Segregated;
import io.javalloc.layers.Zeroed;
import io.javalloc.memory.Region;
import io.javalloc.slab.Slab;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// All heaps by name: the built-in ones, then those that [ServiceLoader] finds on the class path.
public final class Catalog {

    /// The heap of users who do not choose one.
    public static final String DEFAULT = "slab";

    private static final List<String> HEAPS =
            List.of(
                    "appel-naumann",
                    "bump",
                    "freelist",
                    Hardened.NAME,
                    "hare",
                    "knr",
                    "lite",
                    "pool",
                    "slab",
                    "stack",
                    "system",
                    "zig-pages",
                    "zig-wasm");

    private static final List<String> LAYERS =
            List.of(
                    "canary", //
                    "counted",
                    "failing",
                    "fallback",
                    "guarded",
                    "limited",
                    "locked",
                    "poisoned",
                    "quarantine",
                    "randomized",
                    "segregated",
                    "zeroed");

    private Catalog() {}

    /// Makes the heap that an expression describes.
    ///
    /// @param expression what the user wrote, see [HeapExpression]
    /// @param region     the memory that it may serve from
    /// @param shared     the word that [Locked] wants
    /// @throws IllegalArgumentException if the expression is malformed, names an unknown heap or
    ///     option, or has a value that the heap cannot take; the message is made for the user
    public static Heap create(String expression, Region region, long shared) {
        return Construction.build(expression, HeapExpression.parse(expression), region, shared);
    }

    /// Every provider that can be used: the built-in heaps, the built-in layers, and what else is
    /// there.
    public static List<HeapProvider> providers() {
        return providers(OwnHeaps.find());
    }

    /// The same.
    ///
    /// @param fault is told of each on the class path that cannot be used, and why; in words
    ///              for the user
    public static List<HeapProvider> providers(Consumer<String> fault) {
        OwnHeaps found = OwnHeaps.find();
        found.faults().forEach(fault);
        return providers(found);
    }

    private static List<HeapProvider> providers(OwnHeaps found) {
        List<HeapProvider> providers = new ArrayList<>();
        for (String name : HEAPS) {
            providers.add(builtIn(name, 0));
        }
        for (String name : LAYERS) {
            providers.add(builtIn(name, 0));
        }
        providers.addAll(found.providers());
        return providers;
    }

    /// The provider of that name, or null. Built-in ones are made one by one: a program's start
    /// loads no heap that it does not use.
    static HeapProvider provider(String name, long shared) {
        HeapProvider builtIn = builtIn(name, shared);
        if (builtIn != null) {
            return builtIn;
        }
        for (HeapProvider found : OwnHeaps.find().providers()) {
            if (found.name().equals(name)) {
                return found;
            }
        }
        return null;
    }

    static boolean isBuiltIn(String name) {
        return builtIn(name, 0) != null;
    }

    private static HeapProvider builtIn(String name, long shared) {
        return switch (name) {
            case "appel-naumann" -> new AppelNaumann.Provider();
            case "bump" -> new Bump.Provider();
            case "freelist" -> new FreeList.Provider();
            case Hardened.NAME -> new Hardened(shared);
            case "hare" -> new Hare.Provider();
            case "knr" -> new Knr.Provider();
            case "lite" -> new Lite.Provider();
            case "pool" -> new Pool.Provider();
            case "slab" -> new Slab.Provider(shared);
            case "stack" -> new Stack.Provider();
            case "system" -> new SystemMalloc.Provider();
            case "zig-pages" -> new ZigPages.Provider();
            case "zig-wasm" -> new ZigWasm.Provider();

            case "canary" -> new Canary.Provider();
            case "counted" -> new Counted.Provider();
            case "failing" -> new Failing.Provider();
            case "fallback" -> new Fallback.Provider();
            case "guarded" -> new Guarded.Provider();
            case "limited" -> new Limited.Provider();
            case "locked" -> new Locked.Provider(shared);
            case "poisoned" -> new Poisoned.Provider();
            case "quarantine" -> new Quarantine.Provider();
            case "randomized" -> new Randomized.Provider();
            case "segregated" -> new Segregated.Provider();
            case "zeroed" -> new Zeroed.Provider();
            default -> null;
        };
    }

    /// The names that there are, and why there are no others.
    static String knownNames() {
        OwnHeaps found = OwnHeaps.find();
        StringBuilder names = new StringBuilder();
        for (HeapProvider provider : providers(found)) {
            names.append(names.length() == 0 ? "" : ", ").append(provider.name());
        }
        for (String fault : found.faults()) {
            names.append("; ").append(fault);
        }
        return names.toString();
    }
}
