/*
 * short-threads: threads are made one after the other; each lives for 10 blocks, of which it gives back 9 itself and
 * leaves one to who waits for it, as a thread does that computes a result.
 */
#include "workload.h"

#define LIVES  80000
#define BLOCKS 10

struct life {
    struct random random;
    void *result;
    size_t size;
};

static void live(void *argument) {
    struct life *life = argument;
    void *blocks[BLOCKS];
    size_t sizes[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
        sizes[i] = random_size(&life->random, 4, 10);
        blocks[i] = take(sizes[i]);
    }
    for (int i = 1; i < BLOCKS; i++)
        give(blocks[i], sizes[i]);
    life->result = blocks[0];
    life->size = sizes[0];
}

size_t short_threads(double scale) {
    struct life life = {.random = seeded(40)};
    size_t lives = scaled(LIVES, scale);
    for (size_t i = 0; i < lives; i++) {
        on_threads(1, live, &life, sizeof life);
        give(life.result, life.size);
    }
    return 2 * BLOCKS * lives;
}
