/* threads-local: 4 threads, each with 2,000 blocks of its own of 16 bytes to 1 KiB: nobody has to wait for anybody. */
#include "slots.h"

#define REPLACED 120000000

struct worker {
    struct slots slots;
    size_t count, operations;
};

static void work(void *argument) {
    struct worker *worker = argument;
    worker->operations = replace(&worker->slots, worker->count, 4, 10);
    worker->operations += clear(&worker->slots);
}

size_t threads_local(double scale) {
    static struct worker workers[THREADS];
    size_t operations = 0;
    for (int i = 0; i < THREADS; i++) {
        workers[i].slots.random = seeded(10 + (uint64_t)i);
        workers[i].count = scaled(REPLACED / THREADS, scale);
    }
    on_threads(THREADS, work, workers, sizeof *workers);
    for (int i = 0; i < THREADS; i++)
        operations += workers[i].operations;
    return operations;
}
