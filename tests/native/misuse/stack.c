/* stack.c: a variable on the stack is freed. */
#include "misuse.h"

int main(void) {
    _Alignas(16) char variable[256];
    memset(variable, 0, sizeof variable);
    allocate_company();
    void *block = escape(variable + 64);
    planted(block);
    free(block);
    return carry_on(NULL);
}
