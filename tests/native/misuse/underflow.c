/* underflow.c [BYTES [SKIPPED]]: the BYTES bytes before a block are written (1), but for the nearest SKIPPED (0). */
#include "misuse.h"

int main(int argc, char **argv) {
    char *block = surrounded_block(BLOCK_SIZE);
    size_t bytes = variant(argc, argv, 1);
    planted(block);
    size_t skipped = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    change(block - bytes, bytes - skipped);
    return carry_on(block);
}
