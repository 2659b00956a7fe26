/* short-threads.c: 2,000 threads that live for a few allocations and hand a block to the main thread, which frees it
 * when they are long gone. Every second batch is detached. hosted: yes */
#include "check.h"

#include <pthread.h>

enum { BATCH = 20, LATER = 200 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t delivered = PTHREAD_COND_INITIALIZER;
static int deliveries;

struct errand {
    uint64_t tag;
    void *block;
    size_t size;
};

static void *runner(void *argument) {
    struct errand *errand = argument;
    uint64_t random = check_seed + errand->tag;
    void *own[8];
    for (size_t i = 0; i < 8; i++) {
        size_t size = random_size(&random, 4096);
        own[i] = i % 2 ? malloc(size) : calloc(1, size);
        CHECK(own[i] != NULL);
        fill(own[i], size, i);
    }
    errand->size = 1 + random_size(&random, 20000);
    errand->block = realloc(own[0], errand->size);
    CHECK(errand->block != NULL);
    fill(errand->block, errand->size, errand->tag);
    for (int i = 1; i < 8; i++)
        free(own[i]);
    pthread_mutex_lock(&lock);
    deliveries++;
    pthread_cond_signal(&delivered);
    pthread_mutex_unlock(&lock);
    return NULL;
}

static void run_batch(struct errand *errands, bool detached) {
    pthread_t threads[BATCH];
    deliveries = 0;
    for (int i = 0; i < BATCH; i++) {
        CHECK_EQ(pthread_create(&threads[i], NULL, runner, &errands[i]), 0);
        if (detached)
            CHECK_EQ(pthread_detach(threads[i]), 0);
    }
    if (!detached)
        for (int i = 0; i < BATCH; i++)
            CHECK_EQ(pthread_join(threads[i], NULL), 0);
    pthread_mutex_lock(&lock); /* a detached thread has delivered, and exits beside us */
    while (deliveries < BATCH)
        pthread_cond_wait(&delivered, &lock);
    pthread_mutex_unlock(&lock);
}

static void collect(struct errand *errand) {
    if (errand->block != NULL)
        verify(errand->block, errand->size, errand->tag);
    free(errand->block);
    errand->block = NULL;
}

int main(int argc, char **argv) {
    check_begin("short-threads", argc, argv);
    static struct errand errands[LATER];
    size_t batches = scaled(2000) / BATCH + 1;
    for (size_t batch = 0; batch < batches; batch++) {
        struct errand *these = &errands[batch * BATCH % LATER]; /* those of ten batches ago are collected now */
        for (size_t i = 0; i < BATCH; i++) {
            collect(&these[i]);
            these[i].tag = batch * BATCH + i;
        }
        run_batch(these, batch % 2 == 1);
    }
    for (int i = 0; i < LATER; i++)
        collect(&errands[i]);
    return check_end();
}
