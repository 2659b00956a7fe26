/* write-after-free-reused.c: a block is written to after it was freed and handed out again, so that another's contents
 * change. */
#include "misuse.h"

int main(void) {
    char *block = surrounded_block(BLOCK_SIZE), *freed = escape(block), *owner;
    planted(block);
    free(block);
    for (int i = 0; i < 1000; i++) { /* or until it comes back */
        CHECK((owner = escape(malloc(BLOCK_SIZE))) != NULL);
        fill(owner, BLOCK_SIZE, 1);
        if (owner == freed)
            break;
    }
    change(freed + 16, 16);
    return carry_on(owner);
}
