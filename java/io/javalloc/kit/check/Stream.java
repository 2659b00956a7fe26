package io.javalloc.kit.check;

import io.javalloc.kit.HeapModel;
import io.javalloc.kit.HeapModel.Action;
import io.javalloc.kit.HeapModel.Action.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// Random operations: which ones, on blocks of which sizes.
final class Stream {

    private static final int MOST_ACTIONS = 200;

    /// Each kind as often as it is to be chosen.
    private static final Kind[] KINDS = {
        Kind.ALLOCATE,
        Kind.ALLOCATE,
        Kind.ALLOCATE,
        Kind.ALLOCATE,
        Kind.ALLOCATE,
        Kind.ALLOCATE,
        Kind.ALLOCATE_ZEROED,
        Kind.ALLOCATE_ZEROED,
        Kind.ALLOCATE_ZEROED,
        Kind.FREE,
        Kind.FREE,
        Kind.FREE,
        Kind.FREE,
        Kind.FREE,
        Kind.FREE,
        Kind.REALLOCATE,
        Kind.REALLOCATE,
        Kind.REALLOCATE,
        Kind.REALLOCATE,
        Kind.REFUSE_COMMITS,
        Kind.GRANT_COMMITS,
        Kind.GRANT_COMMITS,
    };

    /// Bounds of sizes, each as often as it is to be chosen.
    private static final int[] BOUNDS = {
        64, 128, 128, 128, 500, 5_000, 5_000, 5_000, 80_000, 80_000, 600_000
    };

    private Stream() {}

    /// The stream that a seed stands for.
    static List<Action> of(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int length = random.nextInt(1, MOST_ACTIONS);
        List<Action> actions = new ArrayList<>();
        for (int i = 0; i < length; i++) {
            Kind kind = KINDS[random.nextInt(KINDS.length)];
            actions.add(new Action(kind, size(random), logAlignment(random), random.nextInt(1000)));
        }
        return actions;
    }

    private static long size(SplittableRandom random) {
        if (random.nextInt(5) == 0) {
            return (1L << random.nextInt(4, 19)) + random.nextInt(-1, 2);
        }
        return random.nextInt(1, BOUNDS[random.nextInt(BOUNDS.length)]);
    }

    private static int logAlignment(SplittableRandom random) {
        return switch (random.nextInt(9)) {
            case 0, 1 -> random.nextInt(5, 13);
            case 2 -> random.nextInt(13, 20);
            default -> 4;
        };
    }

    /// Does the actions with a heap, and looks at everything now and then.
    ///
    /// @param checkEvery so many steps apart
    static void play(List<Action> actions, HeapModel model, int checkEvery) {
        for (int i = 0; i < actions.size(); i++) {
            model.apply(actions.get(i));
            if (i % checkEvery == checkEvery - 1) {
                model.checkAll();
            }
        }
        model.checkAll();
        model.grantCommits();
        while (model.liveBlocks() > 0) {
            model.free(actions.get(model.liveBlocks() % actions.size()).pick());
        }
        model.checkAll();
    }
}
