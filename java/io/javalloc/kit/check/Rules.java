package io.javalloc.kit.check;

import java.util.List;

/// All the rules, in the order in which they are tried: what the others rest on comes first.
final class Rules {

    static final List<Rule> ALL =
            List.of(
                    new ServesBlocks(),
                    new AlignsBlocks(),
                    new PlacesBlocks(),
                    new KeepsBlocksApart(),
                    new KeepsContents(),
                    new TellsUsableSizes(),
                    new ZeroesBlocks(),
                    new Reallocates(),
                    new RefusesHugeSizes(),
                    new ServesGiants(),
                    new SurvivesRefusedMemory(),
                    new RecoversMemory(),
                    new StaysSound(),
                    new ShowsBlocks(),
                    new SurvivesMisuse(),
                    new SurvivesDamage(),
                    new SurvivesRandomOperations(),
                    new ServesThreads(),
                    new ServesBatches(),
                    new MakesNoGarbage());

    private Rules() {}

    /// The rule of that name.
    ///
    /// @throws IllegalArgumentException if there is none; the message lists the names
    static Rule named(String name) {
        for (Rule rule : ALL) {
            if (rule.name().equals(name)) {
                return rule;
            }
        }
        throw new IllegalArgumentException(
                "there is no rule '"
                        + name
                        + "'; there are: "
                        + String.join(", ", Conformance.ruleNames()));
    }
}
