/* double-free.c [OTHERS]: a small block is freed twice, and OTHERS others of its size are freed in between (1). */
#include "misuse.h"

int main(int argc, char **argv) {
    static void *others[1000];
    size_t count = variant(argc, argv, 1);
    CHECK(count <= 1000);
    for (size_t i = 0; i < count; i++)
        CHECK((others[i] = malloc(BLOCK_SIZE)) != NULL);
    char *block = surrounded_block(BLOCK_SIZE), *again = escape(block);
    planted(block);
    free(block);
    for (size_t i = 0; i < count; i++)
        free(others[i]);
    free(again);
    return carry_on(NULL);
}
