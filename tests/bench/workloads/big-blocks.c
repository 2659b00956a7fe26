/*
 * big-blocks: 32 blocks of 64 KiB to 8 MiB with random lifetimes, as images and buffers of files are; a byte of each
 * page is written, so that memory that went back to the system has to be got again.
 */
#include "workload.h"

#define REPLACED 16000
#define BLOCKS   32
#define PAGE     4096

static void write_pages(void *block, size_t size) {
    volatile char *bytes = block;
    for (size_t i = PAGE; i + 1 < size; i += PAGE)
        bytes[i] = 1;
}

size_t big_blocks(double scale) {
    static void *blocks[BLOCKS];
    static size_t sizes[BLOCKS];
    struct random random = seeded(2);
    size_t count = scaled(REPLACED, scale), operations = 0;
    for (size_t i = 0; i < count; i++) {
        size_t slot = below(&random, BLOCKS);
        if (blocks[slot] != NULL) {
            give(blocks[slot], sizes[slot]);
            operations++;
        }
        sizes[slot] = random_size(&random, 16, 23);
        blocks[slot] = take(sizes[slot]);
        operations++;
        write_pages(blocks[slot], sizes[slot]);
    }
    for (size_t slot = 0; slot < BLOCKS; slot++)
        if (blocks[slot] != NULL) {
            give(blocks[slot], sizes[slot]);
            operations++;
        }
    return operations;
}
