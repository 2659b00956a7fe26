/* overflow.c [BYTES]: the BYTES bytes behind a block are written (1). What was asked for is meant, not what is usable.
 */
#include "misuse.h"

int main(int argc, char **argv) {
    char *block = surrounded_block(BLOCK_SIZE);
    planted(block);
    change(block + BLOCK_SIZE, variant(argc, argv, 1));
    return carry_on(block);
}
