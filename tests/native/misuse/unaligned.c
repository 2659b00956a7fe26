/* unaligned.c: a pointer one byte into a block is freed: it cannot be one that malloc returned. */
#include "misuse.h"

int main(void) {
    char *block = malloc(256);
    CHECK(block != NULL);
    memset(block, 0, 256);
    allocate_company();
    void *unaligned = escape(block + 1);
    planted(unaligned);
    free(unaligned);
    return survived();
}
