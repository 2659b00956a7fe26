/*
 * reserve.c: memory for signal handlers that interrupt libc's malloc.
 *
 * Code of the JVM on a program's thread is served by libc. A handler of the program's that runs in the midst of that,
 * and allocates, would wait for a lock that its own thread holds. POSIX forbids it; javalloc does not hang: such a
 * block comes from here, by one atomic step, and is never reused. It takes a timer that fires all the time and a
 * handler that always allocates to need a few of them.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "internal.h"

#define RESERVE_BYTES ((size_t)64 << 20)

static uintptr_t base;
static _Atomic size_t used;

bool reserve_prepare(void) {
    void *start = mmap(NULL, RESERVE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    base = start == MAP_FAILED ? 0 : (uintptr_t)start;
    return base != 0;
}

bool reserve_contains(const void *block) { return base != 0 && (uintptr_t)block - base < RESERVE_BYTES; }

/* The size is in the word before the block. */
void *reserve_allocate(size_t size, size_t alignment) {
    if (base == 0 || size > RESERVE_BYTES / 4 || alignment > RESERVE_BYTES / 4)
        return NULL;
    size_t room = (size + alignment + sizeof(size_t) + 15) & ~(size_t)15;
    size_t at = atomic_load_explicit(&used, memory_order_relaxed);
    do {
        if (at > RESERVE_BYTES - room)
            return NULL;
    } while (!atomic_compare_exchange_weak_explicit(&used, &at, at + room, memory_order_relaxed, memory_order_relaxed));
    uintptr_t block = (base + at + sizeof(size_t) + alignment - 1) & -alignment;
    memcpy((void *)(block - sizeof size), &size, sizeof size);
    return (void *)block;
}

size_t reserve_usable_size(const void *block) {
    size_t size;
    memcpy(&size, (const char *)block - sizeof size, sizeof size);
    return size;
}
