/* full.c: a heap whose range is full answers NULL with ENOMEM, through every door, keeps what is live, and serves again
 * when blocks come back. Run it on a heap with a limit, such as knr(max=1m).
 * hosted: no */
#include "check.h"

enum { SIZE = 1000, MOST = 1 << 16 };

static void *blocks[MOST];

static void every_door_is_shut(void) {
    errno = 0;
    CHECK(calloc(2, SIZE) == NULL && errno == ENOMEM);
    errno = 0;
    CHECK(aligned_alloc(64, 2 * SIZE) == NULL && errno == ENOMEM);
    errno = 0;
    CHECK(realloc(blocks[0], 100 * SIZE) == NULL && errno == ENOMEM);
    void *untouched = &untouched;
    CHECK(posix_memalign(&untouched, 64, 2 * SIZE) == ENOMEM && untouched == &untouched);
}

int main(int argc, char **argv) {
    check_begin("full", argc, argv);
    setvbuf(stdout, NULL, _IONBF, 0);
    for (int round = 0; round < 3; round++) {
        size_t count = 0;
        errno = 0;
        while (count < MOST && (blocks[count] = malloc(SIZE)) != NULL) {
            fill(blocks[count], SIZE, count);
            count++;
        }
        CHECK(count > 100 && count < MOST, "%zu blocks of %d bytes", count, SIZE);
        CHECK_EQ(errno, ENOMEM);
        every_door_is_shut();
        for (size_t i = 0; i < count; i++) {
            verify(blocks[i], SIZE, i);
            free(blocks[i]);
        }
    }
    return check_end();
}
