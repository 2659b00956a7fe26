/* standard.c: the rules of the C standard, POSIX and glibc for every way to a new block, and for free, one by one.
 * hosted: yes */
#include "check.h"
#include "doors.h"

enum { UNTOUCHED = 12345 };

static void a_size_of_zero_gives_a_block_of_its_own(void) {
    enum { ROUNDS = 20 };
    void *blocks[ROUNDS * DOORS];
    size_t count = 0;
    for (int round = 0; round < ROUNDS; round++)
        for (int d = 0; d < DOORS; d++) {
            void *block = doors[d].allocate(0);
            CHECK(block != NULL, "%s, n = 0", doors[d].name);
            for (size_t i = 0; i < count; i++)
                CHECK(block != blocks[i], "%s, n = 0", doors[d].name);
            blocks[count++] = block;
        }
    void *no_elements = calloc(0, 8), *no_bytes = calloc(8, 0);
    CHECK(no_elements != NULL && no_bytes != NULL && no_elements != no_bytes);
    free(no_elements);
    free(no_bytes);
    for (size_t i = 0; i < count; i++)
        free(blocks[i]);
}

static void more_than_the_address_space_fails_with_ENOMEM(void) {
    const size_t sizes[] = {(size_t)1 << 47,   PTRDIFF_MAX - 65536, PTRDIFF_MAX - 1,  PTRDIFF_MAX,
                            PTRDIFF_MAX + 1ul, PTRDIFF_MAX + 17ul,  SIZE_MAX / 4 * 3, SIZE_MAX - 65535,
                            SIZE_MAX - 4096,   SIZE_MAX - 4095,     SIZE_MAX - 16,    SIZE_MAX - 15,
                            SIZE_MAX - 7,      SIZE_MAX - 1,        SIZE_MAX};
    for (int d = 0; d < DOORS; d++)
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            errno = 0;
            void *block = doors[d].allocate(sizes[i]);
            CHECK(block == NULL, "%s, n = 0x%zx", doors[d].name, sizes[i]);
            CHECK(errno == ENOMEM, "%s, n = 0x%zx: errno %d", doors[d].name, sizes[i], errno);
        }
}

static void calloc_and_reallocarray_refuse_a_product_that_overflows(void) {
    const size_t factors[][2] = {{SIZE_MAX, 2},
                                 {2, SIZE_MAX},
                                 {SIZE_MAX / 2 + 1, 2},
                                 {SIZE_MAX / 16 + 1, 16},
                                 {16, SIZE_MAX / 16 + 2},
                                 {(size_t)1 << 32, (size_t)1 << 32},
                                 {((size_t)1 << 32) + 1, (size_t)1 << 32},
                                 {SIZE_MAX, SIZE_MAX}};
    unsigned char *block = malloc(100);
    CHECK(block != NULL);
    fill(block, 100, 1);
    for (size_t i = 0; i < sizeof factors / sizeof factors[0]; i++) {
        size_t count = factors[i][0], size = factors[i][1];
        errno = 0;
        CHECK(calloc(count, size) == NULL, "0x%zx times 0x%zx", count, size);
        CHECK_EQ(errno, ENOMEM);
        errno = 0;
        CHECK(reallocarray(NULL, count, size) == NULL, "0x%zx times 0x%zx", count, size);
        CHECK_EQ(errno, ENOMEM);
        errno = 0;
        CHECK(reallocarray(block, count, size) == NULL, "0x%zx times 0x%zx", count, size);
        CHECK_EQ(errno, ENOMEM);
        verify(block, 100, 1);
    }
    free(block);
}

static void calloc_zeroes_memory_that_was_used_before(void) {
    enum { LIVE = 16 };
    const size_t sizes[] = {1, 8, 16, 24, 100, 128, 1000, 1024, 4000, 5000, 32768, 40000, 131072, 200000, 3 << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t live = sizes[i] > 100000 ? 2 : LIVE;
        void *blocks[LIVE];
        for (size_t b = 0; b < live; b++) {
            blocks[b] = malloc(sizes[i]);
            CHECK(blocks[b] != NULL);
            memset(blocks[b], 0xa5, sizes[i]);
            escape(blocks[b]);
        }
        for (size_t b = 0; b < live; b++)
            free(blocks[b]);
        for (size_t b = 0; b < live; b++) {
            blocks[b] = b % 2 ? calloc(1, sizes[i]) : calloc(sizes[i], 1);
            CHECK(blocks[b] != NULL);
            zeroed(blocks[b], sizes[i]);
        }
        for (size_t b = 0; b < live; b++)
            free(blocks[b]);
    }
}

static void calloc_zeroes_a_piece_of_a_dirty_larger_block(void) {
    void *dirty = malloc(60000), *pieces[50];
    CHECK(dirty != NULL);
    memset(dirty, 0xa5, 60000);
    free(escape(dirty));
    for (int i = 0; i < 50; i++) {
        pieces[i] = calloc(10, 100);
        CHECK(pieces[i] != NULL);
        zeroed(pieces[i], 1000);
    }
    for (int i = 0; i < 50; i++)
        free(pieces[i]);
}

static void every_block_has_the_alignment_of_its_door(void) {
    static void *blocks[4200];
    size_t count = 0;
    for (size_t size = 0; size <= 4096; size++)
        blocks[count++] = doors[size % 6].allocate(size);
    for (size_t size = 8192; size < (8 << 20); size = size * 2 + 1)
        blocks[count++] = malloc(size);
    for (size_t i = 0; i < count; i++)
        CHECK(blocks[i] != NULL && is_aligned(blocks[i], 16), "block %p", blocks[i]);
    for (size_t i = 0; i < count; i++)
        free(blocks[i]);
    for (int d = 0; d < DOORS; d++)
        for (size_t size = 0; size < 20000; size += 1 + size / 3) {
            void *block = doors[d].allocate(size);
            CHECK(block != NULL && is_aligned(block, doors[d].alignment), "%s, n = %zu: %p", doors[d].name, size,
                  block);
            free(block);
        }
}

static void success_leaves_errno_alone(void) {
    for (int d = 0; d < DOORS; d++)
        for (size_t size = 0; size < (64 << 20); size = size * 7 + 1) {
            errno = UNTOUCHED;
            void *block = doors[d].allocate(size);
            CHECK(block != NULL && errno == UNTOUCHED, "%s, n = %zu: errno %d", doors[d].name, size, errno);
            block = realloc(block, size * 2 + 1);
            CHECK(block != NULL && errno == UNTOUCHED, "realloc to %zu: errno %d", size * 2 + 1, errno);
            CHECK(malloc_usable_size(block) > size * 2 && errno == UNTOUCHED);
            free(block);
            CHECK(errno == UNTOUCHED, "free of %zu: errno %d", size * 2 + 1, errno);
        }
    errno = UNTOUCHED;
    free(NULL);
    CHECK_EQ(errno, UNTOUCHED);
}

int main(int argc, char **argv) {
    check_begin("standard", argc, argv);
    a_size_of_zero_gives_a_block_of_its_own();
    more_than_the_address_space_fails_with_ENOMEM();
    calloc_and_reallocarray_refuse_a_product_that_overflows();
    calloc_zeroes_memory_that_was_used_before();
    calloc_zeroes_a_piece_of_a_dirty_larger_block();
    every_block_has_the_alignment_of_its_door();
    success_leaves_errno_alone();
    return check_end();
}
