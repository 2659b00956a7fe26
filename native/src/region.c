/*
 * region.c: the address range that Java serves from, reserved once and committed from below as the heap grows; and the
 * table that Java shares.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "internal.h"

#define REGION_LARGEST   ((size_t)64 << 30)
#define REGION_SMALLEST  ((size_t)16 << 20)
#define REGION_ALIGNMENT ((size_t)2 << 20) /* a huge page */

/* Addresses before and behind the region that fault: next to them lies what the JVM has mapped. */
#define REGION_GUARD REGION_ALIGNMENT

struct javalloc_bridge bridge = {
    .abi_version = JAVALLOC_ABI_VERSION,
    .bytes = sizeof(struct javalloc_bridge),
};

const uint8_t *region_classes;

#define FIELD(name)                                                                                                    \
    { #name, offsetof(struct javalloc_bridge, name) }
static const struct javalloc_field bridge_fields[] = {
    FIELD(abi_version),  FIELD(bytes),        FIELD(region_base),
    FIELD(region_bytes), FIELD(page_classes), FIELD(heap),
    FIELD(traced),       FIELD(outside),      FIELD(multi_threaded),
    FIELD(stubs_ready),  FIELD(class_bytes),  FIELD(message),
    FIELD(allocate),     FIELD(release),      FIELD(resize),
    FIELD(usable_size),  FIELD(inspect),      FIELD(fill),
    FIELD(flush),        FIELD(nothing),      {NULL, sizeof(struct javalloc_bridge)},
};
#undef FIELD

EXPORTED const struct javalloc_field *javalloc_bridge_fields(void) { return bridge_fields; }

static _Atomic size_t committed;

size_t region_committed(void) { return committed; }

bool region_commit(uintptr_t address, size_t bytes) {
    if (!limits_allow(bytes, committed) || mprotect((void *)address, bytes, PROT_READ | PROT_WRITE) != 0)
        return false;
    committed += bytes;
    return true;
}

bool region_protect(uintptr_t address, size_t bytes, bool accessible) {
    if (mprotect((void *)address, bytes, accessible ? PROT_READ | PROT_WRITE : PROT_NONE) == 0)
        return true;
    if (!accessible) /* where one of several mappings cannot be divided, those before it have changed */
        mprotect((void *)address, bytes, PROT_READ | PROT_WRITE);
    return false;
}

bool region_discard(uintptr_t address, size_t bytes) { return madvise((void *)address, bytes, MADV_DONTNEED) == 0; }

static void *reserve(size_t bytes) {
    return mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

/* Only what is used of it takes memory. */
static uintptr_t reserve_page_classes(size_t bytes) {
    void *table = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return table == MAP_FAILED ? 0 : (uintptr_t)table;
}

bool region_reserve(void) {
    size_t largest = limits_largest_region(REGION_LARGEST);
    for (size_t bytes = largest; bytes >= REGION_SMALLEST; bytes /= 2) {
        size_t reserved = bytes + 2 * REGION_GUARD + REGION_ALIGNMENT;
        char *start = reserve(reserved);
        if (start == MAP_FAILED)
            continue;
        bridge.page_classes = reserve_page_classes(bytes / JAVALLOC_PAGE_SIZE);
        if (bridge.page_classes == 0) {
            munmap(start, reserved);
            continue;
        }
        char *base = (char *)(((uintptr_t)start + REGION_GUARD + REGION_ALIGNMENT - 1) & -REGION_ALIGNMENT);
        size_t before = (size_t)(base - REGION_GUARD - start), kept = bytes + 2 * REGION_GUARD;
        if (before != 0)
            munmap(start, before);
        if (reserved - before != kept)
            munmap(base + bytes + REGION_GUARD, reserved - before - kept);
        bridge.region_base = (uintptr_t)base;
        bridge.region_bytes = bytes;
        region_classes = (const uint8_t *)(bridge.page_classes - bridge.region_base / JAVALLOC_PAGE_SIZE);
        return true;
    }
    return false;
}

/* The kernel copies what it can and stops at the first page that cannot be read. Where it may not (a seccomp filter), a
 * plain copy of what lies in the region is right for every heap but those that protect pages between blocks, and those
 * that divide the region. */
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
