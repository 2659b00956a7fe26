/* double-free.c: a small block is freed twice, with other calls in between. */
#include "misuse.h"

int main(void) {
    void *before = malloc(40), *block = malloc(40), *after = malloc(40);
    CHECK(before != NULL && block != NULL && after != NULL);
    allocate_company();
    void *again = escape(block);
    planted(block);
    free(block);
    free(company[1]);
    company[1] = malloc(5000);
    free(again);
    return survived();
}
