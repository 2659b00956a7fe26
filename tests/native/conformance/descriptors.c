/* descriptors.c: a program may close every descriptor that it does not know and reuse the numbers, as daemons do:
 * nobody else reads, writes, moves or closes them. hosted: no */
#include "check.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { FILES = 64, LENGTH = 5000, MIDDLE = 1234 };

static void *use_the_heap(void *number) {
    uint64_t random = check_seed + (uint64_t)(uintptr_t)number;
    void *blocks[100] = {NULL};
    for (size_t i = 0; i < scaled(20000); i++) {
        size_t at = random_below(&random, 100), size = random_size(&random, 20000);
        free(blocks[at]);
        blocks[at] = malloc(size);
        CHECK(blocks[at] != NULL);
        fill(blocks[at], size, i);
    }
    for (int i = 0; i < 100; i++)
        free(blocks[i]);
    return NULL;
}

static void run_threads(int count) {
    pthread_t threads[4];
    for (int i = 0; i < count; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, use_the_heap, (void *)(uintptr_t)i), 0);
    for (int i = 0; i < count; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
}

int main(int argc, char **argv) {
    check_begin("descriptors", argc, argv);
    run_threads(1);
    closefrom(3);
    char bytes[LENGTH], now[LENGTH];
    for (int i = 0; i < FILES; i++) {
        int file = memfd_create("file", 0);
        CHECK_EQ(file, 3 + i); /* nothing has taken a number again */
        fill(bytes, LENGTH, (uint64_t)i);
        CHECK_EQ(write(file, bytes, LENGTH), LENGTH);
        CHECK_EQ(lseek(file, MIDDLE, SEEK_SET), MIDDLE);
    }
    run_threads(4);
    CHECK(malloc_usable_size(NULL) == 0);
    void *large = malloc(50 << 20);
    CHECK(large != NULL);
    free(large);
    for (int file = 3; file < 3 + FILES; file++) {
        struct stat status;
        CHECK(fstat(file, &status) == 0 && status.st_size == LENGTH, "descriptor %d", file);
        CHECK_EQ(lseek(file, 0, SEEK_CUR), MIDDLE);
        CHECK_EQ(pread(file, now, LENGTH, 0), LENGTH);
        verify(now, LENGTH, (uint64_t)file - 3);
        CHECK_EQ(close(file), 0);
    }
    CHECK_EQ(open("/dev/null", O_RDONLY), 3);
    return check_end();
}
