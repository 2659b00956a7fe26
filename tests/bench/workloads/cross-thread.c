/*
 * cross-thread: 4 threads and a table of 4,096 blocks that belongs to all of them. Each puts new blocks into random
 * places and gives back what was there: three of four blocks end on another thread than they began on.
 */
#include "workload.h"

#include <stdatomic.h>

#define REPLACED 32000000
#define PLACES   4096

/* The size stands in the block, as whoever gives it back has not taken it. */
struct parcel {
    uint32_t stamped;
    uint32_t size;
};

struct worker {
    struct random random;
    size_t count;
};

static _Atomic(struct parcel *) places[PLACES];

static struct parcel *pack(size_t size) {
    struct parcel *parcel = take(size);
    parcel->size = (uint32_t)size;
    return parcel;
}

static void work(void *argument) {
    struct worker *worker = argument;
    for (size_t i = 0; i < worker->count; i++) {
        struct parcel *mine = pack(random_size(&worker->random, 4, 10));
        struct parcel *other = atomic_exchange(&places[below(&worker->random, PLACES)], mine);
        if (other != NULL)
            give(other, other->size);
    }
}

size_t cross_thread(double scale) {
    static struct worker workers[THREADS];
    size_t count = scaled(REPLACED / THREADS, scale);
    for (int i = 0; i < THREADS; i++)
        workers[i] = (struct worker){seeded(20 + (uint64_t)i), count};
    on_threads(THREADS, work, workers, sizeof *workers);
    for (size_t i = 0; i < PLACES; i++) {
        struct parcel *left = atomic_exchange(&places[i], NULL);
        if (left != NULL)
            give(left, left->size);
    }
    return 2 * THREADS * count; /* each block that was taken is given back */
}
