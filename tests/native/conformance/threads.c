/* threads.c: four threads exchange blocks through shared mailboxes: each frees and resizes what another one allocated.
 * hosted: yes */
#include "check.h"

#include <pthread.h>

enum { THREADS = 4, BOXES = 64, HELD = 32 };

struct letter {
    void *block;
    size_t size;
    uint64_t tag;
};

static struct box {
    pthread_mutex_t lock;
    struct letter letter;
} boxes[BOXES];

static struct letter written(uint64_t *random) {
    struct letter letter;
    letter.size = random_size(random, random_below(random, 500) ? 16384 : 1 << 20);
    letter.tag = random_next(random);
    switch (random_below(random, 4)) {
    case 0:
        letter.block = calloc(1, letter.size);
        if (letter.block != NULL)
            zeroed(letter.block, letter.size);
        break;
    case 1:
        letter.block = memalign(64, letter.size);
        break;
    default:
        letter.block = malloc(letter.size);
        break;
    }
    CHECK(letter.block != NULL, "%zu bytes", letter.size);
    fill(letter.block, letter.size, letter.tag);
    return letter;
}

/* What comes back is the caller's alone: nobody else reads or writes it. */
static struct letter exchanged(struct letter mine, struct box *box) {
    pthread_mutex_lock(&box->lock);
    struct letter theirs = box->letter;
    box->letter = mine;
    pthread_mutex_unlock(&box->lock);
    return theirs;
}

static void answer(struct letter *letter, uint64_t *random) {
    if (letter->block != NULL)
        verify(letter->block, letter->size, letter->tag);
    if (letter->block != NULL && random_below(random, 3) == 0) {
        size_t size = 1 + random_size(random, 16384);
        letter->block = realloc(letter->block, size);
        CHECK(letter->block != NULL);
        verify(letter->block, letter->size < size ? letter->size : size, letter->tag);
        letter->size = size;
        fill(letter->block, size, letter->tag);
    } else {
        free(letter->block);
        *letter = written(random);
    }
}

static void *correspondent(void *number) {
    uint64_t random = check_seed + (uint64_t)(uintptr_t)number;
    struct letter held[HELD] = {{NULL, 0, 0}};
    size_t steps = scaled(40000);
    for (size_t step = 0; step < steps; step++) {
        struct letter *letter = &held[random_below(&random, HELD)];
        *letter = exchanged(*letter, &boxes[random_below(&random, BOXES)]);
        answer(letter, &random);
    }
    for (int i = 0; i < HELD; i++) {
        if (held[i].block != NULL)
            verify(held[i].block, held[i].size, held[i].tag);
        free(held[i].block);
    }
    return NULL;
}

int main(int argc, char **argv) {
    check_begin("threads", argc, argv);
    pthread_t threads[THREADS];
    for (int i = 0; i < BOXES; i++)
        pthread_mutex_init(&boxes[i].lock, NULL);
    for (uintptr_t i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, correspondent, (void *)i), 0);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < BOXES; i++) { /* blocks of threads that are gone */
        struct letter *letter = &boxes[i].letter;
        if (letter->block != NULL)
            verify(letter->block, letter->size, letter->tag);
        free(letter->block);
        letter->block = NULL;
    }
    return check_end();
}
