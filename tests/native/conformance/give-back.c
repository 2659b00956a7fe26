/* give-back.c: after a peak the system gets back, in seconds, what the program has freed: small blocks in the order in
 * which they came, and in none; large ones. The program does nothing meanwhile. And at once, if it asks for that.
 * hosted: no */
#include "check.h"

#include <unistd.h>

enum { SMALL = 200000, LARGE = 200, LARGE_BYTES = 700000, SECONDS = 60 };

static size_t resident_bytes(void) {
    unsigned long all, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file != NULL && fscanf(file, "%lu %lu", &all, &resident) == 2);
    fclose(file);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

/* At least nine tenths of what came with the peak. */
static void most_comes_back(const char *what, size_t before, size_t peak) {
    check_watchdog(SECONDS, what);
    while (resident_bytes() > before + (peak - before) / 10)
        usleep(100000);
    check_watchdog(0, "");
}

static void allocate(void **blocks, size_t count, size_t least, size_t steps) {
    for (size_t i = 0; i < count; i++) {
        size_t bytes = least + i * 7919 % steps;
        blocks[i] = malloc(bytes);
        CHECK(blocks[i] != NULL);
        memset(blocks[i], 1, bytes);
    }
}

static void shuffle(void **blocks, size_t count, uint64_t random) {
    for (size_t i = count - 1; i > 0; i--) {
        size_t other = random_below(&random, i + 1);
        void *block = blocks[i];
        blocks[i] = blocks[other];
        blocks[other] = block;
    }
}

static void free_all(void **blocks, size_t count) {
    for (size_t i = 0; i < count; i++)
        free(blocks[i]);
}

int main(int argc, char **argv) {
    static void *blocks[SMALL];
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
    size_t before = resident_bytes();
    allocate(blocks, SMALL, 1, 2000);
    size_t high = resident_bytes();
    shuffle(blocks, SMALL, 6);
    free_all(blocks, SMALL);
    CHECK_EQ(malloc_trim(0), 1);
    CHECK(resident_bytes() < before + (high - before) / 10, "%zu of %zu more", resident_bytes() - before,
          high - before);
    before = resident_bytes();
    allocate(blocks, LARGE, LARGE_BYTES, 1000);
    size_t peak = resident_bytes();
    free_all(blocks, LARGE);
    most_comes_back("waits for large blocks", before, peak);
    return check_end();
}
