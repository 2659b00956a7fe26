/*
 * reserve.c: memory for signal handlers that interrupt libc's malloc.
 *
 * Code of the JVM on a program's thread is served by libc. A handler of the program's that runs in the midst of that,
 * and allocates, would wait for a lock that its own thread holds. POSIX forbids it; javalloc does not hang: such a
 * block comes from here, by one atomic step. So does what handlers of a fork allocate that are called between ours. It
 * begins anew when all of its blocks are free, as they are, before long, where somebody needs a few of them.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "internal.h"

#define RESERVE_BYTES ((size_t)64 << 20)

static uintptr_t base;

/* In one word: how many blocks are live, above, and the bytes that they and those before them take. */
static _Atomic uint64_t state;
#define ONE_BLOCK (UINT64_C(1) << 32)

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
    size_t room = (size + alignment + sizeof(size_t) + 15) & ~(size_t)15, used;
    uint64_t before = atomic_load(&state);
    do {
        used = before % ONE_BLOCK;
        if (used > RESERVE_BYTES - room)
            return NULL;
    } while (!atomic_compare_exchange_weak(&state, &before, before + ONE_BLOCK + room));
    uintptr_t block = (base + used + sizeof(size_t) + alignment - 1) & -alignment;
    memcpy((void *)(block - sizeof size), &size, sizeof size);
    return memset((void *)block, 0, size);
}

void reserve_free(void) {
    uint64_t before = atomic_load(&state), after;
    do
        after = before < 2 * ONE_BLOCK ? 0 : before - ONE_BLOCK;
    while (!atomic_compare_exchange_weak(&state, &before, after));
}

size_t reserve_usable_size(const void *block) {
    size_t size;
    memcpy(&size, (const char *)block - sizeof size, sizeof size);
    return size;
}
