/* underflow.c [BYTES]: the BYTES bytes before a block are written (1). */
#include "misuse.h"

int main(int argc, char **argv) {
    char *block = surrounded_block(BLOCK_SIZE);
    size_t bytes = variant(argc, argv, 1);
    planted(block);
    change(block - bytes, bytes);
    return carry_on(block);
}
