package io.javalloc;

import io.javalloc.memory.Region;

/// What a piece of memory has to be like: how many bytes, and at what addresses it may start. For
/// Java programs that call a heap themselves: [Heap#allocate(Layout)].
///
/// After `Layout` of the Vais module `std/allocator`. Different from the document, on purpose: what
/// is no layout (a negative size, an alignment that is no power of two, a size that overflows) is
/// refused, and the elements of an array are padded to their alignment, so that each of them has
/// it.
///
/// @param size      bytes, 0 or more
/// @param alignment power of two that the address is a multiple of
public record Layout(long size, long alignment) {

    /// @throws IllegalArgumentException if the size is negative, the alignment no power of two, or
    ///     the two together more than an address can count
    public Layout {
        if (size < 0) {
            throw new IllegalArgumentException("a layout cannot have a size of " + size);
        }
        if (alignment <= 0 || Long.bitCount(alignment) != 1) {
            throw new IllegalArgumentException(
                    "an alignment is a power of two, and " + alignment + " is none");
        }
        if (size > Long.MAX_VALUE - Math.max(alignment, Heap.MIN_ALIGNMENT)) {
            throw new IllegalArgumentException(
                    "no address range holds " + size + " bytes aligned to " + alignment);
        }
    }

    /// A layout of one's own.
    ///
    /// @throws IllegalArgumentException see the record
    public static Layout of(long size, long alignment) {
        return new Layout(size, alignment);
    }

    /// Of a `byte`, C's `char`.
    public static Layout forByte() {
        return of(Byte.BYTES, Byte.BYTES);
    }

    /// Of a `short`.
    public static Layout forShort() {
        return of(Short.BYTES, Short.BYTES);
    }

    /// Of an `int`: 4 bytes.
    public static Layout forInt() {
        return of(Integer.BYTES, Integer.BYTES);
    }

    /// Of a `long`: 8 bytes.
    public static Layout forLong() {
        return of(Long.BYTES, Long.BYTES);
    }

    /// Of a `float`.
    public static Layout forFloat() {
        return of(Float.BYTES, Float.BYTES);
    }

    /// Of a `double`.
    public static Layout forDouble() {
        return of(Double.BYTES, Double.BYTES);
    }

    /// Of an address: 8 bytes.
    public static Layout forPointer() {
        return of(Long.BYTES, Long.BYTES);
    }

    /// Of elements one behind another, each at a multiple of its alignment.
    ///
    /// @param elementSize      bytes of one, 0 or more
    /// @param elementAlignment power of two
    /// @param count            how many, 0 or more
    /// @throws IllegalArgumentException if there is no such layout, or its size overflows
    public static Layout array(long elementSize, long elementAlignment, long count) {
        Layout element = of(elementSize, elementAlignment);
        long stride = Region.roundUp(element.size, element.alignment);
        if (count < 0 || Math.multiplyHigh(stride, count) != 0 || stride * count < 0) {
            throw new IllegalArgumentException(
                    "no address range holds " + count + " elements of " + stride + " bytes");
        }
        return of(stride * count, elementAlignment);
    }

    /// Of this followed by another, as two fields of a struct in C: padded in between, so that the
    /// second is aligned, and aligned as the stricter of the two. There is no padding behind the
    /// second, so that a third field is laid out as C does; [#array] adds it.
    ///
    /// @throws IllegalArgumentException if the size overflows
    public Layout extend(Layout next) {
        long offset = Region.roundUp(size, next.alignment);
        if (offset < 0 || offset > Long.MAX_VALUE - next.size) {
            throw new IllegalArgumentException(
                    "no address range holds " + size + " bytes and " + next.size + " more");
        }
        return of(offset + next.size, Math.max(alignment, next.alignment));
    }
}
