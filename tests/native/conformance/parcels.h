/* parcels.h: blocks that say themselves what must be in them, so that whoever gets one can check it: another thread, a
 * handler, a forked child. They change hands through a mailbox without locks. */
#ifndef PARCELS_H
#define PARCELS_H

#include "check.h"

enum { MAILBOX = 64 };

struct parcel {
    size_t body_bytes;
    uint64_t tag;
    unsigned char body[];
};

static _Atomic(struct parcel *) mailbox[MAILBOX];
static bool is_without_mail; /* this process neither posts nor gets any */

static inline void parcel_check(const struct parcel *parcel) {
    CHECK(parcel->body_bytes < (size_t)1 << 30, "parcel %p", (const void *)parcel);
    verify(parcel->body, parcel->body_bytes, parcel->tag);
}

static inline void parcel_fill(struct parcel *parcel, size_t bytes, uint64_t tag) {
    parcel->body_bytes = bytes - sizeof *parcel;
    parcel->tag = tag;
    fill(parcel->body, parcel->body_bytes, tag);
}

static inline size_t parcel_bytes(uint64_t *random) {
    size_t kind = random_below(random, 400);
    return sizeof(struct parcel) + random_size(random, kind == 0 ? 1 << 20 : kind < 10 ? 50000 : 2000);
}

static inline struct parcel *parcel_of_any_door(uint64_t *random, size_t bytes) {
    size_t alignment = (size_t)16 << random_below(random, 9);
    void *block = NULL;
    switch (random_below(random, 7)) {
    case 0:
        block = calloc(1, bytes);
        CHECK(block != NULL);
        zeroed(block, bytes);
        return block;
    case 1:
        block = aligned_alloc(alignment, bytes);
        CHECK(is_aligned(block, alignment));
        return block;
    case 2:
        CHECK_EQ(posix_memalign(&block, alignment, bytes), 0);
        CHECK(is_aligned(block, alignment));
        return block;
    case 3:
        return realloc(NULL, bytes);
    default:
        return malloc(bytes);
    }
}

/* All bytes that may be used are, now and then. Java may be out of reach, and then promises none. */
static inline size_t parcel_usable(uint64_t *random, struct parcel *parcel, size_t bytes) {
    if (random_below(random, 8) != 0)
        return bytes;
    size_t usable = malloc_usable_size(parcel);
    CHECK(usable >= bytes || (usable == 0 && check_env("EXPECT_JAVALLOC")), "usable %zu of %zu", usable, bytes);
    return usable > bytes ? usable : bytes;
}

static inline struct parcel *parcel_make(uint64_t *random) {
    size_t bytes = parcel_bytes(random);
    struct parcel *parcel = parcel_of_any_door(random, bytes);
    CHECK(parcel != NULL, "%zu bytes", bytes);
    parcel_fill(parcel, parcel_usable(random, parcel, bytes), random_next(random));
    return parcel;
}

static inline struct parcel *parcel_resize(struct parcel *parcel, uint64_t *random) {
    parcel_check(parcel);
    size_t bytes = parcel_bytes(random), before = parcel->body_bytes;
    parcel = realloc(parcel, bytes);
    CHECK(parcel != NULL, "%zu bytes", bytes);
    size_t body = bytes - sizeof *parcel;
    verify(parcel->body, body < before ? body : before, parcel->tag);
    parcel_fill(parcel, bytes, random_next(random));
    return parcel;
}

static inline void parcel_drop(struct parcel *parcel) {
    if (parcel == NULL)
        return;
    parcel_check(parcel);
    free(parcel);
}

/* Posts one, or NULL, and gets what was there. */
static inline struct parcel *parcel_exchange(struct parcel *parcel, uint64_t *random) {
    return __atomic_exchange_n((struct parcel **)&mailbox[random_below(random, MAILBOX)], parcel, __ATOMIC_ACQ_REL);
}

/* So many operations on a few parcels of one's own. */
static inline void parcels_churn(uint64_t *random, size_t operations) {
    enum { OWN = 12 };
    struct parcel *own[OWN] = {NULL};
    for (size_t i = 0; i < operations; i++) {
        struct parcel **one = &own[random_below(random, OWN)];
        switch (*one == NULL ? 0 : 1 + random_below(random, 3)) {
        case 0:
            *one = parcel_make(random);
            break;
        case 1:
            *one = parcel_resize(*one, random);
            break;
        case 2:
            if (!is_without_mail) {
                *one = parcel_exchange(*one, random);
                break;
            }
            /* fall through */
        default:
            parcel_drop(*one);
            *one = NULL;
        }
    }
    for (size_t i = 0; i < OWN; i++)
        parcel_drop(own[i]);
}

#endif
