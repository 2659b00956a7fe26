/* give-back.c: after a peak the system gets back, in seconds, what the program has freed: small blocks in the order in
 * which they came, and in none; large ones, also where the program goes on to take some of what is free and gives it
 * back, which made all that it was a part of look just freed; small ones of threads that go on with other sizes, which
 * kept some of each size, each in a page of its own. The program does little meanwhile. And at once, if it asks for
 * that.
 * hosted: no */
#include "check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum { SMALL = 200000, LARGE = 200, LARGE_BYTES = 700000, SECONDS = 60, BUSY = 4 };

static void *blocks[SMALL];

static size_t resident_bytes(void) { return process_kib("VmRSS:") << 10; }

/* At least nine tenths of what came with the peak. */
static void most_comes_back(const char *what, size_t before, size_t peak) {
    check_watchdog(SECONDS, what);
    while (resident_bytes() > before + (peak - before) / 10)
        usleep(100000);
    check_watchdog(0, "");
}

static void allocate(void **some, size_t count, size_t least, size_t steps) {
    for (size_t i = 0; i < count; i++) {
        size_t bytes = least + i * 7919 % steps;
        some[i] = malloc(bytes);
        CHECK(some[i] != NULL);
        memset(some[i], 1, bytes);
    }
}

static void shuffle(void **some, size_t count, uint64_t random) {
    for (size_t i = count - 1; i > 0; i--) {
        size_t other = random_below(&random, i + 1);
        void *block = some[i];
        some[i] = some[other];
        some[other] = block;
    }
}

static void free_all(void **some, size_t count) {
    for (size_t i = 0; i < count; i++)
        free(some[i]);
}

static atomic_int freed;
static atomic_bool is_over;

static void *go_on_with_large(void *unused) {
    while (!is_over) {
        free(malloc(LARGE_BYTES / 4));
        usleep(1000);
    }
    return unused;
}

static void large_blocks_come_back(bool goes_on) {
    pthread_t thread;
    is_over = false;
    size_t before = resident_bytes();
    allocate(blocks, LARGE, LARGE_BYTES, 1000);
    size_t peak = resident_bytes();
    free_all(blocks, LARGE);
    if (goes_on)
        CHECK_EQ(pthread_create(&thread, NULL, go_on_with_large, NULL), 0);
    most_comes_back(goes_on ? "waits for large blocks, while a thread goes on" : "waits for large blocks", before,
                    peak);
    is_over = true;
    if (goes_on)
        CHECK_EQ(pthread_join(thread, NULL), 0);
}

static void *free_and_go_on(void *some) {
    free_all(some, SMALL / BUSY);
    freed++;
    while (!is_over) {
        free(malloc(100));
        usleep(1000);
    }
    return NULL;
}

static void busy_threads_keep_little(void) {
    pthread_t threads[BUSY];
    size_t before = resident_bytes();
    allocate(blocks, SMALL, 1, 2000);
    size_t peak = resident_bytes();
    shuffle(blocks, SMALL, 7);
    for (size_t i = 0; i < BUSY; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, free_and_go_on, blocks + i * (SMALL / BUSY)), 0);
    check_watchdog(SECONDS, "frees");
    while (freed < BUSY)
        usleep(1000);
    most_comes_back("waits for small blocks, while threads go on", before, peak);
    is_over = true;
    for (size_t i = 0; i < BUSY; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
}

int main(int argc, char **argv) {
    check_begin("give-back", argc, argv);
    if (!check_env("EXPECT_JAVALLOC"))
        return check_end(); /* glibc may keep it */
    allocate(blocks, 1000, 1, 2000);
    free_all(blocks, 1000);
    for (int shuffled = 0; shuffled <= 1; shuffled++) {
        size_t before = resident_bytes();
        allocate(blocks, SMALL, 1, 2000);
        size_t peak = resident_bytes();
        CHECK(peak > before + ((size_t)SMALL * 1000) * 9 / 10);
        if (shuffled)
            shuffle(blocks, SMALL, 5);
        free_all(blocks, SMALL);
        most_comes_back(shuffled ? "waits for small blocks, freed in no order" : "waits for small blocks", before,
                        peak);
    }
    busy_threads_keep_little();
    size_t before = resident_bytes();
    allocate(blocks, SMALL, 1, 2000);
    size_t high = resident_bytes();
    shuffle(blocks, SMALL, 6);
    free_all(blocks, SMALL);
    CHECK_EQ(malloc_trim(0), 1);
    CHECK(resident_bytes() < before + (high - before) / 10, "%zu of %zu more", resident_bytes() - before,
          high - before);
    large_blocks_come_back(false);
    large_blocks_come_back(true);
    return check_end();
}
