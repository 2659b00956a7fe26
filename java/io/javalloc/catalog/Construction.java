package io.javalloc.catalog;

import io.javalloc.Heap;
import io.javalloc.HeapArguments;
import io.javalloc.HeapOption;
import io.javalloc.HeapProvider;
import io.javalloc.memory.Region;
import java.util.ArrayList;
import java.util.List;

/// One heap of an expression while it is made: answers its provider's questions, and sees to it
/// that every argument has its place.
final class Construction implements HeapArguments {

    /// What the user wrote is wrong, and the message says where.
    private static final class Wrong extends IllegalArgumentException {

        private static final long serialVersionUID = 1L;

        Wrong(String message) {
            super(message);
        }
    }

    private final String text;
    private final HeapExpression expression;
    private final Region region;
    private final long shared;
    private final HeapProvider provider;

    /// What the user wrote for each of the provider's options, in its order; null: nothing.
    private final HeapExpression.Option[] written;

    private boolean innerAsked;

    private Construction(String text, HeapExpression expression, Region region, long shared) {
        this.text = text;
        this.expression = expression;
        this.region = region;
        this.shared = shared;
        provider = Catalog.provider(expression.name(), shared);
        if (provider == null) {
            throw wrong(
                    expression.column(),
                    "there is no heap '"
                            + expression.name()
                            + "'; there are: "
                            + Catalog.knownNames());
        }
        written = new HeapExpression.Option[provider.options().size()];
    }

    /// Makes the heap that the expression describes.
    ///
    /// @param text what the user wrote, for messages
    static Heap build(String text, HeapExpression expression, Region region, long shared) {
        return new Construction(text, expression, region, shared).build();
    }

    private Heap build() {
        for (HeapExpression.Option option : expression.options()) {
            if (!option.name().isEmpty()) {
                place(option, indexOf(option.name()));
            }
        }
        for (HeapExpression.Option option : expression.options()) {
            if (option.name().isEmpty()) {
                place(option, firstFree());
            }
        }
        Heap heap = create();
        if (!innerAsked && !expression.inner().isEmpty()) {
            throw wrong(
                    expression.inner().get(0).column(), expression.name() + " takes no inner heap");
        }
        return heap;
    }

    private Heap create() {
        try {
            Heap heap = provider.create(this);
            if (heap == null) {
                throw wrong(expression.column(), "the provider's create() returns null");
            }
            return heap;
        } catch (Wrong e) {
            throw e;
        } catch (IllegalArgumentException e) {
            throw wrong(expression.column(), e.getMessage());
        }
    }

    private void place(HeapExpression.Option option, int index) {
        if (index < 0) {
            String what = option.name().isEmpty() ? "value" : "option";
            String name = option.name().isEmpty() ? option.value() : option.name();
            throw wrong(
                    option.column(),
                    expression.name()
                            + " has no "
                            + what
                            + " '"
                            + name
                            + "'; it has: "
                            + optionNames());
        }
        if (written[index] != null) {
            throw wrong(option.column(), option.name() + " is written twice");
        }
        written[index] = option;
    }

    private int indexOf(String name) {
        List<HeapOption> options = provider.options();
        for (int i = 0; i < options.size(); i++) {
            if (options.get(i).name().equals(name)) {
                return i;
            }
        }
        return -1;
    }

    private int firstFree() {
        for (int i = 0; i < written.length; i++) {
            if (written[i] == null) {
                return i;
            }
        }
        return -1;
    }

    /// What the user wrote for the option, or null.
    private HeapExpression.Option option(String name) {
        int index = indexOf(name);
        if (index < 0) {
            throw new IllegalStateException(
                    provider.name()
                            + " asks for the option '"
                            + name
                            + "', which its provider's options() does not declare");
        }
        return written[index];
    }

    @Override
    public Region region() {
        return region;
    }

    @Override
    public long bytes(String name, long absent) {
        HeapExpression.Option option = option(name);
        return option == null ? absent : bytes(option, name);
    }

    @Override
    public long number(String name, long absent) {
        HeapExpression.Option option = option(name);
        if (option == null) {
            return absent;
        }
        String value = option.value();
        boolean isHexadecimal = value.startsWith("0x");
        String digits = isHexadecimal ? value.substring(2) : value;
        try {
            if (!digits.startsWith("-") && !digits.startsWith("+")) {
                return Long.parseLong(digits, isHexadecimal ? 16 : 10);
            }
        } catch (NumberFormatException e) {
            throw bad(option, name, "a whole number");
        }
        throw bad(option, name, "a whole number");
    }

    @Override
    public double rate(String name, double absent) {
        HeapExpression.Option option = option(name);
        if (option == null) {
            return absent;
        }
        try {
            double rate = isDecimal(option.value()) ? Double.parseDouble(option.value()) : -1;
            if (rate >= 0 && rate <= 1) {
                return rate;
            }
        } catch (NumberFormatException e) {
            throw bad(option, name, "a rate: a number between 0 and 1");
        }
        throw bad(option, name, "a rate: a number between 0 and 1");
    }

    /// Java also reads `0.5f` and `0x1p-1`.
    private static boolean isDecimal(String value) {
        for (int i = 0; i < value.length(); i++) {
            if ("0123456789.eE-".indexOf(value.charAt(i)) < 0) {
                return false;
            }
        }
        return true;
    }

    @Override
    public boolean isOn(String name) {
        HeapExpression.Option option = option(name);
        if (option == null || option.value().equals("off")) {
            return false;
        }
        if (option.value().equals("on")) {
            return true;
        }
        throw bad(option, name, "on or off");
    }

    @Override
    public Heap inner() {
        innerAsked = true;
        List<HeapExpression> inner = expression.inner();
        if (inner.isEmpty()) {
            throw tooFew();
        }
        if (inner.size() > 1) {
            throw wrong(inner.get(1).column(), expression.name() + " takes one inner heap");
        }
        if (inner.get(0).bound() != null) {
            throw wrong(inner.get(0).bound().column(), expression.name() + " takes no size");
        }
        return build(text, inner.get(0), region, shared);
    }

    @Override
    public List<Part> parts(int least) {
        innerAsked = true;
        List<HeapExpression> inner = expression.inner();
        if (inner.size() < least) {
            throw tooFew();
        }
        Region[] regions = region.divide(inner.size());
        List<Part> parts = new ArrayList<>();
        for (int i = 0; i < regions.length; i++) {
            Heap heap = build(text, inner.get(i), regions[i], shared);
            parts.add(new Part(boundOf(inner.get(i)), regions[i], heap));
        }
        return parts;
    }

    private long boundOf(HeapExpression part) {
        if (part.bound() == null || part.bound().value().equals("*")) {
            return Long.MAX_VALUE;
        }
        return bytes(part.bound(), "");
    }

    private Wrong tooFew() {
        return wrong(
                expression.column(),
                expression.name()
                        + " takes inner heaps: "
                        + expression.name()
                        + "("
                        + provider.inner()
                        + ")");
    }

    private long bytes(HeapExpression.Option option, String name) {
        String value = option.value();
        int shift =
                switch (Character.toLowerCase(value.charAt(value.length() - 1))) {
                    case 'k' -> 10;
                    case 'm' -> 20;
                    case 'g' -> 30;
                    default -> 0;
                };
        String digits = shift == 0 ? value : value.substring(0, value.length() - 1);
        String size = "a size: a number above 0, with k, m or g if you like";
        if (!isNumber(digits)) {
            throw bad(option, name, size);
        }
        long number;
        try {
            number = Long.parseLong(digits);
        } catch (NumberFormatException e) {
            throw tooLarge(option, name);
        }
        if (number > Long.MAX_VALUE >> shift) {
            throw tooLarge(option, name);
        }
        if (number == 0) {
            throw bad(option, name, size);
        }
        return number << shift;
    }

    private static boolean isNumber(String digits) {
        for (int i = 0; i < digits.length(); i++) {
            if (digits.charAt(i) < '0' || digits.charAt(i) > '9') {
                return false;
            }
        }
        return !digits.isEmpty();
    }

    private Wrong tooLarge(HeapExpression.Option option, String name) {
        String written = name.isEmpty() ? option.value() : name + "=" + option.value();
        String most = " is too large: a size is at most " + Long.MAX_VALUE + " bytes";
        return wrong(option.column(), written + most);
    }

    private Wrong bad(HeapExpression.Option option, String name, String wanted) {
        String written = name.isEmpty() ? option.value() : name + "=" + option.value();
        return wrong(option.column(), written + " is not " + wanted);
    }

    private String optionNames() {
        StringBuilder names = new StringBuilder();
        for (HeapOption option : provider.options()) {
            names.append(names.length() == 0 ? "" : ", ").append(option.name());
        }
        return names.length() == 0 ? "none" : names.toString();
    }

    private Wrong wrong(int column, String what) {
        return new Wrong("heap '" + text + "', column " + column + ": " + what);
    }
}
