/*
 * javalloc/javalloc.h: the public C interface of libjavalloc.
 *
 * A program does not need this header to allocate through Java: linking libjavalloc, or running with it preloaded,
 * binds malloc and its family. The javalloc_ names below do the same and exist for the host mode, where a Java program
 * loads a C library and lets that library allocate through its heap while the process keeps libc's malloc.
 *
 * Unless a line says otherwise, each function does what the C standard, POSIX or glibc say of the function without the
 * prefix: every block is aligned to 16 bytes at least, a size of 0 gives a unique block, failure is NULL with errno
 * ENOMEM, and free keeps errno.
 */
#ifndef JAVALLOC_JAVALLOC_H
#define JAVALLOC_JAVALLOC_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

void *javalloc_malloc(size_t size);
void *javalloc_calloc(size_t count, size_t size);
/* As glibc: size 0 frees the block and returns NULL. */
void *javalloc_realloc(void *block, size_t size);
void *javalloc_reallocarray(void *block, size_t count, size_t size);
void javalloc_free(void *block);
/* C23. The sizes are what was asked for when the block was allocated, or last resized. With others, as far as the heap
 * can tell that they cannot be right, the program is aborted. */
void javalloc_free_sized(void *block, size_t size);
void javalloc_free_aligned_sized(void *block, size_t alignment, size_t size);
void javalloc_cfree(void *block);

/* An alignment that is not a power of two: NULL, errno EINVAL. */
void *javalloc_aligned_alloc(size_t alignment, size_t size);
/* As glibc: an alignment that is not a power of two is rounded up to one; above SIZE_MAX/2 + 1: NULL, errno EINVAL. */
void *javalloc_memalign(size_t alignment, size_t size);
/* 0, EINVAL (the alignment is not a power of two multiple of sizeof(void *)) or ENOMEM. Leaves errno alone, and *block
 * too unless it returns 0. */
int javalloc_posix_memalign(void **block, size_t alignment, size_t size);
void *javalloc_valloc(size_t size);
void *javalloc_pvalloc(size_t size);

/* Bytes of the block that the program may use: at least what was asked for; 0 for NULL. */
size_t javalloc_malloc_usable_size(void *block);

/* Crosses into Java and back so many times, doing nothing there: what a call cannot cost less than. Returns the number
 * of crossings made: 0 if Java does not serve this thread. */
size_t javalloc_cross(size_t times);

struct javalloc_bridge;
/* The table shared with the Java side; see bridge.h. Never NULL; its operations are NULL until Java has started. */
const struct javalloc_bridge *javalloc_bridge(void);

#ifdef __cplusplus
}
#endif

#endif
