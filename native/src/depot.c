/*
 * depot.c: which thread has which set of magazines, and who else may touch one.
 *
 *   - Its thread, while stack_window is 0 by its own doing: a handler of a signal that comes in between finds it 0, and
 *     goes another way, as it does when it interrupts an operation; so does code of the JVM. Between any two of
 *     its stores no block is in a magazine that has gone out: so a thread may end, and a process fork, at any point.
 *   - Whoever has the lock, if the set is in the depot. There lie the sets of threads that have ended, filled as they
 *     are: a thread that lives for a few allocations takes one, leaves it again, and need not come to Java at all.
 *   - The helper, for a moment, under the lock: it takes the set from its thread, and gives it back.
 *   - In a forked child, its one thread: the sets of the others are the depot's then.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "internal.h"

/* So many sets may lie in the depot with blocks in them. */
#define MOST_FILLED 8u

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards what follows */
static struct magazines *all_sets;
static struct magazines *depot;
static _Atomic uint32_t depot_sets;

static struct magazines *take_from_depot(void) {
    struct magazines *set = depot;
    if (set != NULL) {
        depot = set->next_in_depot;
        depot_sets--;
    }
    return set;
}

static void put_into_depot(struct magazines *set) {
    set->owner = NULL;
    set->next_in_depot = depot;
    depot = set;
    depot_sets++;
}

static struct magazines *make_set(void) {
    struct magazines *set = magazine_make_set();
    if (set == NULL)
        return NULL;
    set->next = all_sets;
    return all_sets = set;
}

struct magazines *depot_set_of(struct thread *self, bool may_be_new) {
    struct magazines *own = self->magazines;
    if (likely(own != &magazines_empty))
        return own;
    int saved = errno;
    sigset_t before;
    signals_block_all(&before); /* a handler that allocates for the first time would want the lock, too */
    pthread_mutex_lock(&lock);
    own = self->magazines;
    if (own == &magazines_empty) {
        own = take_from_depot();
        if (own == NULL && may_be_new)
            own = make_set();
        if (own != NULL) {
            own->owner = self;
            self->magazines = own;
        }
    }
    pthread_mutex_unlock(&lock);
    signals_restore_for_java(self, &before);
    errno = saved;
    return own;
}

bool depot_adopt(struct thread *self) {
    if (!magazine_is_on() || depot_sets == 0 || self->in_libc || thread_runs_jvm(self))
        return false;
    thread_begin(); /* one of libc's own making, which was not seen to begin, leaves them as well */
    if (depot_set_of(self, false) == NULL)
        return false;
    self->stack_low = UINTPTR_MAX; /* it has not come to Java, and has no stack to call it on */
    self->stack_usable = self->stack_window = 1;
    return true;
}

/* All signals are blocked. Under the lock also if it seems to have none: the helper may have them in hand. */
void depot_leave(struct thread *self) {
    if (!magazine_is_on())
        return;
    pthread_mutex_lock(&lock);
    if (self->magazines != &magazines_empty)
        put_into_depot(self->magazines);
    self->magazines = &magazines_empty;
    pthread_mutex_unlock(&lock);
}

bool depot_is_full(void) { return depot_sets >= MOST_FILLED; }

void depot_child(bool has_java) {
    struct thread *self = &thread_self;
    pthread_mutex_init(&lock, NULL);
    depot = NULL;
    depot_sets = 0;
    if (!has_java)
        self->magazines = &magazines_empty;
    for (struct magazines *set = all_sets; set != NULL; set = set->next) {
        memset(set->calls, 0, sizeof set->calls);
        if (has_java && set != self->magazines)
            put_into_depot(set);
    }
}

static bool is_empty(const struct magazines *set) {
    for (unsigned number = 1; number < JAVALLOC_CLASSES; number++)
        if (set->top[number] != NULL)
            return false;
    return true;
}

/* The next set of the depot that has blocks is the thread's, besides its own; the one that it is done with is not. */
static struct magazines *change_set(struct thread *self, struct magazines *done) {
    pthread_mutex_lock(&lock);
    if (done != NULL)
        put_into_depot(done);
    struct magazines **place = &depot;
    while (*place != NULL && is_empty(*place))
        place = &(*place)->next_in_depot;
    struct magazines *next = *place;
    if (next != NULL) {
        *place = next->next_in_depot;
        depot_sets--;
        next->owner = self;
    }
    pthread_mutex_unlock(&lock);
    return next;
}

void depot_flush(struct thread *self) {
    for (struct magazines *set = NULL; (set = change_set(self, set)) != NULL;)
        magazine_flush_set(self, set);
}

/* ---- figures ---- */

void depot_calls(uint64_t sums[OPERATIONS]) {
    for (const struct magazines *set = all_sets; set != NULL; set = set->next)
        for (int op = 0; op < OPERATIONS; op++)
            sums[op] += set->calls[op];
}

void depot_calls_reset(void) {
    for (struct magazines *set = all_sets; set != NULL; set = set->next)
        memset(set->calls, 0, sizeof set->calls);
}

void depot_kept(uint64_t *blocks, uint64_t *bytes) {
    *blocks = *bytes = 0;
    for (unsigned number = 1; number < JAVALLOC_CLASSES; number++) {
        uint64_t count = pile_blocks(number);
        for (const struct magazines *set = all_sets; set != NULL; set = set->next)
            count += magazine_count(set, number);
        *blocks += count;
        *bytes += count * magazine_classes.bytes[number];
    }
}

/* ---- idle magazines ---- */

/* Those of which the newest block is the one that it was when this was asked last, a bit for each class. One that is in
 * use may seem idle, when the block is there again: it is filled again. */
static uint64_t find_idle(struct magazines *set) {
    _Static_assert(JAVALLOC_CLASSES <= 64, "a bit for each");
    uint64_t idle = 0;
    for (unsigned number = 1; number < JAVALLOC_CLASSES; number++) {
        void *top = set->top[number];
        if (top != NULL && top == set->top_then[number])
            idle |= (uint64_t)1 << number;
        set->top_then[number] = top;
    }
    return idle;
}

/* The thread looks for its magazines when it is inside. If it is outside once they are gone, it does not have them in
 * hand; and who finds none wants the lock, and finds them then. */
static bool take_from_owner(struct magazines *set) {
    struct thread *owner = set->owner;
    if (owner->magazines != set || thread_is_inside(owner))
        return false;
    __atomic_store_n(&owner->magazines, &magazines_empty, __ATOMIC_SEQ_CST);
    if (thread_barrier() && !thread_is_inside(owner))
        return true;
    __atomic_store_n(&owner->magazines, set, __ATOMIC_SEQ_CST);
    return false;
}

static void pile_up(struct magazines *set, uint64_t idle) {
    struct thread *owner = set->owner;
    if (owner != NULL && !take_from_owner(set))
        return;
    for (unsigned number = 1; number < JAVALLOC_CLASSES; number++)
        if (idle >> number & 1)
            magazine_pile_up(set, number);
    if (owner != NULL)
        __atomic_store_n(&owner->magazines, set, __ATOMIC_RELEASE);
}

/* A thread of the JVM's stops for a fork, and must not stop with the lock: so it is in libc while it has it. */
bool depot_clear_idle(void) {
    bool is_more = false;
    for (struct magazines *set = all_sets; set != NULL; set = set->next) {
        uint64_t idle = find_idle(set);
        if (idle != 0) {
            libc_enter(&thread_self);
            pthread_mutex_lock(&lock);
            pile_up(set, idle);
            pthread_mutex_unlock(&lock);
            libc_leave(&thread_self);
        }
        is_more |= !is_empty(set);
    }
    return is_more;
}
