/* overflow.c: a byte after the end of a block is written, then the block is freed. For heaps that check it
 * (hare, checked); others survive. */
#include "misuse.h"

int main(void) {
    char *before = malloc(40), *block = malloc(40), *after = malloc(40);
    CHECK(before != NULL && block != NULL && after != NULL);
    allocate_company();
    size_t usable = malloc_usable_size(block); /* what comes before it may be written */
    planted(block);
    memset((char *)escape(block) + usable, 0x41, 8);
    free(escape(block));
    return survived();
}
