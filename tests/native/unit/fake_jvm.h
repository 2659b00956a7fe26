/* fake_jvm.h: what a test can see and set of the JVM that is not there. */
#ifndef FAKE_JVM_H
#define FAKE_JVM_H

#include "internal.h"

extern struct fake {
    _Atomic size_t attached, detached, allocated, released;
    uintptr_t last_released;
    int inside;
    bool malloc_inside; /* "Java" allocates while it serves a call, as a JVM does */
    bool full;          /* out of memory */
    void (*on_detach)(void);
} fake;

void fake_start(void);

#endif
