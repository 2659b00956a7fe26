/* foreign.c: memory from mmap, which no allocator gave out, is freed. */
#include "misuse.h"

#include <sys/mman.h>

int main(void) {
    char *pages = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(pages != MAP_FAILED);
    allocate_company();
    void *block = escape(pages + 4096 + 64);
    planted(block);
    free(block);
    return carry_on(NULL);
}
