/* unaligned.c: a pointer one byte into a block is freed: it cannot be one that malloc returned. */
#include "misuse.h"

int main(void) {
    char *block = surrounded_block(256);
    void *unaligned = escape(block + 1);
    planted(unaligned);
    free(unaligned);
    return carry_on(NULL);
}
