/* huge.c: sizes that no memory has, and products that overflow, are asked for. Each must be refused, with ENOMEM, and
 * leave all blocks as they are. */
#include "misuse.h"

static void refused(void *answer) {
    CHECK(answer == NULL, "%p", answer);
    CHECK_EQ(errno, ENOMEM);
    errno = 0;
}

int main(void) {
    /* Volatile: or the compiler warns of them. */
    static const volatile size_t sizes[] = {SIZE_MAX, SIZE_MAX - 63, (size_t)PTRDIFF_MAX + 1};
    char *block = surrounded_block(BLOCK_SIZE);
    planted(block);
    errno = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        refused(malloc(sizes[i]));
        refused(calloc(1, sizes[i]));
        refused(calloc(sizes[i], 1));
        refused(realloc(escape(block), sizes[i]));
        refused(aligned_alloc(64, sizes[i]));
        refused(memalign(4096, sizes[i]));
    }
    volatile size_t wraps = SIZE_MAX / 16 + 2; /* times 16 it is 16 */
    refused(calloc(wraps, 16));
    refused(calloc(16, wraps));
    refused(reallocarray(escape(block), wraps, 16));
    refused(reallocarray(escape(block), 16, wraps));
    verify(block, BLOCK_SIZE, BLOCK_SIZE);
    for (size_t i = 0; i < 20; i++)
        if (company[i] != NULL)
            verify(company[i], 200 + 40 * i, i);
    printf("all were refused\n");
    return carry_on(block);
}
