/* double-free-reused.c: a block is freed, handed out again, and freed by who had it first: the block is another's, and
 * there is nothing wrong with it until that one frees it, too. */
#include "misuse.h"

int main(void) {
    char *block = surrounded_block(BLOCK_SIZE), *again = escape(block), *owner;
    planted(block);
    free(block);
    for (int i = 0; i < 1000; i++) { /* or until it comes back */
        CHECK((owner = escape(malloc(BLOCK_SIZE))) != NULL);
        if (owner == again)
            break;
    }
    free(again);
    return carry_on(owner);
}
