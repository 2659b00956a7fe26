/* fake_jvm.h: what a test can see and set of the JVM that is not there. */
#ifndef FAKE_JVM_H
#define FAKE_JVM_H

#include <stdio.h>
#include <stdlib.h>

#include "internal.h"

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: expected %s\n", __FILE__, __LINE__, #condition);                                   \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

extern struct fake {
    _Atomic size_t attached, detached, allocated, released;
    size_t fills, flushes, filled, flushed; /* calls, and blocks */
    uintptr_t last_released;
    int inside;
    bool malloc_inside; /* "Java" allocates while it serves a call, as a JVM does */
    bool full;          /* out of memory */
    bool is_hosts;      /* threads were known to "Java" before they came, which is how a host made them */
    void (*on_detach)(void);
} fake;

void fake_start(void);
/* From now on "Java" serves two size classes by the batch: 16 and 48 bytes. */
void fake_offer_batches(void);

#endif
