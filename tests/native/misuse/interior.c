/* interior.c: a pointer into the middle of a block is freed. */
#include "misuse.h"

int main(void) {
    char *block = malloc(256);
    CHECK(block != NULL);
    memset(block, 0, 256);
    allocate_company();
    void *interior = escape(block + 64);
    planted(interior);
    free(interior);
    return survived();
}
