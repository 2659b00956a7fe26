/* sized-free.c [SIZE]: a block of 100 bytes is freed as one of SIZE bytes (200), by C23's free_sized. */
#include "misuse.h"

/* glibc 2.36 has none. */
extern void free_sized(void *block, size_t size) __attribute__((weak));

int main(int argc, char **argv) {
    if (free_sized == NULL) {
        printf("left out\n");
        return 77;
    }
    char *block = surrounded_block(BLOCK_SIZE);
    planted(block);
    free_sized(block, variant(argc, argv, 2 * BLOCK_SIZE));
    return carry_on(NULL);
}
