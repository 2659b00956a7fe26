/*
 * misuse.h: what the misuse programs share. Each plants one bug: it prints "planted <address>", does the wrong thing,
 * and prints "survived" and exits with 0 if nobody stopped it. An allocator that sees the bug aborts with a message on
 * stderr.
 */
#ifndef MISUSE_H
#define MISUSE_H

#include "../conformance/check.h"

static inline void planted(const void *address) {
    printf("planted %p\n", address);
    fflush(stdout);
}

static inline int survived(void) {
    printf("survived\n");
    fflush(stdout);
    return 0;
}

/* Live blocks around the one that is misused, and some free ones: no allocator can see the bug by an empty heap. The
 * sizes are not those of the misused block, or it would be handed out again. */
static void *company[20];

static inline void allocate_company(void) {
    for (size_t i = 0; i < 20; i++) {
        company[i] = malloc(200 + 40 * i);
        CHECK(company[i] != NULL);
        fill(company[i], 200 + 40 * i, i);
    }
    for (size_t i = 0; i < 20; i += 3) {
        free(company[i]);
        company[i] = NULL;
    }
}

#endif
