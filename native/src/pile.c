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

/* The blocks of a pile take no more bytes than this. */
#define MOST_PILED ((size_t)1 << 20)

struct batch {
    struct batch *next;
    uint32_t count;
    void *blocks[PILE_BATCH];
};

/* Batches that a thread gives back at a time of what is not used. */
#define SOME_UNUSED 64

/* Batches are mapped so many at a time. */
#define SOME_BATCHES 60
static struct some {
    struct some *next;
    struct batch batches[SOME_BATCHES];
} * all_batches; /* as the two below, under the lock */
static struct batch *spare_batches;
static uint32_t batches_in_use;
static pthread_mutex_t spare_lock = PTHREAD_MUTEX_INITIALIZER;

static struct pile {
    pthread_mutex_t lock;
    struct batch *first;
    uint32_t blocks;
    bool is_in_use; /* it has been taken from since the helper looked last */
    bool is_wanted; /* ... or a thread that gives back what is not used */
} piles[JAVALLOC_CLASSES];

static void make_spares(void) {
    int saved = errno; /* a free's, too */
    struct some *some = mmap(NULL, sizeof *some, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    errno = saved;
    if (some == MAP_FAILED)
        return;
    some->next = all_batches;
    all_batches = some;
    for (size_t i = 0; i < SOME_BATCHES; i++) {
        some->batches[i].next = spare_batches;
        spare_batches = &some->batches[i];
    }
}

static struct batch *take_spare(void) {
    pthread_mutex_lock(&spare_lock);
    if (spare_batches == NULL)
        make_spares();
    struct batch *batch = spare_batches;
    if (batch != NULL) {
        spare_batches = batch->next;
        batches_in_use++;
    }
    pthread_mutex_unlock(&spare_lock);
    return batch;
}

static void give_spare(struct batch *batch) {
    pthread_mutex_lock(&spare_lock);
    batch->next = spare_batches;
    spare_batches = batch;
    batches_in_use--;
    pthread_mutex_unlock(&spare_lock);
}

/* All of them, if none is in use. As change_batch. */
static void unmap_spares(void) {
    struct thread *self = &thread_self;
    libc_enter(self);
    pthread_mutex_lock(&spare_lock);
    struct some *some = NULL;
    if (batches_in_use == 0) {
        some = all_batches;
        all_batches = NULL;
        spare_batches = NULL;
    }
    pthread_mutex_unlock(&spare_lock);
    while (some != NULL) {
        struct some *next = some->next;
        munmap(some, sizeof *some);
        some = next;
    }
    libc_leave(self);
}

bool pile_add(unsigned number, void *const *slots, uint32_t count) {
    struct pile *pile = &piles[number];
    struct batch *batch = take_spare();
    if (batch == NULL)
        return false;
    batch->count = count;
    memcpy(batch->blocks, slots, count * sizeof *slots);
    pthread_mutex_lock(&pile->lock);
    batch->next = pile->first;
    pile->first = batch;
    pile->blocks += count;
    pthread_mutex_unlock(&pile->lock);
    return true;
}

bool pile_put(unsigned number, void *const *slots, uint32_t count) {
    if ((size_t)(piles[number].blocks + count) * magazine_classes.bytes[number] > MOST_PILED)
        return false;
    if (!pile_add(number, slots, count))
        return false;
    helper_purge_soon();
    return true;
}

static struct batch *take_batch(struct pile *pile, bool is_use) {
    if (pile->blocks == 0)
        return NULL;
    pthread_mutex_lock(&pile->lock);
    struct batch *batch = pile->first;
    if (batch != NULL) {
        pile->first = batch->next;
        pile->blocks -= batch->count;
        pile->is_in_use |= is_use;
        pile->is_wanted |= is_use;
    }
    pthread_mutex_unlock(&pile->lock);
    return batch;
}

uint32_t pile_take(unsigned number, void **slots) {
    struct batch *batch = take_batch(&piles[number], true);
    if (batch == NULL)
        return 0;
    uint32_t count = batch->count;
    memcpy(slots, batch->blocks, count * sizeof *slots);
    give_spare(batch);
    return count;
}

static void flush_some(struct thread *self, unsigned number, uint32_t batches) {
    for (struct batch *batch; batches != 0 && (batch = take_batch(&piles[number], false)) != NULL; batches--) {
        route_operate(self, bridge.flush, number, (uintptr_t)batch->blocks, batch->count);
        give_spare(batch);
    }
}

void pile_flush(struct thread *self, unsigned number) { flush_some(self, number, UINT32_MAX); }

void pile_flush_unused(struct thread *self, unsigned number) {
    struct pile *pile = &piles[number];
    if (pile->blocks != 0 && !pile->is_wanted)
        flush_some(self, number, SOME_UNUSED);
    pile->is_wanted = false;
}

size_t pile_blocks(unsigned number) { return piles[number].blocks; }

/* On a thread of the JVM's, which stops for a fork, and must not stop with a lock: so it is in libc while it has one.
 */
static struct batch *change_batch(struct pile *pile, struct batch *done) {
    struct thread *self = &thread_self;
    libc_enter(self);
    if (done != NULL)
        give_spare(done);
    struct batch *next = take_batch(pile, false);
    libc_leave(self);
    return next;
}

/* To Java. */
static void clear_pile(unsigned number) {
    struct batch *batch = NULL;
    while ((batch = change_batch(&piles[number], batch)) != NULL)
        if (bridge.flush(number, (uintptr_t)batch->blocks, batch->count) == JAVALLOC_CORRUPT)
            report_and_abort(bridge.message);
}

bool pile_clear_unused(void) {
    bool is_more = false;
    for (unsigned number = 1; number < JAVALLOC_CLASSES; number++) {
        struct pile *pile = &piles[number];
        bool was_in_use = pile->is_in_use;
        pile->is_in_use = false;
        if (!was_in_use)
            clear_pile(number);
        is_more |= pile->blocks > 0;
    }
    if (!is_more)
        unmap_spares();
    return is_more;
}
