package io.javalloc.kit;

/// How addresses are written in messages: the region lies elsewhere in every run, what a heap does
/// in it does not.
public final class Place {

    private Place() {}

    /// The address in words.
    ///
    /// @param base  the first address of the region
    /// @param limit the first address behind it; one that is in use counts to the region
    public static String of(long address, long base, long limit) {
        String hex = Long.toHexString(address - base);
        return address >= base && address <= limit
                ? "base + 0x" + hex
                : "0x" + Long.toHexString(address);
    }
}
