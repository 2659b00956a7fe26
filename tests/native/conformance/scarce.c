/* scarce.c: where memory is scarce, what the program has freed serves it again at once, in blocks of another size, too:
 * what lies in magazines and between them was lost until the helper came. Run it on slab(max=4m).
 * hosted: no */
#include "check.h"

enum { SMALL = 64, MOST = 1 << 17, LARGE_BYTES = 2 << 20, ROUNDS = 20 };

static void *blocks[MOST];

static size_t fill_up(size_t least, size_t steps) {
    size_t count = 0;
    while (count < MOST && (blocks[count] = malloc(least + count % steps)) != NULL)
        count++;
    CHECK(count > 100 && count < MOST, "%zu blocks", count);
    return count;
}

static void free_all(size_t count) {
    while (count > 0)
        free(blocks[--count]);
}

int main(int argc, char **argv) {
    check_begin("scarce", argc, argv);
    for (int round = 0; round < ROUNDS; round++) {
        size_t count = fill_up(SMALL, 1);
        void *first = blocks[0];
        CHECK(realloc(first, LARGE_BYTES) == NULL);
        for (size_t i = 1; i < count; i++)
            free(blocks[i]);
        void *large = round % 2 == 0 ? malloc(LARGE_BYTES) : realloc(first, LARGE_BYTES);
        CHECK(large != NULL, "round %d", round);
        if (round % 2 == 0)
            free(first);
        free(large);
        free_all(fill_up(1, 3000));
        large = aligned_alloc(4096, LARGE_BYTES);
        CHECK(large != NULL, "round %d", round);
        free(large);
    }
    return check_end();
}
