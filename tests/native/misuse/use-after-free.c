/* use-after-free.c: a block is written after it was freed, and then others of its size are allocated. For heaps
 * that poison what is free (hare, checked); others survive. */
#include "misuse.h"

int main(void) {
    char *before = malloc(40), *block = malloc(40), *after = malloc(40);
    CHECK(before != NULL && block != NULL && after != NULL);
    allocate_company();
    char *freed = escape(block);
    planted(block);
    free(block);
    memset(freed + 16, 0x41, 16); /* not where free lists have their links */
    escape(freed);
    for (int i = 0; i < 1000; i++)
        CHECK(escape(malloc(40)) != NULL);
    return survived();
}
