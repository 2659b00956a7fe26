/* double-free-large.c [OTHERS]: a block of 100 KB is freed twice, and OTHERS others of its size are freed in between
 * (1). */
#include "misuse.h"

int main(int argc, char **argv) {
    static void *others[100];
    size_t count = variant(argc, argv, 1);
    CHECK(count <= 100);
    for (size_t i = 0; i < count; i++)
        CHECK((others[i] = malloc(LARGE_SIZE)) != NULL);
    char *block = surrounded_block(LARGE_SIZE), *again = escape(block);
    planted(block);
    free(block);
    for (size_t i = 0; i < count; i++)
        free(others[i]);
    free(again);
    return carry_on(NULL);
}
