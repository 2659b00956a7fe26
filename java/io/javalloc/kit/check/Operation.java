package io.javalloc.kit.check;

import io.javalloc.kit.Place;

/// The calls of a heap, as they are recorded and told.
enum Operation {
    NONE(0, ""),
    ALLOCATE(1, "allocate"),
    ALLOCATE_ZEROED(2, "allocateZeroed"),
    FREE(3, "free"),
    REALLOCATE(4, "reallocate"),
    USABLE_SIZE(5, "usableSize"),
    VERIFY(6, "verify"),
    WALK(7, "walk"),
    TRIM(8, "trim"),
    AT_EXIT(9, "atExit"),
    FREE_SIZED(10, "freeSized"),
    FILL(11, "fill"),
    FLUSH(12, "flush"),
    PUBLISH(13, "publish"),
    PURGE(14, "purge");

    private final int code;
    private final String method;

    Operation(int code, String method) {
        this.code = code;
        this.method = method;
    }

    /// The number that stands for it in a [Slot].
    int code() {
        return code;
    }

    static Operation of(int code) {
        for (Operation operation : values()) {
            if (operation.code == code) {
                return operation;
            }
        }
        throw new IllegalArgumentException("there is no operation " + code);
    }

    /// The call in words.
    ///
    /// @param a     its first argument
    /// @param b     its second argument
    /// @param base  the first address of the region
    /// @param limit the first address behind it
    String describe(long a, long b, long base, long limit) {
        return switch (this) {
            case NONE -> "";
            case ALLOCATE, ALLOCATE_ZEROED -> method + "(" + a + ", " + b + ")";
            case REALLOCATE, FREE_SIZED -> method + "(" + Place.of(a, base, limit) + ", " + b + ")";
            case FREE, USABLE_SIZE -> method + "(" + Place.of(a, base, limit) + ")";
            case FILL, FLUSH -> method + "(" + a + ", slots, " + b + ")";
            case TRIM -> method + "(" + a + ")";
            case VERIFY, WALK, AT_EXIT, PUBLISH, PURGE -> method + "()";
        };
    }
}
