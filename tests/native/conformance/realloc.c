/* realloc.c: the rules of the C standard and glibc for realloc and reallocarray, one by one.
 * hosted: yes */
#include "check.h"

enum { UNTOUCHED = 12345 };

static void realloc_of_NULL_is_malloc(void) {
    for (size_t size = 0; size < 500000; size = size * 3 + 1) {
        void *block = realloc(NULL, size), *array = reallocarray(NULL, size, 1);
        CHECK(block != NULL && array != NULL && block != array);
        CHECK(malloc_usable_size(block) >= size && malloc_usable_size(array) >= size);
        fill(block, size, 1);
        fill(array, size, 2);
        verify(block, size, 1);
        free(block);
        free(array);
    }
}

static void realloc_to_zero_frees_and_returns_NULL(void) {
    const size_t sizes[] = {0, 1, 100, 5000, 300000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        void *block = malloc(sizes[i]);
        CHECK(block != NULL);
        errno = UNTOUCHED;
        CHECK_EQ(realloc(block, 0), NULL);
        CHECK_EQ(errno, UNTOUCHED);
        block = malloc(sizes[i]);
        CHECK(block != NULL);
        CHECK_EQ(reallocarray(block, 0, 8), NULL);
        CHECK_EQ(errno, UNTOUCHED);
    }
}

/* Blocks beside the one that moves, so that growing in place is not always possible. */
static void realloc_keeps_the_contents(void) {
    uint64_t random = check_seed;
    size_t size = 0, kept = 0;
    unsigned char *block = NULL;
    void *neighbours[64] = {NULL};
    for (uint64_t step = 0; step < scaled(3000); step++) {
        size_t next = 1 + (step % 50 == 0 ? random_size(&random, 4 << 20) : random_size(&random, 70000));
        if (step < 300)
            next = step + 1; /* growing byte by byte, */
        else if (step < 600)
            next = 600 - (size_t)step; /* and shrinking */
        unsigned char *moved = step % 3 ? realloc(block, next) : reallocarray(block, next, 1);
        CHECK(moved != NULL && is_aligned(moved, 16), "realloc from %zu to %zu", size, next);
        kept = size < next ? size : next;
        verify(moved, kept, step);
        block = moved;
        size = next;
        fill(block, size, step + 1);
        size_t other = random_below(&random, 64);
        free(neighbours[other]);
        neighbours[other] = malloc(1 + random_below(&random, 2 * size));
    }
    free(block);
    for (int i = 0; i < 64; i++)
        free(neighbours[i]);
}

static void a_failed_realloc_leaves_the_block_as_it_was(void) {
    const size_t sizes[] = {0, 1, 16, 1000, 40000, 2 << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        void *block = malloc(sizes[i]);
        CHECK(block != NULL);
        fill(block, sizes[i], i);
        const size_t too_large[] = {(size_t)1 << 47, PTRDIFF_MAX, PTRDIFF_MAX + 1ul, SIZE_MAX - 15, SIZE_MAX};
        for (size_t t = 0; t < sizeof too_large / sizeof too_large[0]; t++) {
            errno = 0;
            CHECK(realloc(block, too_large[t]) == NULL, "realloc to 0x%zx", too_large[t]);
            CHECK_EQ(errno, ENOMEM);
            verify(block, sizes[i], i);
        }
        fill(block, sizes[i], i + 100);
        block = realloc(block, sizes[i] + 100);
        CHECK(block != NULL);
        verify(block, sizes[i], i + 100);
        free(block);
    }
}

int main(int argc, char **argv) {
    check_begin("realloc", argc, argv);
    realloc_of_NULL_is_malloc();
    realloc_to_zero_frees_and_returns_NULL();
    realloc_keeps_the_contents();
    a_failed_realloc_leaves_the_block_as_it_was();
    return check_end();
}
