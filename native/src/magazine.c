/*
 * magazine.c: free blocks of the heap that a thread keeps ready, a stack of them for each size class (Bonwick and
 * Adams 2001). A malloc that finds one, and a free that finds room, do not come to Java: Java fills and flushes by the
 * batch.
 *
 * A thread has a set of magazines, or the empty one, in which nothing is found and nothing has room. Every magazine
 * begins small, and grows with each batch: what a program does not use much does not keep much.
 *
 * Who may touch a set
 *   - Its thread, while stack_window is 0 by its own doing: a handler of a signal that comes in between finds it 0, and
 *     goes another way, as it does when it interrupts an operation; so does code of the JVM. Between any two of
 *     its stores no block is in a magazine that has gone out: so a thread may end, and a process fork, at any point.
 *   - Whoever takes it from the depot, under the lock. There lie the sets of threads that have ended, filled as they
 *     are: a thread that lives for a few allocations takes one, leaves it again, and need not come to Java at all.
 *   - In a forked child, its one thread: the sets of the others are the depot's then.
 *
 * What overflows one magazine fills another: half of a full one goes on a *pile* of its class, from where the next
 * empty one takes it, of whatever thread. Only what a pile has no room for goes back to Java; and, by and by, what lies
 * there unused (helper.c).
 *
 * What a magazine gets is a block for certain: its class is what Java has published for its page, and it starts where a
 * block does. Everything else goes to Java, which says what is wrong with it. That it is freed twice is seen here only
 * if it is on top; otherwise by Java, when the batch with it comes back.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#include "internal.h"

/* The blocks of a magazine take no more bytes than this, but there may be as many as LEAST. */
#define MOST_BYTES ((size_t)32 << 10)
#define MOST       (2 * PILE_BATCH)
#define LEAST      4u

/* A new one has room for so many. */
#define FIRST_BYTES ((size_t)1 << 10)

/* So many of the blocks that were freed last are looked at before one is reallocated. */
#define LOOKED_AT 16u

/* So many sets may lie in the depot with blocks in them. */
#define MOST_FILLED 8u

struct magazines magazines_empty;

struct magazine_classes magazine_classes;

static bool is_on;
static struct shape {
    uint32_t most;   /* blocks of a magazine */
    uint32_t bottom; /* of a magazine, among the words of its set */
} shapes[JAVALLOC_CLASSES];
static size_t set_bytes;

/* Words of a magazine besides those that its blocks take: at the bottom, and for the top when all are flushed. */
#define AROUND 2u

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards what follows */
static struct magazines *all_sets;
static struct magazines *depot;
static _Atomic uint32_t depot_sets;

/* ---- classes ---- */

static void learn_class(unsigned number) {
    struct shape *shape = &shapes[number];
    uint32_t bytes = bridge.class_bytes[number];
    magazine_classes.bytes[number] = bytes;
    magazine_classes.last[number] = (JAVALLOC_PAGE_SIZE / bytes - 1) * bytes;
    magazine_classes.reciprocal[number] = UINT32_MAX / bytes + 1;
    size_t most = MOST_BYTES / bytes;
    shape->most = most > MOST ? MOST : most < LEAST ? LEAST : (uint32_t)most;
    shape->bottom = number == 1 ? 0 : shapes[number - 1].bottom + shapes[number - 1].most + AROUND;
    set_bytes = sizeof(struct magazines) + (shape->bottom + shape->most + AROUND) * sizeof(void *);
}

void magazine_prepare(void) {
    if (bridge.class_bytes[1] == 0)
        return;
    size_t step = 0;
    for (unsigned number = 1; number < JAVALLOC_CLASSES && bridge.class_bytes[number] != 0; number++) {
        learn_class(number);
        for (; step <= MAGAZINE_LARGEST / MAGAZINE_STEP && step * MAGAZINE_STEP <= bridge.class_bytes[number]; step++)
            magazine_classes.of_step[step] = (uint8_t)number;
    }
    is_on = options.magazines;
}

bool magazine_is_on(void) { return is_on; }

/* 0 if it is none, as far as can be told. */
static unsigned class_of_block(const void *block) {
    unsigned number = region_class_around(block);
    return magazine_starts_block(number, block) ? number : 0;
}

size_t magazine_usable_size(const void *block) { return magazine_classes.bytes[class_of_block(block)]; }

bool magazine_stays(const void *block, size_t size) {
    unsigned number = class_of_block(block);
    size_t bytes = magazine_classes.bytes[number];
    return number != 0 && is_on && size <= bytes && (size > bytes / 2 || magazine_class_of(size) == number);
}

bool magazine_has(const void *block) {
    const struct magazines *set = thread_self.magazines;
    unsigned number = class_of_block(block);
    if (set->top[number] == block)
        return true;
    uint32_t looked_at = 1;
    for (void **place = set->below[number]; place > set->bottom[number] && looked_at < LOOKED_AT; place--, looked_at++)
        if (*place == block)
            return true;
    return false;
}

/* ---- the sets ---- */

static struct magazines *make_set(void) {
    struct magazines *set = mmap(NULL, set_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (set == MAP_FAILED)
        return NULL;
    for (unsigned number = 1; number < JAVALLOC_CLASSES; number++)
        set->bottom[number] = set->below[number] = set->full[number] = set->words + shapes[number].bottom;
    set->next = all_sets;
    return all_sets = set;
}

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

static bool take_out_of_depot(const struct magazines *set) {
    struct magazines **place = &depot;
    while (*place != NULL && *place != set)
        place = &(*place)->next_in_depot;
    if (*place == NULL)
        return false;
    *place = set->next_in_depot;
    depot_sets--;
    return true;
}

static bool is_empty(const struct magazines *set) {
    for (unsigned number = 1; number < JAVALLOC_CLASSES; number++)
        if (set->top[number] != NULL)
            return false;
    return true;
}

/* Those that the thread has; or some that it gets; NULL: there are none. Who asks is inside, and goes on with the
 * answer: what self->magazines says may change for a moment (take_from_owner). With all signals blocked: a handler that
 * allocates for the first time would want the lock, too. */
static struct magazines *set_of(struct thread *self, bool may_be_new) {
    struct magazines *own = self->magazines;
    if (likely(own != &magazines_empty))
        return own;
    int saved = errno;
    sigset_t before;
    signals_block_all(&before);
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

bool magazine_adopt(struct thread *self) {
    if (!is_on || depot_sets == 0)
        return false;
    thread_begin(); /* one of libc's own making, which was not seen to begin, leaves them as well */
    if (set_of(self, false) == NULL)
        return false;
    self->stack_low = UINTPTR_MAX; /* it has not come to Java, and has no stack to call it on */
    self->stack_usable = self->stack_window = 1;
    return true;
}

/* All signals are blocked. Under the lock also if it seems to have none: the helper may be about to give them back. */
void magazine_leave(struct thread *self) {
    if (!is_on)
        return;
    pthread_mutex_lock(&lock);
    if (self->magazines != &magazines_empty)
        put_into_depot(self->magazines);
    self->magazines = &magazines_empty;
    pthread_mutex_unlock(&lock);
}

void magazine_child(bool has_java) {
    struct thread *self = &thread_self;
    pthread_mutex_init(&lock, NULL);
    depot = NULL;
    depot_sets = 0;
    if (!has_java)
        self->magazines = &magazines_empty;
    for (struct magazines *set = all_sets; set != NULL; set = set->next) {
        memset(set->calls, 0, sizeof set->calls);
        if (has_java && set != self->magazines && !set->is_taken_away)
            put_into_depot(set);
    }
}

/* ---- figures ---- */

void magazine_calls(uint64_t sums[OPERATIONS]) {
    for (const struct magazines *set = all_sets; set != NULL; set = set->next)
        for (int op = 0; op < OPERATIONS; op++)
            sums[op] += set->calls[op];
}

void magazine_calls_reset(void) {
    for (struct magazines *set = all_sets; set != NULL; set = set->next)
        memset(set->calls, 0, sizeof set->calls);
}

void magazine_kept(uint64_t *blocks, uint64_t *bytes) {
    *blocks = *bytes = 0;
    for (const struct magazines *set = all_sets; set != NULL; set = set->next)
        for (unsigned number = 1; number < JAVALLOC_CLASSES; number++) {
            uint32_t count = magazine_count(set, number);
            *blocks += count;
            *bytes += (uint64_t)count * magazine_classes.bytes[number];
        }
    for (unsigned number = 1; number < JAVALLOC_CLASSES; number++) {
        size_t piled = pile_blocks(number);
        *blocks += piled;
        *bytes += piled * magazine_classes.bytes[number];
    }
}

/* ---- with Java: the thread is inside ---- */

static size_t room_of(const struct magazines *set, unsigned number) {
    return (size_t)(set->full[number] - set->bottom[number]);
}

/* More room than before, as the magazine is used. */
static void grow(struct magazines *set, unsigned number) {
    size_t most = shapes[number].most, room = 2 * room_of(set, number);
    if (room == 0)
        room = FIRST_BYTES / magazine_classes.bytes[number];
    set->full[number] = set->bottom[number] + (room > most ? most : room < 2 ? 2 : room);
}

/* Where the oldest of a magazine's blocks is. */
static void **oldest(const struct magazines *set, unsigned number) { return set->bottom[number] + 2; }

static void reverse(void **words, uint32_t count) {
    for (uint32_t low = 0; low + 1 < count; low++, count--) {
        void *other = words[low];
        words[low] = words[count - 1];
        words[count - 1] = other;
    }
}

/* So many blocks begin where the oldest is. */
static void settle(struct magazines *set, unsigned number, uint32_t count) {
    set->bottom[number][1] = NULL;
    set->below[number] = set->bottom[number] + count;
    set->top[number] = count == 0 ? NULL : set->below[number][1];
    if (set->full[number] < set->below[number])
        set->full[number] = set->below[number];
}

static void *pop(struct magazines *set, unsigned number) {
    void *block = set->top[number];
    set->top[number] = *set->below[number]--;
    return block;
}

static void push(struct magazines *set, unsigned number, void *block) {
    *++set->below[number] = set->top[number];
    set->top[number] = block;
}

void *magazine_fill(struct thread *self, size_t size) {
    unsigned number = magazine_class_of(size);
    struct magazines *set = number == 0 || !is_on ? NULL : set_of(self, true);
    if (set == NULL)
        return NULL;
    if (set->top[number] != NULL)
        return pop(set, number); /* the set was the depot's */
    grow(set, number);
    void **words = oldest(set, number);
    uint32_t count = pile_take(number, words);
    if (count == 0) {
        intptr_t filled = route_operate(self, bridge.fill, number, (uintptr_t)words, (room_of(set, number) + 1) / 2);
        count = filled <= 0 ? 0 : (uint32_t)filled;
        reverse(words, count); /* the lowest address is used first */
    }
    settle(set, number, count);
    helper_purge_soon(); /* it looks who has become idle */
    return count == 0 ? NULL : pop(set, number);
}

/* The oldest go, to Java or elsewhere. */
static void close_up(struct magazines *set, unsigned number, uint32_t gone) {
    void **words = oldest(set, number);
    uint32_t left = magazine_count(set, number) - gone;
    set->below[number][1] = set->top[number];
    memmove(words, words + gone, left * sizeof *words);
    settle(set, number, left);
}

static void flush(struct thread *self, struct magazines *set, unsigned number, uint32_t count) {
    set->below[number][1] = set->top[number];
    route_operate(self, bridge.flush, number, (uintptr_t)oldest(set, number), count);
    close_up(set, number, count);
}

/* Those go that have been there for longest. */
static void overflow(struct thread *self, struct magazines *set, unsigned number) {
    uint32_t half = (magazine_count(set, number) + 1) / 2;
    if (pile_put(number, oldest(set, number), half))
        close_up(set, number, half);
    else
        flush(self, set, number, half);
}

bool magazine_make_room(struct thread *self, void *block) {
    unsigned number = class_of_block(block);
    struct magazines *set = number == 0 || !is_on ? NULL : set_of(self, true);
    if (set == NULL)
        return false;
    if (set->top[number] == block) {
        flush(self, set, number, magazine_count(set, number)); /* for the second time: let Java say so */
        return false;
    }
    if (room_of(set, number) < shapes[number].most)
        grow(set, number);
    else if (set->below[number] == set->full[number])
        overflow(self, set, number);
    push(set, number, block);
    return true;
}

static void flush_set(struct thread *self, struct magazines *set) {
    for (unsigned number = 1; number < JAVALLOC_CLASSES; number++)
        if (set->top[number] != NULL)
            flush(self, set, number, magazine_count(set, number));
}

void magazine_flush(struct thread *self) {
    struct magazines *set = self->magazines;
    if (set != &magazines_empty)
        flush_set(self, set);
}

static struct magazines *change_set(struct magazines *done) {
    pthread_mutex_lock(&lock);
    if (done != NULL)
        put_into_depot(done);
    struct magazines *next = depot;
    while (next != NULL && is_empty(next))
        next = next->next_in_depot;
    if (next != NULL)
        take_out_of_depot(next);
    pthread_mutex_unlock(&lock);
    return next;
}

void magazine_flush_all(struct thread *self) {
    magazine_flush(self);
    for (unsigned number = 1; number < JAVALLOC_CLASSES; number++)
        pile_flush(self, number);
    for (struct magazines *set = NULL; (set = change_set(set)) != NULL;)
        flush_set(self, set);
}

/* ---- idle magazines: on a thread of the JVM's, which stops for a fork, and must not stop with the lock: so it is in
 * libc while it has it ---- */

static uint64_t calls_of(const struct magazines *set) {
    uint64_t calls = 0;
    for (int op = 0; op < OPERATIONS; op++)
        calls += set->calls[op];
    return calls;
}

/* Puts something in the place of the thread's magazines; false: there is something else. */
static bool exchange(struct thread *owner, struct magazines *expected, struct magazines *wanted) {
    return __atomic_compare_exchange_n(&owner->magazines, &expected, wanted, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* The thread looks for its magazines when it is inside. If it is outside once they are gone, it does not have them in
 * hand; and if it is inside then, it gets them back, or has already taken others. */
static bool take_from_owner(struct magazines *set) {
    struct thread *owner = set->owner;
    if (thread_is_inside(owner) || !exchange(owner, set, &magazines_empty))
        return false;
    if (thread_barrier() && !thread_is_inside(owner))
        return true;
    return !exchange(owner, &magazines_empty, set);
}

static bool take_away(struct magazines *set) {
    libc_enter(&thread_self);
    pthread_mutex_lock(&lock);
    bool is_taken = set->owner == NULL ? take_out_of_depot(set) : take_from_owner(set);
    if (is_taken)
        set->owner = NULL;
    set->is_taken_away = is_taken;
    pthread_mutex_unlock(&lock);
    libc_leave(&thread_self);
    return is_taken;
}

static void give_to_depot(struct magazines *set) {
    libc_enter(&thread_self);
    pthread_mutex_lock(&lock);
    set->is_taken_away = false;
    put_into_depot(set);
    pthread_mutex_unlock(&lock);
    libc_leave(&thread_self);
}

static void clear(struct magazines *set) {
    for (unsigned number = 1; number < JAVALLOC_CLASSES; number++) {
        uint32_t count = magazine_count(set, number);
        if (count == 0)
            continue;
        set->below[number][1] = set->top[number];
        if (bridge.flush(number, (uintptr_t)oldest(set, number), count) == JAVALLOC_CORRUPT)
            report_and_abort(bridge.message);
        settle(set, number, 0);
    }
}

bool magazine_clear_idle(void) {
    bool is_more = false;
    for (struct magazines *set = all_sets; set != NULL; set = set->next) {
        if (is_empty(set))
            continue;
        uint64_t calls = calls_of(set);
        bool is_idle = calls == set->calls_then;
        set->calls_then = calls;
        if (is_idle && take_away(set)) {
            clear(set);
            give_to_depot(set);
        } else {
            is_more = true;
        }
    }
    return is_more;
}

bool magazine_depot_is_full(void) { return depot_sets >= MOST_FILLED; }
