package io.javalloc.kit.bench;

/// Something that is known of every run.
public enum Quantity {
    /// Time on the clock, in seconds.
    WALL("wall time", "s"),

    /// Time of processors, in seconds.
    CPU("processor time", "s"),

    /// The most resident memory, in MiB.
    PEAK("peak resident memory", "MiB"),

    /// What is resident when all is freed, in MiB.
    RESIDENT("resident when all is freed", "MiB");

    private static final double KIB_PER_MIB = 1024;

    private final String words;
    private final String unit;

    Quantity(String words, String unit) {
        this.words = words;
        this.unit = unit;
    }

    /// What it is.
    public String words() {
        return words;
    }

    /// In what it is told.
    public String unit() {
        return unit;
    }

    double of(Sample sample) {
        return switch (this) {
            case WALL -> sample.wallNs() / 1e9;
            case CPU -> (sample.userUs() + sample.sysUs()) / 1e6;
            case PEAK -> sample.peakKib() / KIB_PER_MIB;
            case RESIDENT -> sample.residentKib() / KIB_PER_MIB;
        };
    }
}
