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
 *     goes another way, as it does when it interrupts an operation; so does code of the JVM. A block is in a magazine
 *     until `count` no longer covers it, and from when it does: so a thread may end, and a process fork, at any point.
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

const uint8_t *magazine_page_classes;
uint8_t magazine_class_of_step[MAGAZINE_LARGEST / MAGAZINE_STEP + 1];
struct size_class magazine_classes[JAVALLOC_CLASSES];

static bool is_on;
static struct shape {
    uint32_t most; /* blocks of a magazine */
    uint32_t slot; /* where those of a magazine begin among those of its set */
} shapes[JAVALLOC_CLASSES];
static size_t set_bytes;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards what follows */
static struct magazines *all_sets;
static struct magazines *depot;
static _Atomic uint32_t depot_sets;

/* ---- classes ---- */

static void learn_class(unsigned number) {
    struct shape *shape = &shapes[number];
    size_t bytes = bridge.class_bytes[number], most = MOST_BYTES / bytes;
    magazine_classes[number] = (struct size_class){.bytes = (uint32_t)bytes,
                                                   .last = (uint32_t)((JAVALLOC_PAGE_SIZE / bytes - 1) * bytes),
                                                   .reciprocal = (((uint64_t)1 << 32) + bytes - 1) / bytes};
    shape->most = most > MOST ? MOST : most < LEAST ? LEAST : (uint32_t)most;
    shape->slot = shapes[number - 1].slot + shapes[number - 1].most;
    set_bytes = sizeof(struct magazines) + (shape->slot + shape->most) * sizeof(void *);
}

void magazine_prepare(void) {
    if (bridge.page_classes == 0 || bridge.class_bytes[1] == 0)
        return;
    size_t step = 0;
    for (unsigned number = 1; number < JAVALLOC_CLASSES && bridge.class_bytes[number] != 0; number++) {
        learn_class(number);
        for (; step <= MAGAZINE_LARGEST / MAGAZINE_STEP && step * MAGAZINE_STEP <= magazine_classes[number].bytes;
             step++)
            magazine_class_of_step[step] = (uint8_t)number;
    }
    magazine_page_classes = (const uint8_t *)bridge.page_classes;
    is_on = options.magazines;
}

bool magazine_is_on(void) { return is_on; }

size_t magazine_usable_size(const void *block) { return magazine_classes[magazine_class_of_block(block)].bytes; }

bool magazine_stays(const void *block, size_t size) {
    unsigned number = magazine_class_of_block(block);
    size_t bytes = magazine_classes[number].bytes;
    return number != 0 && is_on && size <= bytes && (size > bytes / 2 || magazine_class_of(size) == number);
}

bool magazine_has(const void *block) {
    const struct magazine *magazine = &thread_self.magazines->of[magazine_class_of_block(block)];
    uint32_t seen = 0;
    while (seen < magazine->count && seen < LOOKED_AT && magazine->slots[magazine->count - 1 - seen] != block)
        seen++;
    return seen < magazine->count && seen < LOOKED_AT;
}

/* ---- the sets ---- */

static struct magazines *make_set(void) {
    struct magazines *set = mmap(NULL, set_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (set == MAP_FAILED)
        return NULL;
    for (unsigned number = 1; number < JAVALLOC_CLASSES; number++)
        set->of[number].slots = set->slots + shapes[number].slot;
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
    set->next_in_depot = depot;
    depot = set;
    depot_sets++;
}

/* With all signals blocked: a handler that allocates for the first time would want the lock, too. */
static bool take_set(struct thread *self, bool may_be_new) {
    if (likely(self->magazines != &magazines_empty))
        return true;
    int saved = errno;
    sigset_t before;
    signals_block_all(&before);
    if (self->magazines == &magazines_empty) {
        pthread_mutex_lock(&lock);
        struct magazines *set = take_from_depot();
        if (set == NULL && may_be_new)
            set = make_set();
        pthread_mutex_unlock(&lock);
        if (set != NULL)
            self->magazines = set;
    }
    signals_restore_for_java(self, &before);
    errno = saved;
    return self->magazines != &magazines_empty;
}

bool magazine_adopt(struct thread *self) {
    if (!is_on || depot_sets == 0 || !take_set(self, false))
        return false;
    self->stack_low = UINTPTR_MAX; /* it has not come to Java, and has no stack to call it on */
    self->stack_usable = self->stack_window = 1;
    return true;
}

/* All signals are blocked. */
void magazine_leave(struct thread *self) {
    struct magazines *set = self->magazines;
    if (set == &magazines_empty)
        return;
    self->magazines = &magazines_empty;
    pthread_mutex_lock(&lock);
    put_into_depot(set);
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
        if (has_java && set != self->magazines)
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
            *blocks += set->of[number].count;
            *bytes += (uint64_t)set->of[number].count * magazine_classes[number].bytes;
        }
    for (unsigned number = 1; number < JAVALLOC_CLASSES; number++) {
        size_t piled = pile_blocks(number);
        *blocks += piled;
        *bytes += piled * magazine_classes[number].bytes;
    }
}

/* ---- with Java: the thread is inside ---- */

/* More room than before, as the magazine is used. */
static void grow(struct magazine *magazine, unsigned number) {
    uint32_t most = shapes[number].most;
    uint32_t room = magazine->room == 0 ? (uint32_t)(FIRST_BYTES / magazine_classes[number].bytes) : 2 * magazine->room;
    magazine->room = room > most ? most : room < 2 ? 2 : room;
}

static void reverse(void **slots, uint32_t count) {
    for (uint32_t low = 0; low + 1 < count; low++, count--) {
        void *other = slots[low];
        slots[low] = slots[count - 1];
        slots[count - 1] = other;
    }
}

void *magazine_fill(struct thread *self, size_t size) {
    unsigned number = magazine_class_of(size);
    if (number == 0 || !is_on || !take_set(self, true))
        return NULL;
    struct magazine *magazine = &self->magazines->of[number];
    void **slots = magazine->slots;
    if (magazine->count > 0)
        return slots[--magazine->count]; /* in the set, which was the depot's */
    grow(magazine, number);
    magazine->count = pile_take(number, slots);
    if (magazine->room < magazine->count)
        magazine->room = magazine->count;
    if (magazine->count > 0)
        return slots[--magazine->count];
    intptr_t filled = route_operate(self, bridge.fill, number, (uintptr_t)slots, (magazine->room + 1) / 2);
    if (filled <= 0)
        return NULL;
    reverse(slots, (uint32_t)filled); /* the lowest address is used first */
    magazine->count = (uint32_t)filled - 1;
    return slots[filled - 1];
}

/* The lowest of its blocks have gone. */
static void close_up(struct magazine *magazine, uint32_t gone) {
    magazine->count -= gone;
    memmove(magazine->slots, magazine->slots + gone, magazine->count * sizeof *magazine->slots);
}

static void flush(struct thread *self, struct magazine *magazine, unsigned number, uint32_t count) {
    route_operate(self, bridge.flush, number, (uintptr_t)magazine->slots, count);
    close_up(magazine, count);
}

/* Those go that have been there for longest. */
static void overflow(struct thread *self, struct magazine *magazine, unsigned number) {
    uint32_t half = (magazine->count + 1) / 2;
    if (pile_put(number, magazine->slots, half))
        close_up(magazine, half);
    else
        flush(self, magazine, number, half);
}

bool magazine_make_room(struct thread *self, const void *block) {
    unsigned number = magazine_class_of_block(block);
    if (number == 0 || !is_on || !take_set(self, true))
        return false;
    struct magazine *magazine = &self->magazines->of[number];
    void **slots = magazine->slots;
    if (magazine->count > 0 && slots[magazine->count - 1] == block) {
        flush(self, magazine, number, magazine->count); /* for the second time: let Java say so */
        return false;
    }
    if (magazine->room < shapes[number].most)
        grow(magazine, number);
    else if (magazine->count == magazine->room)
        overflow(self, magazine, number);
    slots[magazine->count++] = (void *)block;
    return true;
}

void magazine_flush(struct thread *self) {
    struct magazines *set = self->magazines;
    for (unsigned number = 1; number < JAVALLOC_CLASSES && set != &magazines_empty; number++)
        if (set->of[number].count > 0)
            flush(self, &set->of[number], number, set->of[number].count);
}

/* One after the other becomes the thread's own: that is whose magazines are flushed. */
void magazine_flush_all(struct thread *self) {
    magazine_flush(self);
    for (unsigned number = 1; number < JAVALLOC_CLASSES; number++)
        pile_flush(self, number);
    for (uint32_t sets = depot_sets; sets > 0; sets--) {
        struct magazines *own = self->magazines;
        pthread_mutex_lock(&lock);
        struct magazines *other = take_from_depot();
        pthread_mutex_unlock(&lock);
        if (other == NULL)
            return;
        self->magazines = other;
        magazine_flush(self);
        self->magazines = own;
    }
}

bool magazine_depot_is_full(void) { return depot_sets >= MOST_FILLED; }
