package io.javalloc;

/// What became of a request for memory. After `Allocation` of the Vais module `std/allocator`.
///
/// @param address of the block; 0 if there was no memory for it
/// @param size    the bytes that may be used, at least those that were asked for; 0 if there was no
///                memory
public record Allocation(long address, long size) {

    /// There was no memory.
    public static final Allocation FAILED = new Allocation(0, 0);

    /// Whether there was no memory.
    public boolean isFailed() {
        return address == 0;
    }
}
