package io.javalloc.catalog;

import io.javalloc.Heap;
import io.javalloc.HeapArguments;
import io.javalloc.HeapProvider;
import io.javalloc.memory.Region;
import java.util.ArrayList;
import java.util.List;

/// One heap of an expression while it is made: answers its provider's questions, and sees to it
/// that every argument was asked for.
final class Construction implements HeapArguments {

    private final String text;
    private final HeapExpression expression;
    private final Region region;
    private final long shared;
    private final List<String> asked = new ArrayList<>();
    private boolean innerAsked;

    Construction(String text, HeapExpression expression, Region region, long shared) {
        this.text = text;
        this.expression = expression;
        this.region = region;
        this.shared = shared;
    }

    Heap build() {
        HeapProvider provider = Catalog.provider(expression.name(), shared);
        if (provider == null) {
            throw wrong(
                    expression.column(),
                    "there is no heap '"
                            + expression.name()
                            + "'; there are: "
                            + Catalog.knownNames());
        }
        Heap heap = provider.create(this);
        for (HeapExpression.Option option : expression.options()) {
            if (!asked.contains(option.name())) {
                throw wrong(
                        option.column(),
                        expression.name()
                                + " has no option '"
                                + option.name()
                                + "'; it has: "
                                + optionNames());
            }
        }
        int used = innerAsked ? 1 : 0;
        if (expression.inner().size() > used) {
            throw wrong(
                    expression.inner().get(used).column(),
                    expression.name()
                            + (innerAsked ? " takes one inner heap" : " takes no inner heap"));
        }
        return heap;
    }

    @Override
    public Region region() {
        return region;
    }

    @Override
    public long bytes(String name, long absent) {
        asked.add(name);
        for (HeapExpression.Option option : expression.options()) {
            if (option.name().equals(name)) {
                return parseBytes(option);
            }
        }
        return absent;
    }

    @Override
    public Heap inner() {
        innerAsked = true;
        if (expression.inner().isEmpty()) {
            throw wrong(
                    expression.column(),
                    expression.name()
                            + " takes an inner heap, as in "
                            + expression.name()
                            + "("
                            + Catalog.DEFAULT
                            + ")");
        }
        return new Construction(text, expression.inner().get(0), region, shared).build();
    }

    private long parseBytes(HeapExpression.Option option) {
        String value = option.value();
        int shift =
                switch (Character.toLowerCase(value.charAt(value.length() - 1))) {
                    case 'k' -> 10;
                    case 'm' -> 20;
                    case 'g' -> 30;
                    default -> 0;
                };
        String digits = shift == 0 ? value : value.substring(0, value.length() - 1);
        try {
            long number = Long.parseLong(digits);
            if (number > 0 && number <= Long.MAX_VALUE >> shift) {
                return number << shift;
            }
        } catch (NumberFormatException e) {
            throw badBytes(option);
        }
        throw badBytes(option);
    }

    private IllegalArgumentException badBytes(HeapExpression.Option option) {
        return wrong(
                option.column(),
                option.name()
                        + "="
                        + option.value()
                        + " is not a size: a number above 0, with k, m or g if you like");
    }

    private String optionNames() {
        return asked.isEmpty() ? "none" : String.join(", ", asked);
    }

    private IllegalArgumentException wrong(int column, String what) {
        return new IllegalArgumentException("heap '" + text + "', column " + column + ": " + what);
    }
}
