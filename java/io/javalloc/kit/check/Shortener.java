package io.javalloc.kit.check;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/// Makes a list that shows a fault shorter, as long as it shows one: leaves out ever smaller
/// pieces.
final class Shortener {

    private static final int MOST_TRIES = 1000;

    private Shortener() {}

    /// @param list  shows the fault
    /// @param fails whether a list shows a fault
    /// @return a part of the list that does
    static <T> List<T> shorten(List<T> list, Predicate<List<T>> fails) {
        List<T> shortest = list;
        int tries = 0;
        for (int piece = list.size() / 2; piece > 0 && tries < MOST_TRIES; ) {
            boolean isShorter = false;
            for (int from = 0; from < shortest.size() && tries < MOST_TRIES; tries++) {
                List<T> rest = without(shortest, from, piece);
                if (!rest.isEmpty() && fails.test(rest)) {
                    shortest = rest;
                    isShorter = true;
                } else {
                    from += piece;
                }
            }
            piece = isShorter && piece <= shortest.size() ? piece : piece / 2;
        }
        return shortest;
    }

    private static <T> List<T> without(List<T> list, int from, int count) {
        List<T> rest = new ArrayList<>(list.subList(0, from));
        rest.addAll(list.subList(Math.min(list.size(), from + count), list.size()));
        return rest;
    }
}
