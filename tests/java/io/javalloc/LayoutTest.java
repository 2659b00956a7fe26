package io.javalloc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LayoutTest {

    private static void assertLayout(long size, long alignment, Layout layout) {
        assertEquals(size, layout.size());
        assertEquals(alignment, layout.alignment());
    }

    // ---------------------------------------------------------------- the document's functions

    @Test
    void layout_new_has_the_size_and_the_alignment() {
        assertLayout(100, 8, Layout.of(100, 8));
        assertEquals(Layout.of(100, 8), new Layout(100, 8));
    }

    @Test
    void layout_for_i64_has_8_bytes_aligned_to_8() {
        assertLayout(8, 8, Layout.forLong());
    }

    @Test
    void layout_for_i32_has_4_bytes_aligned_to_4() {
        assertLayout(4, 4, Layout.forInt());
    }

    @Test
    void layout_for_ptr_has_8_bytes_aligned_to_8() {
        assertLayout(8, 8, Layout.forPointer());
    }

    @Test
    void the_other_primitives_are_aligned_to_their_size() {
        assertLayout(1, 1, Layout.forByte());
        assertLayout(2, 2, Layout.forShort());
        assertLayout(4, 4, Layout.forFloat());
        assertLayout(8, 8, Layout.forDouble());
    }

    @Test
    void layout_array_has_as_many_elements() {
        assertLayout(80, 8, Layout.array(8, 8, 10));
        assertLayout(800, 8, Layout.array(8, 8, 100));
        assertLayout(0, 4, Layout.array(4, 4, 0));
        assertLayout(0, 4, Layout.array(0, 4, Long.MAX_VALUE));
    }

    @Test
    void every_element_of_an_array_is_aligned() {
        assertLayout(3 * 16, 8, Layout.array(12, 8, 3));
        assertLayout(3 * 64, 64, Layout.array(1, 64, 3));
    }

    @Test
    void layout_extend_pads_so_that_the_second_is_aligned() {
        assertLayout(12, 8, Layout.forLong().extend(Layout.forInt()));
        assertLayout(16, 8, Layout.forInt().extend(Layout.forLong()));
        assertLayout(64 + 4, 64, Layout.forByte().extend(Layout.of(4, 64)));
    }

    @Test
    void the_documents_struct_of_i64_i32_ptr_accounts_for_padding_and_alignment() {
        Layout base = Layout.forLong();
        Layout layout2 = base.extend(Layout.forInt());
        Layout layout3 = layout2.extend(Layout.forPointer());
        assertLayout(24, 8, layout3);
    }

    @Test
    void fields_are_laid_out_as_C_does_and_an_array_pads_the_whole() {
        Layout packed = Layout.forLong().extend(Layout.forInt()).extend(Layout.forInt());
        assertLayout(16, 8, packed);
        Layout withTail = Layout.forLong().extend(Layout.forByte());
        assertLayout(9, 8, withTail);
        assertLayout(32, 8, Layout.array(withTail.size(), withTail.alignment(), 2));
    }

    // ---------------------------------------------------------------- what is no layout

    @ParameterizedTest
    @CsvSource({"8, 0", "8, 3", "8, -8", "8, -9223372036854775808", "0, 24"})
    void an_alignment_is_a_power_of_two(long size, long alignment) {
        IllegalArgumentException thrown =
                assertThrows(IllegalArgumentException.class, () -> Layout.of(size, alignment));
        assertEquals(
                "an alignment is a power of two, and " + alignment + " is none",
                thrown.getMessage());
    }

    @Test
    void a_size_is_not_negative() {
        assertThrows(IllegalArgumentException.class, () -> Layout.of(-1, 8));
        assertThrows(IllegalArgumentException.class, () -> Layout.array(-8, 8, 1));
        assertThrows(IllegalArgumentException.class, () -> Layout.array(8, 8, -1));
    }

    @Test
    void a_size_that_leaves_no_room_for_its_alignment_is_refused() {
        assertLayout(Long.MAX_VALUE - 16, 1, Layout.of(Long.MAX_VALUE - 16, 1));
        assertThrows(IllegalArgumentException.class, () -> Layout.of(Long.MAX_VALUE - 15, 1));
        assertLayout(1L << 61, 1L << 62, Layout.of(1L << 61, 1L << 62));
        assertThrows(IllegalArgumentException.class, () -> Layout.of(1L << 62, 1L << 62));
    }

    @ParameterizedTest
    @CsvSource({
        "8, 8, 1152921504606846976", // 2^63
        "8, 8, 2305843009213693952", // 2^64
        "16, 16, 1152921504606846977", // 2^64 + 16: wraps round to 16
        "9223372036854775791, 8, 2",
        "9223372036854775791, 8, 9223372036854775807",
        "4611686018427387904, 8, 4",
    })
    void an_array_whose_size_overflows_is_refused(long size, long alignment, long count) {
        assertThrows(IllegalArgumentException.class, () -> Layout.array(size, alignment, count));
    }

    @Test
    void an_extension_whose_size_overflows_is_refused() {
        Layout huge = Layout.of(Long.MAX_VALUE - 16, 1);
        assertThrows(IllegalArgumentException.class, () -> huge.extend(Layout.forLong()));
        assertThrows(IllegalArgumentException.class, () -> huge.extend(huge));
        assertThrows(IllegalArgumentException.class, () -> huge.extend(Layout.of(0, 1L << 62)));
        assertThrows(IllegalArgumentException.class, () -> Layout.forLong().extend(huge));
    }
}
