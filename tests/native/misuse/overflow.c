/*
 * overflow.c [BYTES [SKIPPED]]: the BYTES bytes behind a block are written (1), but for the first SKIPPED of them (0).
 * What was asked for is meant, not what is usable.
 */
#include "misuse.h"

int main(int argc, char **argv) {
    char *block = surrounded_block(BLOCK_SIZE);
    planted(block);
    size_t skipped = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    change(block + BLOCK_SIZE + skipped, variant(argc, argv, 1) - skipped);
    return carry_on(block);
}
