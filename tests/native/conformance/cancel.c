/* cancel.c: threads are cancelled while they allocate beside others, wherever that meets them: they end, their handlers
 * run, no block is damaged, and who comes after them is served. hosted: no */
#include "check.h"

#include <pthread.h>
#include <semaphore.h>

enum { THREADS = 6, BLOCKS = 50 };

static sem_t started;
static _Atomic int cleaned;

struct blocks {
    void *blocks[BLOCKS];
    uint64_t tag;
};

static void clean(void *given) {
    struct blocks *mine = given;
    for (int i = 0; i < BLOCKS; i++) {
        if (mine->blocks[i] != NULL)
            verify(mine->blocks[i], 100, mine->tag + (uint64_t)i);
        free(mine->blocks[i]);
    }
    free(mine);
    cleaned++;
}

static void *allocate_for_ever(void *tag) {
    struct blocks *mine = calloc(1, sizeof *mine);
    CHECK(mine != NULL);
    mine->tag = (uint64_t)(uintptr_t)tag;
    pthread_cleanup_push(clean, mine);
    sem_post(&started);
    for (unsigned turn = 0;; turn++) {
        unsigned i = turn % BLOCKS;
        if (mine->blocks[i] != NULL)
            verify(mine->blocks[i], 100, mine->tag + i);
        free(mine->blocks[i]);
        mine->blocks[i] = NULL;
        void *block = malloc(100);
        CHECK(block != NULL);
        fill(block, 100, mine->tag + i);
        mine->blocks[i] = block;
        if (i == 0)
            pthread_testcancel();
    }
    pthread_cleanup_pop(1);
    return NULL;
}

static void round_of_threads(int round) {
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, allocate_for_ever, (void *)(uintptr_t)(round * 1000 + i)), 0);
    for (int i = 0; i < THREADS; i++)
        while (sem_wait(&started) != 0)
            continue;
    for (int i = 0; i < THREADS; i++) {
        for (int j = 0; j < round % 7 * 20; j++)
            free(malloc(64));
        CHECK_EQ(pthread_cancel(threads[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *result;
        CHECK_EQ(pthread_join(threads[i], &result), 0);
        CHECK(result == PTHREAD_CANCELED);
    }
    CHECK_EQ(cleaned, THREADS * (round + 1));
}

int main(int argc, char **argv) {
    check_begin("cancel", argc, argv);
    CHECK_EQ(sem_init(&started, 0, 0), 0);
    int rounds = (int)scaled(200);
    for (int round = 0; round < rounds; round++)
        round_of_threads(round);
    return check_end();
}
