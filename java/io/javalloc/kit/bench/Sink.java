package io.javalloc.kit.bench;

import java.io.IOException;

/// Takes what is measured, as it comes.
public interface Sink {

    /// What a run took.
    void add(Sample sample) throws IOException;

    /// What single calls took.
    void add(Latency latency) throws IOException;
}
