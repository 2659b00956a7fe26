/* double-free-thread.c: a small block is freed by the thread that made it, and again by another one. */
#include "misuse.h"

#include <pthread.h>

static void *free_it(void *block) {
    free(malloc(700));
    free(block);
    return NULL;
}

int main(void) {
    pthread_t thread;
    char *block = surrounded_block(BLOCK_SIZE), *again = escape(block);
    planted(block);
    free(block);
    CHECK_EQ(pthread_create(&thread, NULL, free_it, again), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    return carry_on(NULL);
}
