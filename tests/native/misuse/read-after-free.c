/* read-after-free.c: a block is read after it was freed. */
#include "misuse.h"

int main(void) {
    char *block = surrounded_block(BLOCK_SIZE), *freed = escape(block);
    planted(block);
    free(block);
    report_reading(has_old_contents(escape(freed)));
    return carry_on(NULL);
}
