/*
 * interpose.c: the names that programs call. Linked or preloaded, these definitions come before libc's, so the whole
 * process allocates through them; in host mode they are found by nobody. C++'s operator new stays libstdc++'s, which
 * calls malloc.
 */
#include <dlfcn.h>
#include <malloc.h>
#include <stdlib.h>

#include "internal.h"

/* Newer than the oldest libc that we build with. */
extern void free_sized(void *block, size_t size);
extern void free_aligned_sized(void *block, size_t alignment, size_t size);
extern void cfree(void *block);

/* On the way of every call it is felt whether the instructions begin a line of the cache. */
#define ALIGNED __attribute__((aligned(64)))

ALIGNED EXPORTED void *malloc(size_t size) { return magazine_malloc(size); }
ALIGNED EXPORTED void free(void *block) { magazine_free(block); }

EXPORTED void *calloc(size_t count, size_t size) { return javalloc_calloc(count, size); }
EXPORTED void *realloc(void *block, size_t size) { return javalloc_realloc(block, size); }
EXPORTED void *reallocarray(void *block, size_t count, size_t size) {
    return javalloc_reallocarray(block, count, size);
}
EXPORTED void free_sized(void *block, size_t size) { javalloc_free_sized(block, size); }
EXPORTED void free_aligned_sized(void *block, size_t alignment, size_t size) {
    javalloc_free_aligned_sized(block, alignment, size);
}
EXPORTED void cfree(void *block) { javalloc_cfree(block); }
EXPORTED void *aligned_alloc(size_t alignment, size_t size) { return javalloc_aligned_alloc(alignment, size); }
EXPORTED void *memalign(size_t alignment, size_t size) { return javalloc_memalign(alignment, size); }
EXPORTED int posix_memalign(void **block, size_t alignment, size_t size) {
    return javalloc_posix_memalign(block, alignment, size);
}
EXPORTED void *valloc(size_t size) { return javalloc_valloc(size); }
EXPORTED void *pvalloc(size_t size) { return javalloc_pvalloc(size); }
EXPORTED size_t malloc_usable_size(void *block) { return javalloc_malloc_usable_size(block); }

/* A library that is loaded so looks for malloc and free in libc before it looks here, and would free with one what
 * comes from the other. This must stay the last thing done here: dlopen looks where it is called from. */
EXPORTED void *dlopen(const char *path, int flags) { return behind()->load(path, flags & ~RTLD_DEEPBIND); }
