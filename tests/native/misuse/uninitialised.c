/* uninitialised.c: new blocks are read before anything was written to them: what a freed block held may be there. */
#include "misuse.h"

int main(void) {
    char *block = surrounded_block(BLOCK_SIZE);
    bool is_old = false;
    planted(block);
    free(block);
    for (int i = 0; i < 1000; i++) {
        char *fresh = escape(malloc(BLOCK_SIZE));
        CHECK(fresh != NULL);
        is_old |= has_old_contents(fresh);
    }
    report_reading(is_old);
    return carry_on(NULL);
}
