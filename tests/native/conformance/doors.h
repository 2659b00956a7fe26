/*
 * doors.h: every way to a new block, with one signature, so that a rule can be checked for all of them in a loop.
 * Include it after check.h.
 */
#ifndef DOORS_H
#define DOORS_H

static void *by_malloc(size_t size) { return malloc(size); }

static void *by_calloc_of_one(size_t size) { return calloc(1, size); }

static void *by_calloc_of_bytes(size_t size) { return calloc(size, 1); }

static void *by_realloc(size_t size) { return realloc(NULL, size); }

static void *by_reallocarray_of_one(size_t size) { return reallocarray(NULL, 1, size); }

static void *by_reallocarray_of_bytes(size_t size) { return reallocarray(NULL, size, 1); }

static void *by_aligned_alloc(size_t size) { return aligned_alloc(64, size); }

static void *by_memalign(size_t size) { return memalign(4096, size); }

/* Its error goes to errno, as with the others. */
static void *by_posix_memalign(size_t size) {
    void *block = NULL;
    int error = posix_memalign(&block, 256, size);
    if (error == 0)
        return block;
    errno = error;
    return NULL;
}

static void *by_valloc(size_t size) { return valloc(size); }

static void *by_pvalloc(size_t size) { return pvalloc(size); }

static const struct door {
    const char *name;
    void *(*allocate)(size_t size);
    size_t alignment; /* what it promises */
} doors[] = {
    {"malloc(n)", by_malloc, 16},
    {"calloc(1, n)", by_calloc_of_one, 16},
    {"calloc(n, 1)", by_calloc_of_bytes, 16},
    {"realloc(NULL, n)", by_realloc, 16},
    {"reallocarray(NULL, 1, n)", by_reallocarray_of_one, 16},
    {"reallocarray(NULL, n, 1)", by_reallocarray_of_bytes, 16},
    {"aligned_alloc(64, n)", by_aligned_alloc, 64},
    {"memalign(4096, n)", by_memalign, 4096},
    {"posix_memalign(256, n)", by_posix_memalign, 256},
    {"valloc(n)", by_valloc, 4096},
    {"pvalloc(n)", by_pvalloc, 4096},
};

enum { DOORS = sizeof doors / sizeof doors[0] };

#endif
