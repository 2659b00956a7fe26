/* rows.c: after a peak of a gigabyte of the smallest blocks, what Java knew of each is no longer resident either: the
 * process is as large as before, but for a seventh. It was larger by a third, as Java's memory goes back only with a
 * collection, and none comes.
 * hosted: no */
#include "check.h"

#include <unistd.h>

enum { BLOCK_BYTES = 16, SECONDS = 60, FRACTION = 7 };

static const size_t PEAK_BYTES = (size_t)1 << 30;

static size_t resident_bytes(void) { return process_kib("VmRSS:") << 10; }

int main(int argc, char **argv) {
    check_begin("rows", argc, argv);
    if (!check_env("EXPECT_JAVALLOC"))
        return check_end(); /* glibc may keep it */
    free(malloc(BLOCK_BYTES));
    size_t before = resident_bytes();
    void **last = NULL;
    for (size_t bytes = 0; bytes < PEAK_BYTES; bytes += BLOCK_BYTES) {
        void **block = malloc(BLOCK_BYTES);
        CHECK(block != NULL);
        *block = last;
        last = block;
    }
    CHECK(resident_bytes() > before + PEAK_BYTES);
    while (last != NULL) {
        void **block = last;
        last = *block;
        free(block);
    }
    check_watchdog(SECONDS, "waits for the memory of rows");
    while (resident_bytes() > before + before / FRACTION)
        usleep(100000);
    check_watchdog(0, "");
    return check_end();
}
