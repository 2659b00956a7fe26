package io.javalloc.kit.check;

/// The user's expression makes no heap. The message is for the user.
public final class WrongHeap extends RuntimeException {

    private static final long serialVersionUID = 1L;

    WrongHeap(String message) {
        super(message);
    }
}
