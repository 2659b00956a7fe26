/*
 * calls.c: the C standard's side. Each function checks its arguments as the standard, POSIX and glibc want it, and
 * hands what remains to the route, if it does not find what it wants in a magazine. Nothing here knows about Java.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

#define MIN_ALIGNMENT 16

static void *fail(int error) {
    errno = error;
    return NULL;
}

/* A size of 0 gets a block of its own. No block is larger than PTRDIFF_MAX, what its alignment may cost included. */
static void *allocate(enum operation op, size_t size, size_t alignment, bool zeroed) {
    if (unlikely(alignment > PTRDIFF_MAX || size > PTRDIFF_MAX - alignment))
        return fail(ENOMEM);
    return serve_allocate(op, size + (size == 0), alignment, zeroed);
}

static bool is_power_of_two(size_t n) { return n != 0 && (n & (n - 1)) == 0; }

static size_t at_least_minimum(size_t alignment) { return alignment < MIN_ALIGNMENT ? MIN_ALIGNMENT : alignment; }

void *calls_malloc(size_t size) {
    return likely(size <= PTRDIFF_MAX - MIN_ALIGNMENT) ? serve_malloc(size + (size == 0)) : fail(ENOMEM);
}

EXPORTED void *javalloc_malloc(size_t size) { return magazine_malloc(size); }

EXPORTED void *javalloc_calloc(size_t count, size_t size) {
    size_t bytes;
    if (unlikely(__builtin_mul_overflow(count, size, &bytes)))
        return fail(ENOMEM);
    void *ready = magazine_take(&thread_self, bytes, OP_CALLOC);
    return likely(ready != NULL) ? memset(ready, 0, bytes) : allocate(OP_CALLOC, bytes, MIN_ALIGNMENT, true);
}

EXPORTED void *javalloc_realloc(void *block, size_t size) {
    if (block == NULL) {
        void *ready = magazine_take(&thread_self, size, OP_REALLOC);
        return likely(ready != NULL) ? ready : allocate(OP_REALLOC, size, MIN_ALIGNMENT, false);
    }
    if (size == 0) {
        javalloc_free(block);
        return NULL;
    }
    if (unlikely(size > PTRDIFF_MAX))
        return fail(ENOMEM);
    return serve_resize(block, size);
}

EXPORTED void *javalloc_reallocarray(void *block, size_t count, size_t size) {
    size_t bytes;
    if (unlikely(__builtin_mul_overflow(count, size, &bytes)))
        return fail(ENOMEM);
    return javalloc_realloc(block, bytes);
}

void calls_free(void *block) {
    if (likely(region_contains(block)))
        serve_free(block);
    else if (likely(block != NULL))
        serve_free_outside(block);
}

EXPORTED void javalloc_free(void *block) { magazine_free(block); }

EXPORTED void javalloc_free_aligned_sized(void *block, size_t alignment, size_t size) {
    if (size == 0)
        javalloc_free(block);
    else if (block != NULL)
        serve_free_sized(block, size, alignment);
}

EXPORTED void javalloc_free_sized(void *block, size_t size) { javalloc_free_aligned_sized(block, 0, size); }

EXPORTED void javalloc_cfree(void *block) { javalloc_free(block); }

EXPORTED void *javalloc_aligned_alloc(size_t alignment, size_t size) {
    if (unlikely(!is_power_of_two(alignment)))
        return fail(EINVAL);
    return allocate(OP_ALIGNED, size, at_least_minimum(alignment), false);
}

EXPORTED void *javalloc_memalign(size_t alignment, size_t size) {
    if (unlikely(alignment > SIZE_MAX / 2 + 1))
        return fail(EINVAL);
    size_t rounded = MIN_ALIGNMENT;
    while (rounded < alignment)
        rounded <<= 1;
    return allocate(OP_ALIGNED, size, rounded, false);
}

EXPORTED int javalloc_posix_memalign(void **block, size_t alignment, size_t size) {
    if (unlikely(!is_power_of_two(alignment) || alignment % sizeof(void *) != 0))
        return EINVAL;
    int saved = errno;
    void *fresh = allocate(OP_ALIGNED, size, at_least_minimum(alignment), false);
    errno = saved;
    if (unlikely(fresh == NULL))
        return ENOMEM;
    *block = fresh;
    return 0;
}

static size_t page_size(void) { return (size_t)sysconf(_SC_PAGESIZE); }

EXPORTED void *javalloc_valloc(size_t size) { return allocate(OP_ALIGNED, size, page_size(), false); }

EXPORTED void *javalloc_pvalloc(size_t size) {
    size_t page = page_size();
    if (unlikely(size > PTRDIFF_MAX - page))
        return fail(ENOMEM);
    size_t rounded = (size + page - 1) & -page;
    return allocate(OP_ALIGNED, rounded == 0 ? page : rounded, page, false);
}

EXPORTED size_t javalloc_malloc_usable_size(void *block) { return block == NULL ? 0 : serve_usable_size(block); }
