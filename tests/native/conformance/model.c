/* model.c: a random program beside a model that knows which blocks live, how large they are and what is in them.
 * Arguments: seed, steps.
 * hosted: yes */
#include "check.h"

enum { SLOTS = 1000, SMALL_MAX = 256 << 10 };

static struct slot {
    void *block; /* NULL: none */
    size_t size;
    uint64_t tag;
} slots[SLOTS];

static uint64_t state;

static size_t any_size(void) {
    if (random_below(&state, 1000) == 0)
        return (1 << 20) + random_below(&state, 3 << 20);
    return random_size(&state, SMALL_MAX);
}

static void remember(struct slot *slot, void *block, size_t size, size_t alignment) {
    CHECK(block != NULL, "%zu bytes, alignment %zu", size, alignment);
    CHECK(is_aligned(block, alignment), "%zu bytes, alignment %zu: %p", size, alignment, block);
    CHECK(malloc_usable_size(block) >= size, "%zu bytes: %zu usable", size, malloc_usable_size(block));
    *slot = (struct slot){block, size, random_next(&state)};
    fill(block, size, slot->tag);
}

static void check_slot(const struct slot *slot) {
    if (slot->block != NULL)
        verify(slot->block, slot->size, slot->tag);
}

static void allocate_by_any_door(struct slot *slot) {
    size_t size = any_size(), power = (size_t)8 << random_below(&state, 11);
    void *block = NULL;
    switch (random_below(&state, 8)) {
    case 0:
        block = calloc(size / 8 + 1, 8);
        if (block != NULL)
            zeroed(block, size);
        break;
    case 1:
        block = realloc(NULL, size);
        break;
    case 2:
        block = reallocarray(NULL, size / 4 + 1, 4);
        break;
    case 3:
        remember(slot, aligned_alloc(power, size), size, power);
        return;
    case 4:
        remember(slot, memalign(power, size), size, power);
        return;
    case 5:
        CHECK_EQ(posix_memalign(&block, power, size), 0);
        remember(slot, block, size, power);
        return;
    default:
        block = malloc(size);
        break;
    }
    remember(slot, block, size, 16);
}

static void release(struct slot *slot) {
    check_slot(slot);
    if (slot->block != NULL && random_below(&state, 16) == 0)
        CHECK_EQ(realloc(slot->block, 0), NULL);
    else
        free(slot->block);
    slot->block = NULL;
}

static void resize(struct slot *slot) {
    size_t size = 1 + any_size();
    check_slot(slot);
    if (random_below(&state, 16) == 0) { /* one that must fail */
        CHECK_EQ(realloc(slot->block, PTRDIFF_MAX - random_below(&state, 1000)), NULL);
        check_slot(slot);
    }
    if (random_below(&state, 2) == 0)
        size = slot->size + 1 + random_below(&state, 64); /* near: may stay in place */
    void *block = random_below(&state, 4) ? realloc(slot->block, size) : reallocarray(slot->block, 1, size);
    CHECK(block != NULL, "realloc from %zu to %zu", slot->size, size);
    verify(block, slot->size < size ? slot->size : size, slot->tag);
    remember(slot, block, size, 16);
}

int main(int argc, char **argv) {
    check_begin("model", argc, argv);
    size_t steps = scaled(argc > 2 ? strtoull(argv[2], NULL, 0) : 30000);
    state = check_seed;
    for (size_t step = 0; step < steps; step++) {
        struct slot *slot = &slots[random_below(&state, SLOTS)];
        if (slot->block == NULL)
            allocate_by_any_door(slot);
        else if (random_below(&state, 3) == 0)
            resize(slot);
        else
            release(slot);
        if (step % (steps / 4 + 1) == 0)
            for (int i = 0; i < SLOTS; i++)
                check_slot(&slots[i]);
    }
    for (int i = 0; i < SLOTS; i++)
        release(&slots[i]);
    return check_end();
}
