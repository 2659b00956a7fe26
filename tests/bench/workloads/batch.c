/* batch-1000: 1,000 small blocks are taken, then given back in the order in which they came, as a compiler's pass does.
 */
#include "workload.h"

#define BATCHES 80000
#define BLOCKS  1000

/* 16 to 128 bytes, in turns. */
static size_t size_of(size_t i) { return 16 + i % 8 * 16; }

size_t batch(double scale) {
    static void *blocks[BLOCKS];
    size_t batches = scaled(BATCHES, scale);
    for (size_t round = 0; round < batches; round++) {
        for (size_t i = 0; i < BLOCKS; i++)
            blocks[i] = take(size_of(i));
        for (size_t i = 0; i < BLOCKS; i++)
            give(blocks[i], size_of(i));
    }
    return 2 * BLOCKS * batches;
}
