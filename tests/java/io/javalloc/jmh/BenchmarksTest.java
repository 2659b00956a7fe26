package io.javalloc.jmh;

import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.Collection;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

class BenchmarksTest {

    /// A measurement that runs beside the tests is no reason to fail.
    private static final String IGNORE_LOCK = "jmh.ignoreLock";

    /// Twice, because the second time finds what the first one has left.
    @Test
    void eachBenchmarkRunsWithEachOfItsParameters() throws RunnerException {
        System.setProperty(IGNORE_LOCK, "true");
        Options twice =
                new OptionsBuilder()
                        .include(BenchmarksTest.class.getPackageName())
                        .mode(Mode.SingleShotTime)
                        .forks(0)
                        .warmupIterations(0)
                        .measurementIterations(2)
                        .shouldFailOnError(true)
                        .verbosity(VerboseMode.SILENT)
                        .build();
        Collection<RunResult> results = new Runner(twice).run();
        assertFalse(results.isEmpty());
    }
}
