/* scattered-10000: 10,000 blocks of 64 bytes are taken, then given back in scattered order, as a tree's nodes are. */
#include "workload.h"

#define ROUNDS 6400
#define BLOCKS 10000
#define STEP   3877 /* has no common factor with BLOCKS: every block comes once */

size_t scattered(double scale) {
    static void *blocks[BLOCKS];
    size_t rounds = scaled(ROUNDS, scale);
    for (size_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < BLOCKS; i++)
            blocks[i] = take(64);
        for (size_t i = 0; i < BLOCKS; i++)
            give(blocks[i * STEP % BLOCKS], 64);
    }
    return 2 * BLOCKS * rounds;
}
