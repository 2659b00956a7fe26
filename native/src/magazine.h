/*
 * magazine.h: free blocks that a thread keeps ready (magazine.c), and the short way of a malloc and a free that find
 * one, and room.
 */
#ifndef JAVALLOC_MAGAZINE_H
#define JAVALLOC_MAGAZINE_H

#include "internal.h"
#include "region.h"
#include "thread.h"

/*
 * The magazines of a thread, one of each class. What goes out next is at hand, so that who frees a block and takes one
 * again waits for one load, and not for a count and for what it leads to; the others are in a row, the oldest first:
 *
 *   bottom                          below              full
 *   ├───────┬──────┬────────┬─ ─ ─ ─┬────────┬─ ─ ─ ─ ─┬──────┤
 *   │ never │ NULL │ oldest │       │ second │  room   │      │      top: the newest; NULL: there is none
 *   ├───────┴──────┴────────┴─ ─ ─ ─┴────────┴─ ─ ─ ─ ─┴──────┤
 *
 * With one block `below` is at the NULL, without any at the bottom. Whoever sees a magazine between two stores of its
 * thread's (a forked child) misses a block at most.
 */
struct magazines {
    void *top[JAVALLOC_CLASSES];
    void **below[JAVALLOC_CLASSES];
    void **full[JAVALLOC_CLASSES];
    void **bottom[JAVALLOC_CLASSES];
    uint64_t calls[OPERATIONS];       /* that came no further */
    void *top_then[JAVALLOC_CLASSES]; /* as it was when depot_clear_idle looked last */
    void *top_seen[JAVALLOC_CLASSES]; /* as it was when the thread itself did, because of what overflowed */
    uint32_t seen;                    /* the class that it looked at */
    uint32_t overflowed;              /* bytes, since then */
    struct thread *owner;             /* under the depot's lock; NULL: the depot */
    struct magazines *next;           /* all sets ever made */
    struct magazines *next_in_depot;
    void *words[];
};

OURS extern struct magazines magazines_empty;

/* The classes of sizes are looked up in a table, by steps of so many bytes. */
#define MAGAZINE_STEP    16u
#define MAGAZINE_LARGEST ((size_t)32 << 10)

OURS extern struct magazine_classes {
    uint8_t of_step[MAGAZINE_LARGEST / MAGAZINE_STEP + 1];
    uint32_t bytes[JAVALLOC_CLASSES];      /* of a block */
    uint32_t last[JAVALLOC_CLASSES];       /* where the last block of a page starts */
    uint32_t reciprocal[JAVALLOC_CLASSES]; /* 2^32 divided by the bytes, rounded up */
    size_t most;                           /* bytes of a block in a magazine; 0: magazines are not used */
    size_t reach;                          /* the bytes of the region, in which they lie; or 0, too */
} magazine_classes;

/* The class that a request is served from; 0: by Java, one by one. */
static inline size_t magazine_class_of(size_t size) {
    return likely(size <= MAGAZINE_LARGEST) ? magazine_classes.of_step[(size + MAGAZINE_STEP - 1) / MAGAZINE_STEP] : 0;
}

/* Whether a block of the class starts there: a number is a multiple of the bytes if what its product with the
 * reciprocal has below 2^32 is less than that (Lemire, Kaser and Kurz 2019; below 2^16, as an offset in a page is, for
 * all classes there can be). */
static inline bool magazine_starts_block(size_t number, const void *block) {
    uint32_t in_page = (uintptr_t)block % JAVALLOC_PAGE_SIZE, reciprocal = magazine_classes.reciprocal[number];
    return likely(in_page * reciprocal < reciprocal) && likely(in_page <= magazine_classes.last[number]);
}

/* How many blocks there are. */
static inline uint32_t magazine_count(const struct magazines *set, unsigned number) {
    return (uint32_t)(set->below[number] - set->bottom[number]);
}

/* A block of so many bytes; NULL: there is none ready, or the thread may have none now. */
static inline void *magazine_take(struct thread *self, size_t size, enum operation op) {
    if (unlikely(size > magazine_classes.most) || unlikely(self->stack_window == 0))
        return NULL;
    size_t number = magazine_classes.of_step[(size + MAGAZINE_STEP - 1) / MAGAZINE_STEP];
    thread_inside(self);
    struct magazines *set = self->magazines; /* not before: the helper may have taken them away */
    void *block = set->top[number];
    if (likely(block != NULL)) {
        void **below = set->below[number], *next = *below;
        set->below[number] = below - 1;
        atomic_signal_fence(memory_order_seq_cst);
        set->top[number] = next;
        __builtin_prefetch(next, 1); /* whoever gets it writes to it */
        set->calls[op]++;
    }
    thread_outside(self);
    return block;
}

/* Whether a block may be for a magazine; if so it is one of the region. */
static inline bool magazine_reaches(const void *block) {
    return (uintptr_t)block - bridge.region_base < magazine_classes.reach;
}

/* Keeps a block of the region; false: there is no room, or it is not one that can be kept. No address depends on
 * whether it can, so that the next take does not wait for the multiplication. */
static inline bool magazine_give(struct thread *self, void *block, bool is_counted) {
    size_t number = region_class_around(block);
    if (unlikely(self->stack_window == 0) || unlikely(!magazine_starts_block(number, block)))
        return false;
    thread_inside(self);
    struct magazines *set = self->magazines;
    void **below = set->below[number], *top = set->top[number];
    bool is_given = likely(below != set->full[number]) && likely(top != block);
    if (likely(is_given)) {
        below[1] = top;
        atomic_signal_fence(memory_order_seq_cst);
        set->top[number] = block;
        atomic_signal_fence(memory_order_seq_cst);
        set->below[number] = below + 1;
        set->calls[OP_FREE] += is_counted;
    }
    thread_outside(self);
    return is_given;
}

void magazine_prepare(void); /* once the Java side is up */
static inline bool magazine_is_on(void) { return magazine_classes.most != 0; }
/* As magazine_take and magazine_give, with Java's help: the thread is inside. */
void *magazine_fill(struct thread *self, size_t size);
bool magazine_make_room(struct thread *self, void *block);
void magazine_flush(struct thread *self);     /* all of its magazines, to Java */
void magazine_flush_all(struct thread *self); /* and those of threads that have ended, and the piles */
/* The bytes of a block of the region; 0: only Java knows them. */
size_t magazine_usable_size(const void *block);
/* Whether a reallocation to so many bytes leaves a block of the region where it is. */
bool magazine_stays(const void *block, size_t size);
/* Whether the thread has freed it not long ago: then it is in a magazine. */
bool magazine_has(const void *block);
/* For the depot: one more set; all of it, to Java; and all of a magazine, on the pile of its class: it begins small
 * again. Whoever calls the last one has the set in hand, and need not be inside. */
struct magazines *magazine_make_set(void);
void magazine_flush_set(struct thread *self, struct magazines *set);
void magazine_pile_up(struct magazines *set, unsigned number);

/* ---- depot.c: who has them ---- */

/* Those that the thread has; or some that it gets; NULL: there are none. Who asks is inside, and goes on with the
 * answer: what self->magazines says may change for a moment. */
struct magazines *depot_set_of(struct thread *self, bool may_be_new);
/* A new thread gets the magazines of one that has ended, if there are any. */
bool depot_adopt(struct thread *self);
void depot_leave(struct thread *self); /* they wait for the next thread */
bool depot_is_full(void);              /* better flushed before */
void depot_flush(struct thread *self); /* what those have left that have ended, to Java; the thread is inside */
void depot_child(bool has_java);       /* in a forked child */
/* On the helper's thread: puts on the piles what lies in magazines that have not been touched since the last time.
 * True: there is more, for later. */
bool depot_clear_idle(void);
void depot_calls(uint64_t sums[OPERATIONS]);
void depot_calls_reset(void);
void depot_kept(uint64_t *blocks, uint64_t *bytes); /* in all magazines, and on piles */

/* ---- pile.c: free blocks between magazines ---- */

/* Inside. False: there is enough on the pile already. */
bool pile_put(unsigned number, void *const *slots, uint32_t count);
/* Whatever there is already. False: there is no room. */
bool pile_add(unsigned number, void *const *slots, uint32_t count);
uint32_t pile_take(unsigned number, void **slots, uint32_t most); /* returns how many */
void pile_flush(struct thread *self, unsigned number);            /* all of it, to Java */
/* Some of it, to Java, if nothing has been taken since this was asked for last. */
void pile_flush_unused(struct thread *self, unsigned number);
size_t pile_blocks(unsigned number);
/* To Java what has lain unused since this was asked for last; true: there is more. On a thread of the JVM's. */
bool pile_clear_unused(void);

/* ---- malloc and free, under all of their names: the short way, and else calls.c ---- */

static inline void *magazine_malloc(size_t size) {
    void *ready = magazine_take(&thread_self, size, OP_MALLOC);
    return likely(ready != NULL) ? ready : calls_malloc(size);
}

static inline void magazine_free(void *block) {
    if (unlikely(!magazine_reaches(block)) || unlikely(!magazine_give(&thread_self, block, true)))
        calls_free(block);
}

#endif
