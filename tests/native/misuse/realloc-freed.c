/* realloc-freed.c: a block that was freed is given to realloc. */
#include "misuse.h"

int main(void) {
    void *before = malloc(40), *block = malloc(40), *after = malloc(40);
    CHECK(before != NULL && block != NULL && after != NULL);
    allocate_company();
    void *again = escape(block);
    planted(block);
    free(block);
    void *moved = realloc(again, 4000);
    CHECK(moved != NULL);
    return survived();
}
