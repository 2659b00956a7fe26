/* main-leaves.c: the main thread may end by pthread_exit while others go on: they free its blocks, allocate, start
 * threads and end the process. hosted: no */
#include "check.h"

#include <pthread.h>

enum { BLOCKS = 100 };

static pthread_t main_thread;
static void *of_main[BLOCKS];

static void key_destructor(void *block) {
    verify(block, 5000, 5);
    free(block);
    free(malloc(100));
}

static void *last_thread(void *block) {
    verify(block, 2000, 2);
    free(block);
    exit(check_end());
}

static void *survivor(void *unused) {
    (void)unused;
    CHECK_EQ(pthread_join(main_thread, NULL), 0); /* main is gone, a zombie */
    for (size_t i = 0; i < BLOCKS; i++) {
        of_main[i] = realloc(of_main[i], i * 200 + 1);
        CHECK(of_main[i] != NULL);
        verify(of_main[i], i * 100, i);
        free(of_main[i]);
    }
    void *block = malloc(2000);
    CHECK(block != NULL);
    fill(block, 2000, 2);
    pthread_t last;
    CHECK_EQ(pthread_create(&last, NULL, last_thread, block), 0);
    return malloc(10); /* nobody asks for it */
}

int main(int argc, char **argv) {
    check_begin("main-leaves", argc, argv);
    main_thread = pthread_self();
    for (size_t i = 0; i < BLOCKS; i++) {
        of_main[i] = malloc(i * 100);
        CHECK(of_main[i] != NULL);
        fill(of_main[i], i * 100, i);
    }
    pthread_key_t key;
    void *block = malloc(5000);
    CHECK(block != NULL);
    fill(block, 5000, 5);
    CHECK_EQ(pthread_key_create(&key, key_destructor), 0);
    CHECK_EQ(pthread_setspecific(key, block), 0);
    pthread_t other;
    CHECK_EQ(pthread_create(&other, NULL, survivor, NULL), 0);
    pthread_exit(NULL);
}
