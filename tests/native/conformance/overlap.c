/* overlap.c: of many live blocks, sorted by address, each ends before the next begins, usable bytes included.
 * hosted: yes */
#include "check.h"
#include "doors.h"

enum { MOST = 12000, ROUNDS = 4 };

static struct span {
    uintptr_t start;
    size_t usable;
} spans[MOST];

static int by_address(const void *a, const void *b) {
    const struct span *left = a, *right = b;
    return left->start < right->start ? -1 : left->start > right->start;
}

static void allocate(struct span *span, uint64_t *random) {
    const struct door *door = &doors[random_below(random, 4) ? 0 : random_below(random, DOORS)];
    size_t size = random_size(random, random_below(random, 200) ? 8192 : 300000);
    void *block = door->allocate(size);
    CHECK(block != NULL, "%s, n = %zu", door->name, size);
    span->start = (uintptr_t)block;
    span->usable = malloc_usable_size(block);
    CHECK(span->usable >= size, "%s, n = %zu: %zu usable", door->name, size, span->usable);
}

static void no_block_reaches_into_the_next(size_t count) {
    qsort(spans, count, sizeof spans[0], by_address);
    for (size_t i = 1; i < count; i++) {
        size_t length = spans[i - 1].usable > 0 ? spans[i - 1].usable : 1; /* an empty block is still one of its own */
        CHECK(spans[i - 1].start + length <= spans[i].start, "block at 0x%zx, %zu usable; the next at 0x%zx",
              (size_t)spans[i - 1].start, spans[i - 1].usable, (size_t)spans[i].start);
    }
}

int main(int argc, char **argv) {
    check_begin("overlap", argc, argv);
    uint64_t random = check_seed;
    size_t count = scaled(MOST) < MOST ? scaled(MOST) : MOST;
    for (size_t i = 0; i < count; i++)
        allocate(&spans[i], &random);
    no_block_reaches_into_the_next(count);
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < count; i++)
            if (random_below(&random, 3) == 0) {
                free((void *)spans[i].start);
                spans[i].start = 0;
            }
        for (size_t i = 0; i < count; i++)
            if (spans[i].start == 0)
                allocate(&spans[i], &random);
        no_block_reaches_into_the_next(count);
    }
    for (size_t i = 0; i < count; i++)
        free((void *)spans[i].start);
    return check_end();
}
