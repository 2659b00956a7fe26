/* write-after-free.c: a block is written to after it was freed, while nobody else has it. */
#include "misuse.h"

int main(void) {
    char *block = surrounded_block(BLOCK_SIZE), *freed = escape(block);
    planted(block);
    free(block);
    change(freed + 16, 16); /* not where free lists have their links */
    return carry_on(NULL);
}
