/* slots.h: blocks with random lifetimes: a random slot's block is replaced by a new one of a random size. */
#pragma once

#include "workload.h"

#define SLOTS 2000

struct slots {
    struct random random;
    void *blocks[SLOTS];
    size_t sizes[SLOTS];
};

/* So many times; sizes as random_size has them. The number of operations. */
static inline size_t replace(struct slots *slots, size_t count, unsigned least, unsigned most) {
    size_t operations = 0;
    for (size_t i = 0; i < count; i++) {
        size_t slot = below(&slots->random, SLOTS);
        if (slots->blocks[slot] != NULL) {
            give(slots->blocks[slot], slots->sizes[slot]);
            operations++;
        }
        slots->sizes[slot] = random_size(&slots->random, least, most);
        slots->blocks[slot] = take(slots->sizes[slot]);
        operations++;
    }
    return operations;
}

/* Gives back what is left. The number of operations. */
static inline size_t clear(struct slots *slots) {
    size_t operations = 0;
    for (size_t slot = 0; slot < SLOTS; slot++)
        if (slots->blocks[slot] != NULL) {
            give(slots->blocks[slot], slots->sizes[slot]);
            slots->blocks[slot] = NULL;
            operations++;
        }
    return operations;
}
