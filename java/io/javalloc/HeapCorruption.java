package io.javalloc;

/// The heap found itself damaged, or was handed a pointer that it never gave out. There is no way
/// to go on safely: in a C program the bridge prints the message with the process id and aborts.
public final class HeapCorruption extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /// @param message what happened and to which block; shown to the user as it is
    public HeapCorruption(String message) {
        super(message, null, false, false);
    }

    /// @param message what happened, in a sentence without a full stop
    /// @param address the block or pointer that it happened to; appended in hexadecimal
    public HeapCorruption(String message, long address) {
        this(message + ": 0x" + Long.toHexString(address));
    }
}
