/*
 * magazine.h: free blocks that a thread keeps ready (magazine.c), and the short way of a malloc and a free that find
 * one, and room.
 */
#ifndef JAVALLOC_MAGAZINE_H
#define JAVALLOC_MAGAZINE_H

#include "internal.h"
#include "region.h"
#include "thread.h"

/* Of a class: how many blocks there are, and how many there may be. */
struct magazine {
    uint32_t count, room;
    void **slots;
};

struct magazines {
    struct magazine of[JAVALLOC_CLASSES];
    uint64_t calls[OPERATIONS]; /* that came no further */
    struct magazines *next;     /* all sets ever made */
    struct magazines *next_in_depot;
    void *slots[];
};

extern struct magazines magazines_empty;

/* The classes of sizes are looked up in a table, by steps of so many bytes. */
#define MAGAZINE_STEP    16u
#define MAGAZINE_LARGEST ((size_t)32 << 10)

struct size_class {
    uint32_t bytes, last; /* of a block; where the last one of a page starts */
    uint64_t reciprocal;  /* 2^32 divided by the bytes, rounded up: exact for all offsets in a page */
};
extern struct size_class magazine_classes[JAVALLOC_CLASSES];
extern uint8_t magazine_class_of_step[MAGAZINE_LARGEST / MAGAZINE_STEP + 1];
extern const uint8_t *magazine_page_classes; /* NULL: there are none */

/* The class that a request is served from; 0: by Java, one by one. */
static inline unsigned magazine_class_of(size_t size) {
    return likely(size <= MAGAZINE_LARGEST) ? magazine_class_of_step[(size + MAGAZINE_STEP - 1) / MAGAZINE_STEP] : 0;
}

/* The class of a block; 0 if it is none, as far as can be told. In the region. */
static inline unsigned magazine_class_of_block(const void *block) {
    if (unlikely(magazine_page_classes == NULL))
        return 0;
    uintptr_t offset = (uintptr_t)block - bridge.region_base;
    unsigned number = magazine_page_classes[offset / JAVALLOC_PAGE_SIZE];
    const struct size_class *class = &magazine_classes[number];
    uintptr_t in_page = offset % JAVALLOC_PAGE_SIZE, index = in_page * class->reciprocal >> 32;
    return likely(index * class->bytes == in_page && in_page <= class->last) ? number : 0;
}

/* A block of so many bytes; NULL: there is none ready, or the thread may have none now. */
static inline void *magazine_take(struct thread *self, size_t size, enum operation op) {
    unsigned number = magazine_class_of(size);
    struct magazines *set = self->magazines;
    struct magazine *magazine = &set->of[number];
    if (unlikely(magazine->count == 0 || self->stack_window == 0))
        return NULL;
    thread_inside(self);
    void *block = NULL;
    uint32_t count = magazine->count; /* again: a handler may have come in between */
    if (likely(count != 0)) {
        block = magazine->slots[count - 1];
        atomic_signal_fence(memory_order_seq_cst);
        magazine->count = count - 1;
        set->calls[op]++;
    }
    thread_outside(self);
    return block;
}

/* Keeps a block of the region; false: there is no room, or it is not one that can be kept. */
static inline bool magazine_give(struct thread *self, void *block, bool is_counted) {
    unsigned number = magazine_class_of_block(block);
    struct magazines *set = self->magazines;
    struct magazine *magazine = &set->of[number];
    if (unlikely(magazine->count == magazine->room || self->stack_window == 0))
        return false;
    thread_inside(self);
    uint32_t count = magazine->count;
    void **slots = magazine->slots;
    bool is_given = likely(count < magazine->room) && likely(count == 0 || slots[count - 1] != block);
    if (likely(is_given)) {
        slots[count] = block;
        atomic_signal_fence(memory_order_seq_cst);
        magazine->count = count + 1;
        set->calls[OP_FREE] += is_counted;
    }
    thread_outside(self);
    return is_given;
}

void magazine_prepare(void); /* once the Java side is up */
bool magazine_is_on(void);
/* As magazine_take and magazine_give, with Java's help: the thread is inside. */
void *magazine_fill(struct thread *self, size_t size);
bool magazine_make_room(struct thread *self, const void *block);
void magazine_flush(struct thread *self);     /* all of its magazines, to Java */
void magazine_flush_all(struct thread *self); /* and those of threads that have ended, and the piles */
/* The bytes of a block of the region; 0: only Java knows them. */
size_t magazine_usable_size(const void *block);
/* Whether a reallocation to so many bytes leaves a block of the region where it is. */
bool magazine_stays(const void *block, size_t size);
/* Whether the thread has freed it not long ago: then it is in a magazine. */
bool magazine_has(const void *block);
/* A new thread gets the magazines of one that has ended, if there are any. */
bool magazine_adopt(struct thread *self);
void magazine_leave(struct thread *self); /* they wait for the next thread */
bool magazine_depot_is_full(void);        /* better flushed before */
void magazine_child(bool has_java);       /* in a forked child */
void magazine_calls(uint64_t sums[OPERATIONS]);
void magazine_calls_reset(void);
void magazine_kept(uint64_t *blocks, uint64_t *bytes); /* in all magazines */

/* ---- pile.c: free blocks between magazines ---- */

/* The most that is put at a time. */
#define PILE_BATCH 128u

/* Inside. False: there is enough on the pile already. */
bool pile_put(unsigned number, void *const *slots, uint32_t count);
uint32_t pile_take(unsigned number, void **slots);     /* at most PILE_BATCH blocks; returns how many */
void pile_flush(struct thread *self, unsigned number); /* all of it, to Java */
size_t pile_blocks(unsigned number);
/* To Java what has lain unused since this was asked for last; true: there is more. On a thread of the JVM's. */
bool pile_clear_unused(void);

#endif
