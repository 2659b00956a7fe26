/* interior.c: a pointer into the middle of a block is freed. */
#include "misuse.h"

int main(void) {
    char *block = surrounded_block(256);
    void *interior = escape(block + 64);
    planted(interior);
    free(interior);
    return carry_on(NULL);
}
