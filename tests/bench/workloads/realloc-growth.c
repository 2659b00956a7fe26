/*
 * realloc-growth: 16 texts and lists grow beside each other, some by half, some by a few bytes, until each is at its
 * end between 256 bytes and 512 KiB; then it shrinks to what it needs, is given back, and the next one begins.
 */
#include "workload.h"

#define STEPS   4800000
#define BLOCKS  16
#define FEW     48
#define SHRINKS 8 /* an eighth less */

struct growing {
    void *block;
    size_t size, end;
};

static void begin(struct growing *growing, struct random *random) {
    growing->size = 16;
    growing->end = random_size(random, 8, 19);
    growing->block = take(growing->size);
}

/* Each second one doubles by halves; the others are appended to, as texts are, until that would take too long. */
static size_t larger(const struct growing *growing, size_t which) {
    size_t by_half = growing->size + growing->size / 2;
    return which % 2 == 0 || growing->size > 4096 ? by_half : growing->size + FEW;
}

size_t realloc_growth(double scale) {
    struct growing growing[BLOCKS];
    struct random random = seeded(3);
    size_t steps = scaled(STEPS, scale), operations = BLOCKS;
    for (size_t i = 0; i < BLOCKS; i++)
        begin(&growing[i], &random);
    for (size_t step = 0; step < steps; step++) {
        size_t which = below(&random, BLOCKS);
        struct growing *one = &growing[which];
        size_t wanted = one->size < one->end ? larger(one, which) : one->size - one->size / SHRINKS;
        one->block = resize(one->block, one->size, wanted);
        operations++;
        if (wanted < one->size) {
            give(one->block, wanted);
            begin(one, &random);
            operations += 2;
        } else {
            one->size = wanted;
        }
    }
    for (size_t i = 0; i < BLOCKS; i++)
        give(growing[i].block, growing[i].size);
    return operations + BLOCKS;
}
