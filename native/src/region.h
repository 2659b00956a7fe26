/*
 * region.h: memory: the heap's region, its limits, libc's malloc, and pointers that are nobody's. One section per file.
 */
#ifndef JAVALLOC_REGION_H
#define JAVALLOC_REGION_H

#include "internal.h"
#include "thread.h"

/* ---- region.c: the address range that Java serves from ---- */

OURS extern struct javalloc_bridge bridge;

bool region_reserve(void);
/* Makes [address, address + bytes) usable; false if the system or a resource limit of the process refuses. */
bool region_commit(uintptr_t address, size_t bytes);
/* Makes accessible pages inaccessible, or pages of either kind accessible. False if the system refuses; those that were
 * to become inaccessible stay accessible then. */
bool region_protect(uintptr_t address, size_t bytes, bool accessible);
/* Gives committed pages back to the system; they read as zeros. */
bool region_discard(uintptr_t address, size_t bytes);
size_t region_committed(void);
static inline bool region_contains(const void *block) {
    return (uintptr_t)block - bridge.region_base < bridge.region_bytes;
}
/* The size class of the page that a block of the region lies in; 0: none. */
OURS extern const uint8_t *region_classes; /* of each 64 KiB of addresses, as far as they are in the region */
static inline size_t region_class_around(const void *block) {
    return region_classes[(uintptr_t)block / JAVALLOC_PAGE_SIZE];
}
/* Copies from a block whose size is not known: stops at the first byte that cannot be read. */
void region_copy_from(void *target, const void *block, size_t bytes);

/* ---- limits.c: RLIMIT_AS and RLIMIT_DATA ---- */

/* Whether the heap, which has committed so much, may commit so many bytes more. */
bool limits_allow(size_t bytes, size_t committed);
/* Before anything is mapped for the start: whether RLIMIT_DATA has room for it. */
bool limits_leave_data(void);
/* Before the start: the largest region that leaves the JVM and the program what they need; and after it. */
size_t limits_largest_region(size_t largest);
void limits_started(void);
size_t limits_address_space(void); /* RLIMIT_AS as the program has set it; SIZE_MAX: none */

/* ---- cgroup.c: the memory that control groups allow ---- */

/* In bytes; SIZE_MAX: no limit is known. Of the process with that /proc/self/cgroup, where the groups are mounted. */
size_t cgroup_memory(const char *own_groups, const char *mounted);

/* ---- libc.c: libc's malloc, never twice at a time on one thread ---- */

/* Around what holds locks of libc's malloc. A handler in between enters neither libc's malloc nor Java: there it could
 * wait for a thread that is in a handler, too, and waits for those locks. */
void libc_enter(struct thread *self);
void libc_leave(struct thread *self);
/* Around a fork for which libc itself does not take the locks of its malloc: other threads of the program wait outside.
 */
void libc_shut(void);
void libc_open(void);
bool libc_is_left(void); /* if it is shut: by those whom thread_wait_outside does not know */
void libc_child(void);
void *libc_allocate(struct thread *self, size_t size, size_t alignment, bool zeroed);
void *libc_resize(struct thread *self, void *block, size_t size);
void libc_free(struct thread *self, void *block); /* keeps errno */
size_t libc_usable_size(void *block);
void libc_trim(void); /* gives back to the system what it does not use */

/* A lock-free list of blocks, through their own first word. */
void list_push(_Atomic(void *) *list, void *block);
void *list_next(const void *block);

/* ---- reserve.c: memory for signal handlers that interrupt libc's malloc ---- */

bool reserve_prepare(void);
bool reserve_contains(const void *block);
void *reserve_allocate(size_t size, size_t alignment); /* NULL if there is none left; zeroed */
void reserve_free(void);                               /* one of its blocks */
size_t reserve_usable_size(const void *block);

/* ---- foreign.c: pointers that nobody gave out ---- */

void foreign_prepare(void);
/* Whether libc cannot have given the pointer out, so that freeing it is the heap's to refuse. libc sees most others. */
bool foreign_is(const struct thread *self, const void *block);

#endif
