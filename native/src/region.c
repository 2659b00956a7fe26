/*
 * region.c: the address range that Java serves from. Reserved once, committed from below as the heap grows, under the
 * limits of the process: RLIMIT_DATA is the kernel's to check, RLIMIT_AS is ours, because what is reserved counts
 * against it from the start and the kernel sees no growth.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
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

/* What a limit must still allow after the heap has grown: a JVM that gets no memory to compile or to deoptimise with
 * ends the process. */
#define JVM_RESERVE ((size_t)16 << 20)

/* What the JVM maps and reserves while it starts, and a little: VmPeak with the options of jvm-options.h, less a
 * region. */
#define JVM_ADDRESS_SPACE ((size_t)512 << 20)

struct javalloc_bridge bridge = {
    .abi_version = JAVALLOC_ABI_VERSION,
    .bytes = sizeof(struct javalloc_bridge),
};

#define FIELD(name)                                                                                                    \
    { #name, offsetof(struct javalloc_bridge, name) }
static const struct javalloc_field bridge_fields[] = {
    FIELD(abi_version),  FIELD(bytes),   FIELD(region_base),
    FIELD(region_bytes), FIELD(heap),    FIELD(multi_threaded),
    FIELD(stubs_ready),  FIELD(message), FIELD(allocate),
    FIELD(release),      FIELD(resize),  FIELD(usable_size),
    FIELD(inspect),      FIELD(nothing), {NULL, sizeof(struct javalloc_bridge)},
};
#undef FIELD

EXPORTED const struct javalloc_field *javalloc_bridge_fields(void) { return bridge_fields; }

static _Atomic size_t committed;

size_t region_committed(void) { return committed; }

static size_t limit_of(__rlimit_resource_t resource) {
    struct rlimit limit;
    return getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ? SIZE_MAX : limit.rlim_cur;
}

/* What the process uses, in the words of /proc/self/statm: 0 is what RLIMIT_AS counts, 5 nearly what RLIMIT_DATA does.
 */
static size_t used_by_process(int field) {
    char text[128];
    int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    text[length > 0 ? length : 0] = '\0';
    char *at = text;
    unsigned long pages = 0;
    for (int i = 0; i <= field; i++)
        pages = strtoul(at, &at, 10);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static bool fits(size_t used, size_t bytes, size_t limit) {
    return used <= limit && bytes + JVM_RESERVE <= limit - used;
}

/*
 * Whether RLIMIT_AS allows the heap so many bytes more. A program that sets the limit to what it sees in use and a
 * little has the whole region in that figure: what is committed from then on counts on top. One that sets an absolute
 * limit below it does not know of the region: what is merely reserved does not count.
 */
static bool within_address_space(size_t bytes) {
    static size_t limit_seen = SIZE_MAX, committed_then;
    size_t limit = limit_of(RLIMIT_AS);
    if (limit != limit_seen) {
        limit_seen = limit;
        committed_then = committed;
    }
    if (limit == SIZE_MAX)
        return true;
    size_t used = used_by_process(0);
    return fits(used <= limit ? used + (committed - committed_then) : used - (bridge.region_bytes - committed), bytes,
                limit);
}

static bool within_limits(size_t bytes) {
    size_t data = limit_of(RLIMIT_DATA);
    return within_address_space(bytes) && (data == SIZE_MAX || fits(used_by_process(5), bytes, data));
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

/* Under a limit, what the JVM does not need is halved between the region and the program's own mappings and stacks. */
static size_t largest_region(void) {
    size_t limit = limit_of(RLIMIT_AS);
    if (limit == SIZE_MAX)
        return REGION_LARGEST;
    /* glibc would reserve 64 MiB for each of the JVM's threads. */
    __libc_mallopt(M_ARENA_MAX, 1);
    size_t used = used_by_process(0), largest = REGION_LARGEST;
    size_t left = limit > used + JVM_ADDRESS_SPACE ? limit - used - JVM_ADDRESS_SPACE : 0;
    while (largest > left / 2)
        largest /= 2;
    return largest;
}

bool region_reserve(void) {
    size_t largest = largest_region();
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
