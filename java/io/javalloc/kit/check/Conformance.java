package io.javalloc.kit.check;

import io.javalloc.kit.HeapMaker;
import io.javalloc.kit.RuleBroken;
import io.javalloc.kit.check.Verdict.Outcome;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Tries the rules on a heap, in this process: a heap that crashes or does not come back takes it
/// along. [Containment] is for heaps that one does not know.
public final class Conformance {

    private Conformance() {}

    /// The names of the rules, in the order in which they are tried.
    public static List<String> ruleNames() {
        return List.copyOf(claims().keySet());
    }

    /// What each rule demands, by its name, in the order in which they are tried.
    public static Map<String, String> claims() {
        Map<String, String> claims = new LinkedHashMap<>();
        for (Rule rule : Rules.ALL) {
            claims.put(rule.name(), rule.claim());
        }
        return claims;
    }

    /// Tries one rule.
    ///
    /// @throws IllegalArgumentException if there is no such rule
    /// @throws WrongHeap                if the maker says that there is no such heap
    public static Verdict check(String rule, HeapMaker maker, Settings settings) {
        try (Arena arena = Arena.ofShared()) {
            Slot slot = new Slot(arena.allocate(Slot.BYTES, Long.BYTES));
            Rule tried = Rules.named(rule);
            check(tried, maker, settings, slot);
            return verdict(tried, slot);
        }
    }

    /// Tries one rule, and records it.
    static void check(Rule rule, HeapMaker maker, Settings settings, Slot slot) {
        slot.begin(settings.seed());
        Trial trial = new Trial(maker, settings, slot);
        try {
            Finding finding = rule.check(trial);
            if (finding.kind() != Finding.Kind.NOT_TRIED && !trial.hasServed()) {
                slot.end(Slot.State.NOTE, "the heap serves nothing here, so nothing is known");
            } else {
                slot.end(finding.isNote() ? Slot.State.NOTE : Slot.State.HOLDS, finding.text());
            }
        } catch (RuleBroken e) {
            String step = slot.lastStep();
            String message = e.getMessage();
            slot.end(
                    Slot.State.BROKEN,
                    step.isEmpty() || message.contains("\n") ? message : message + "\n" + step);
        } catch (WrongHeap e) {
            slot.end(Slot.State.WRONG_HEAP, e.getMessage());
        }
    }

    /// What a slot says of a rule that has ended.
    static Verdict verdict(Rule rule, Slot slot) {
        Outcome outcome =
                switch (slot.state()) {
                    case HOLDS -> Outcome.OK;
                    case NOTE -> Outcome.NOTE;
                    case BROKEN -> Outcome.BROKEN;
                    case WRONG_HEAP -> throw new WrongHeap(slot.message());
                    case WAITING, RUNNING ->
                            throw new IllegalStateException(rule.name() + " has not ended");
                };
        return Verdict.of(rule, outcome, slot.message(), slot.seed());
    }
}
