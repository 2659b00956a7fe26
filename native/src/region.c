/*
 * region.c: the address range that Java serves from. Reserved once, committed from below as the heap grows, under the
 * limits of the process: RLIMIT_DATA is the kernel's to check, RLIMIT_AS is ours, because what is reserved counts
 * against it from the start and the kernel sees no growth.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <unistd.h>

#include "internal.h"

#define REGION_LARGEST   ((size_t)64 << 30)
#define REGION_SMALLEST  ((size_t)16 << 20)
#define REGION_ALIGNMENT ((size_t)2 << 20) /* a huge page */

struct javalloc_bridge bridge = {
    .abi_version = JAVALLOC_ABI_VERSION,
    .bytes = sizeof(struct javalloc_bridge),
};

static _Atomic size_t committed;

size_t region_committed(void) { return committed; }

static size_t address_space_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return SIZE_MAX;
    return limit.rlim_cur;
}

/* Bytes of address space that the process uses, as RLIMIT_AS counts them; 0 if /proc does not say. */
static size_t address_space_used(void) {
    char text[64];
    int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    if (length <= 0)
        return 0;
    text[length] = '\0';
    return strtoul(text, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

static bool within_limits(size_t bytes) {
    size_t limit = address_space_limit();
    if (limit == SIZE_MAX)
        return true;
    size_t reserved = bridge.region_bytes - committed;
    size_t used = address_space_used();
    return used == 0 || used - reserved + bytes <= limit;
}

bool region_commit(uintptr_t address, size_t bytes) {
    if (!within_limits(bytes) || mprotect((void *)address, bytes, PROT_READ | PROT_WRITE) != 0)
        return false;
    committed += bytes;
    return true;
}

static void *reserve(size_t bytes) {
    return mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

/* Leaves at least half of what a limit still allows to the program's own mappings, stacks and libraries. */
bool region_reserve(void) {
    size_t largest = REGION_LARGEST;
    size_t limit = address_space_limit(), used = limit == SIZE_MAX ? 0 : address_space_used();
    while (largest >= REGION_SMALLEST && largest > (limit - used) / 2)
        largest /= 2;
    for (size_t bytes = largest; bytes >= REGION_SMALLEST; bytes /= 2) {
        char *start = reserve(bytes + REGION_ALIGNMENT);
        if (start == MAP_FAILED)
            continue;
        char *base = (char *)(((uintptr_t)start + REGION_ALIGNMENT - 1) & -REGION_ALIGNMENT);
        if (base != start)
            munmap(start, (size_t)(base - start));
        if (base != start + REGION_ALIGNMENT)
            munmap(base + bytes, (size_t)(start + REGION_ALIGNMENT - base));
        bridge.region_base = (uintptr_t)base;
        bridge.region_bytes = bytes;
        return true;
    }
    return false;
}

/* The kernel copies what it can and stops at the first page that cannot be read. Where it may not (a seccomp filter), a
 * plain copy of what lies in the region is right for every heap but those that protect pages between blocks. */
void region_copy_from(void *target, const void *block, size_t bytes) {
    size_t left = bridge.region_base + bridge.region_bytes - (uintptr_t)block;
    size_t most = bytes < left ? bytes : left;
    int saved = errno;
    struct iovec to = {target, most}, from = {(void *)block, most};
    if (process_vm_readv(getpid(), &to, 1, &from, 1, 0) <= 0) {
        size_t readable = bridge.region_base + committed - (uintptr_t)block;
        memcpy(target, block, most < readable ? most : readable);
    }
    errno = saved;
}
