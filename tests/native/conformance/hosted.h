/*
 * hosted.h: turns a conformance program into a C library for the host mode, where a Java program loads a library that
 * allocates through javalloc while the process keeps libc's malloc. Compile with
 *   -include hosted.h -fPIC -shared, and link with libjavalloc
 * and call javalloc_conformance_main(argc, argv). The programs marked "hosted: yes" can be compiled so: they never free
 * what libc allocated.
 */
#ifndef HOSTED_H
#define HOSTED_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
/* Declared under their own names before these are taken away. */
#include <malloc.h>
#include <stdlib.h>

#include "javalloc/javalloc.h"

#define malloc             javalloc_malloc
#define calloc             javalloc_calloc
#define realloc            javalloc_realloc
#define reallocarray       javalloc_reallocarray
#define free               javalloc_free
#define free_sized         javalloc_free_sized
#define free_aligned_sized javalloc_free_aligned_sized
#define cfree              javalloc_cfree
#define aligned_alloc      javalloc_aligned_alloc
#define memalign           javalloc_memalign
#define posix_memalign     javalloc_posix_memalign
#define valloc             javalloc_valloc
#define pvalloc            javalloc_pvalloc
#define malloc_usable_size javalloc_malloc_usable_size

#define main javalloc_conformance_main
int javalloc_conformance_main(int argc, char **argv);

#endif
