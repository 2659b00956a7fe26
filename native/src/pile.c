/*
 * pile.c: free blocks between magazines. What overflows one lies here, a pile for each size class, until an empty one
 * takes it, of whatever thread. What lies unused goes back to Java by and by (helper.c).
 *
 * Who puts and takes is inside (thread.h), or the JVM's helper: so no lock is held when a process forks.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#include "internal.h"
#include "route.h"

/* A magazine that overflows puts nothing on a pile whose blocks take so many bytes. There is room for more: for what
 * lies idle in magazines. */
#define MOST_PILED ((size_t)1 << 20)
#define ROOM       (2 * MOST_PILED)

/* So many go to Java at a time. */
#define SOME 128u

/* Times that a thread gives so many of what is not used. */
#define TIMES_UNUSED 64

static struct pile {
    pthread_mutex_t lock;
    void **blocks; /* the last goes first; NULL: no memory for them, yet */
    uint32_t count;
    bool is_in_use; /* it has been taken from since the helper looked last */
    bool is_wanted; /* ... or a thread that gives back what is not used */
} piles[JAVALLOC_CLASSES];

static size_t room_of(unsigned number) { return ROOM / magazine_classes.bytes[number]; }

/* Under the lock. */
static bool has_memory(struct pile *pile, unsigned number) {
    if (likely(pile->blocks != NULL))
        return true;
    int saved = errno; /* a free's, too */
    void *mapped =
        mmap(NULL, room_of(number) * sizeof(void *), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    errno = saved;
    if (mapped == MAP_FAILED)
        return false;
    pile->blocks = mapped;
    return true;
}

/* False: there would be more than that. */
static bool put(unsigned number, void *const *slots, uint32_t count, size_t most) {
    struct pile *pile = &piles[number];
    pthread_mutex_lock(&pile->lock);
    bool is_put = pile->count + count <= most && has_memory(pile, number);
    if (is_put) {
        memcpy(pile->blocks + pile->count, slots, count * sizeof *slots);
        pile->count += count;
    }
    pthread_mutex_unlock(&pile->lock);
    return is_put;
}

bool pile_put(unsigned number, void *const *slots, uint32_t count) {
    if (!put(number, slots, count, MOST_PILED / magazine_classes.bytes[number]))
        return false;
    helper_purge_soon();
    return true;
}

bool pile_add(unsigned number, void *const *slots, uint32_t count) {
    return put(number, slots, count, room_of(number));
}

static uint32_t take(unsigned number, void **slots, uint32_t most, bool is_use) {
    struct pile *pile = &piles[number];
    if (pile->count == 0)
        return 0;
    pthread_mutex_lock(&pile->lock);
    uint32_t count = pile->count < most ? pile->count : most;
    if (count != 0) {
        pile->count -= count;
        memcpy(slots, pile->blocks + pile->count, count * sizeof *slots);
        pile->is_in_use |= is_use;
        pile->is_wanted |= is_use;
    }
    pthread_mutex_unlock(&pile->lock);
    return count;
}

uint32_t pile_take(unsigned number, void **slots, uint32_t most) { return take(number, slots, most, true); }

static void flush_some(struct thread *self, unsigned number, uint32_t times) {
    void *blocks[SOME];
    for (uint32_t count; times != 0 && (count = take(number, blocks, SOME, false)) != 0; times--)
        route_operate(self, bridge.flush, number, (uintptr_t)blocks, count);
}

void pile_flush(struct thread *self, unsigned number) { flush_some(self, number, UINT32_MAX); }

void pile_flush_unused(struct thread *self, unsigned number) {
    struct pile *pile = &piles[number];
    if (!pile->is_wanted)
        flush_some(self, number, TIMES_UNUSED);
    pile->is_wanted = false;
}

size_t pile_blocks(unsigned number) { return piles[number].count; }

/* ---- on a thread of the JVM's, which stops for a fork, and must not stop with a lock: so it is in libc while it has
 * one ---- */

static uint32_t take_in_libc(unsigned number, void **slots) {
    struct thread *self = &thread_self;
    libc_enter(self);
    uint32_t count = take(number, slots, SOME, false);
    libc_leave(self);
    return count;
}

/* To Java. */
static void clear_pile(unsigned number) {
    void *blocks[SOME];
    for (uint32_t count; (count = take_in_libc(number, blocks)) != 0;)
        if (bridge.flush(number, (uintptr_t)blocks, count) == JAVALLOC_CORRUPT)
            report_and_abort(bridge.message);
}

/* If it is empty. */
static void unmap(unsigned number) {
    struct thread *self = &thread_self;
    struct pile *pile = &piles[number];
    libc_enter(self);
    pthread_mutex_lock(&pile->lock);
    if (pile->count == 0 && pile->blocks != NULL) {
        munmap(pile->blocks, room_of(number) * sizeof(void *));
        pile->blocks = NULL;
    }
    pthread_mutex_unlock(&pile->lock);
    libc_leave(self);
}

bool pile_clear_unused(void) {
    bool is_more = false;
    for (unsigned number = 1; number < JAVALLOC_CLASSES; number++) {
        struct pile *pile = &piles[number];
        bool was_in_use = pile->is_in_use;
        pile->is_in_use = false;
        if (!was_in_use)
            clear_pile(number);
        is_more |= pile->count > 0;
        if (pile->blocks != NULL)
            unmap(number);
    }
    return is_more;
}
