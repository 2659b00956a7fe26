/* static.c: a static variable is freed. */
#include "misuse.h"

static _Alignas(16) char variable[256];

int main(void) {
    allocate_company();
    void *block = escape(variable + 64);
    planted(block);
    free(block);
    return carry_on(NULL);
}
