/*
 * fragmentation: 32 MiB of blocks are live, whose sizes change with time: in each of 36 phases two thirds of them,
 * chosen at random, are given back, and as many bytes are taken in blocks of other sizes. What the process has resident
 * more than 32 MiB is what the holes cost. The scale is that of the live bytes.
 */
#include "workload.h"

#include <sys/mman.h>

#define LIVE_BYTES ((size_t)32 << 20)
#define PHASES     36
#define LEAST_SIZE 16

struct block {
    void *start;
    size_t size;
};

/* From 16-31 bytes to 2-4 KiB and back, so that large ones must find room where small ones were. */
static size_t size_in(int phase, struct random *random) {
    static const unsigned powers[] = {5, 8, 4, 10, 6, 11, 5, 9, 7};
    unsigned power = powers[phase % (int)(sizeof powers / sizeof *powers)];
    return random_size(random, power, power + 1);
}

size_t fragmentation(double scale) {
    size_t live_bytes = scaled(LIVE_BYTES, scale), most = live_bytes / LEAST_SIZE + 1;
    struct block *blocks =
        mmap(NULL, most * sizeof *blocks, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (blocks == MAP_FAILED)
        fail("mmap failed", most * sizeof *blocks);
    struct random random = seeded(4);
    size_t live = 0, bytes = 0, operations = 0;
    for (int phase = 0; phase < PHASES; phase++) {
        size_t kept = 0;
        for (size_t i = 0; i < live; i++) {
            if (below(&random, 3) == 0) {
                blocks[kept++] = blocks[i];
                continue;
            }
            give(blocks[i].start, blocks[i].size);
            bytes -= blocks[i].size;
            operations++;
        }
        live = kept;
        while (bytes < live_bytes && live < most) {
            size_t size = size_in(phase, &random);
            blocks[live++] = (struct block){take(size), size};
            bytes += size;
            operations++;
        }
    }
    for (size_t i = 0; i < live; i++)
        give(blocks[i].start, blocks[i].size);
    munmap(blocks, most * sizeof *blocks);
    return operations + live;
}
