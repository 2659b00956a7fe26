/* underflow.c: the bytes before a block are written, then the block is freed. For heaps that keep a header there
 * and check it. */
#include "misuse.h"

int main(void) {
    char *before = malloc(40), *block = malloc(40), *after = malloc(40);
    CHECK(before != NULL && block != NULL && after != NULL);
    allocate_company();
    planted(block);
    memset((char *)escape(block) - 8, 0x41, 8);
    free(escape(block));
    return survived();
}
