/*
 * magazine.c: free blocks of the heap that a thread keeps ready, a stack of them for each size class (Bonwick and
 * Adams 2001). A malloc that finds one, and a free that finds room, do not come to Java: Java fills and flushes by the
 * batch.
 *
 * A thread has a set of magazines, or the empty one, in which nothing is found and nothing has room. Every magazine
 * begins small, and grows with each batch: what a program does not use much does not keep much. Who has which set is
 * the business of depot.c.
 *
 * What overflows one magazine fills another: half of a full one goes on a *pile* of its class, from where the next
 * empty one takes it, of whatever thread. Only what a pile has no room for goes back to Java; and, by and by, what lies
 * there unused, or in a magazine (helper.c).
 *
 * What a magazine gets is a block for certain: its class is what Java has published for its page, and it starts where a
 * block does. Everything else goes to Java, which says what is wrong with it. That it is freed twice is seen here only
 * if it is on top; otherwise by Java, when the batch with it comes back.
 */
#include <string.h>
#include <sys/mman.h>

#include "internal.h"
#include "route.h"

/* The blocks of a magazine take no more bytes than this, but there may be as many as LEAST. */
#define MOST_BYTES ((size_t)32 << 10)
#define MOST       1024u
#define LEAST      4u

/* Of what overflows: after so many bytes a thread looks at another class. */
#define BYTES_OF_A_LOOK ((size_t)512 << 10)

/* A new one has room for so many. */
#define FIRST_BYTES ((size_t)1 << 10)

/* So many of the blocks that were freed last are looked at before one is reallocated. */
#define LOOKED_AT 16u

struct magazines magazines_empty;

struct magazine_classes magazine_classes;

static struct shape {
    uint32_t most;   /* blocks of a magazine */
    uint32_t bottom; /* of a magazine, among the words of its set */
} shapes[JAVALLOC_CLASSES];
static size_t set_bytes;

/* Words of a magazine besides those that its blocks take: at the bottom, and for the top when all are flushed. */
#define AROUND 2u

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
    size_t step = 0, most = 0;
    for (unsigned number = 1; number < JAVALLOC_CLASSES && bridge.class_bytes[number] != 0; number++) {
        learn_class(number);
        most = bridge.class_bytes[number];
        for (; step <= MAGAZINE_LARGEST / MAGAZINE_STEP && step * MAGAZINE_STEP <= bridge.class_bytes[number]; step++)
            magazine_classes.of_step[step] = (uint8_t)number;
    }
    if (options.magazines) {
        magazine_classes.reach = bridge.region_bytes;
        magazine_classes.most = most > MAGAZINE_LARGEST ? MAGAZINE_LARGEST : most;
    }
}

/* 0 if it is none, as far as can be told. */
static unsigned class_of_block(const void *block) {
    unsigned number = region_class_around(block);
    return magazine_starts_block(number, block) ? number : 0;
}

size_t magazine_usable_size(const void *block) { return magazine_classes.bytes[class_of_block(block)]; }

bool magazine_stays(const void *block, size_t size) {
    unsigned number = class_of_block(block);
    size_t bytes = magazine_classes.bytes[number];
    return number != 0 && magazine_is_on() && size <= bytes && (size > bytes / 2 || magazine_class_of(size) == number);
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

struct magazines *magazine_make_set(void) {
    struct magazines *set = mmap(NULL, set_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (set == MAP_FAILED)
        return NULL;
    for (unsigned number = 1; number < JAVALLOC_CLASSES; number++)
        set->bottom[number] = set->below[number] = set->full[number] = set->words + shapes[number].bottom;
    return set;
}

/* ---- with Java: the thread is inside ---- */

static uint32_t room_of(const struct magazines *set, unsigned number) {
    return (uint32_t)(set->full[number] - set->bottom[number]);
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
    struct magazines *set = number == 0 ? NULL : depot_set_of(self, true);
    if (set == NULL)
        return NULL;
    if (set->top[number] != NULL)
        return pop(set, number); /* the set was the depot's, or in the hands of the helper */
    grow(set, number);
    void **words = oldest(set, number);
    uint32_t half = (room_of(set, number) + 1) / 2, count = pile_take(number, words, half);
    if (count == 0) {
        intptr_t filled = route_operate(self, bridge.fill, number, (uintptr_t)words, half);
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

/* What the program has turned away from must not lie there until the helper comes, while it fills room with something
 * else: who frees much of one class looks at the others, one after the other, and what nobody has touched since the
 * last look goes back. */
static void look_at_another(struct thread *self, struct magazines *set, unsigned in_use) {
    unsigned number = set->seen + 1;
    if (number >= JAVALLOC_CLASSES || magazine_classes.bytes[number] == 0)
        number = 1;
    set->seen = number;
    if (number == in_use)
        return;
    void *top = set->top[number];
    if (top != NULL && top == set->top_seen[number])
        magazine_pile_up(set, number);
    set->top_seen[number] = set->top[number];
    pile_flush_unused(self, number);
}

/* Those go that have been there for longest. */
static void overflow(struct thread *self, struct magazines *set, unsigned number) {
    uint32_t half = (magazine_count(set, number) + 1) / 2;
    if (pile_put(number, oldest(set, number), half))
        close_up(set, number, half);
    else
        flush(self, set, number, half);
    set->overflowed += half * magazine_classes.bytes[number];
    if (set->overflowed >= BYTES_OF_A_LOOK) {
        set->overflowed = 0;
        look_at_another(self, set, number);
    }
}

bool magazine_make_room(struct thread *self, void *block) {
    unsigned number = class_of_block(block);
    struct magazines *set = number == 0 ? NULL : depot_set_of(self, true);
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

void magazine_flush_set(struct thread *self, struct magazines *set) {
    for (unsigned number = 1; number < JAVALLOC_CLASSES; number++)
        if (set->top[number] != NULL)
            flush(self, set, number, magazine_count(set, number));
}

void magazine_flush(struct thread *self) {
    struct magazines *set = self->magazines;
    if (set != &magazines_empty)
        magazine_flush_set(self, set);
}

void magazine_flush_all(struct thread *self) {
    magazine_flush(self);
    for (unsigned number = 1; number < JAVALLOC_CLASSES; number++)
        pile_flush(self, number);
    depot_flush(self);
}

/* ---- for the helper ---- */

void magazine_pile_up(struct magazines *set, unsigned number) {
    uint32_t count = magazine_count(set, number);
    set->below[number][1] = set->top[number];
    if (count != 0 && !pile_add(number, oldest(set, number), count))
        return;
    settle(set, number, 0);
    set->full[number] = set->bottom[number];
}
