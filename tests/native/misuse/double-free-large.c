/* double-free-large.c: a block of 100 KB is freed twice, with other calls in between. */
#include "misuse.h"

int main(void) {
    void *block = malloc(100000), *after = malloc(100000);
    CHECK(block != NULL && after != NULL);
    allocate_company();
    void *again = escape(block);
    planted(block);
    free(block);
    free(company[1]);
    free(again);
    return survived();
}
