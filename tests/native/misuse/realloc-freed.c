/* realloc-freed.c: a block that was freed is given to realloc. */
#include "misuse.h"

int main(void) {
    char *block = surrounded_block(BLOCK_SIZE), *again = escape(block);
    planted(block);
    free(block);
    void *moved = realloc(again, 4000);
    CHECK(moved != NULL);
    return carry_on(moved);
}
