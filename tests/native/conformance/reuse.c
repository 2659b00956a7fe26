/* reuse.c: what is freed can be had again: by each way to give a block back, many times the memory that the process may
 * keep goes through. Not for heaps that never reuse (bump), by their nature. hosted: yes */
#include "check.h"

#include <dlfcn.h>

#define NAME_OF(function) #function
#define NAME(function)    NAME_OF(function) /* after hosted.h has renamed it */

enum { THROUGH_MIB = 144, KEPT_MIB = 64 }; /* not scaled: less would prove nothing */

static void (*sized_free)(void *, size_t);

static void by_free(void *block, size_t size) {
    (void)size;
    free(block);
}

static void by_realloc_to_zero(void *block, size_t size) {
    (void)size;
    CHECK_EQ(realloc(block, 0), NULL);
}

static void by_moving_it(void *block, size_t size) {
    block = realloc(block, 3 * size);
    CHECK(block != NULL);
    memset((char *)block + 2 * size, 1, size);
    block = realloc(escape(block), size / 3 + 1);
    CHECK(block != NULL);
    free(block);
}

static void by_free_sized(void *block, size_t size) {
    if (sized_free != NULL)
        sized_free(block, size);
    else
        free(block);
}

static void memory_comes_back(void (*give_back)(void *, size_t), size_t size, bool aligned) {
    size_t before = process_kib("VmRSS:"), through = (size_t)THROUGH_MIB << 20;
    void *waiting[16] = {NULL}; /* so that not only the last block is ever free */
    for (size_t i = 0, passed = 0; passed < through; i++, passed += size) {
        void *block = aligned ? memalign(256, size) : malloc(size);
        CHECK(block != NULL, "%zu bytes after %zu MiB", size, passed >> 20);
        memset(block, 1, size);
        escape(block);
        if (waiting[i % 16] != NULL)
            give_back(waiting[i % 16], size);
        waiting[i % 16] = block;
    }
    for (int i = 0; i < 16; i++)
        if (waiting[i] != NULL)
            give_back(waiting[i], size);
    size_t after = process_kib("VmRSS:");
    CHECK(after < before + KEPT_MIB * 1024, "blocks of %zu: resident %zu MiB before, %zu MiB after", size, before >> 10,
          after >> 10);
}

/* Sizes that never repeat: small free blocks have to become large ones again. */
static void freed_neighbours_make_room_for_larger_blocks(void) {
    enum { LIVE = 500 };
    static void *blocks[LIVE];
    size_t before = process_kib("VmRSS:");
    for (size_t size = 20000; size < 20000 + scaled(30) * 1000; size += 1000) {
        for (int i = 0; i < LIVE; i++) {
            blocks[i] = malloc(size);
            CHECK(blocks[i] != NULL);
            memset(blocks[i], 1, size);
            escape(blocks[i]);
        }
        for (int i = 0; i < LIVE; i += 2)
            free(blocks[i]);
        for (int i = LIVE - 1; i > 0; i -= 2)
            free(blocks[i]);
    }
    size_t after = process_kib("VmRSS:"), most = 20000 + scaled(30) * 1000, at_once = most * LIVE / 1024;
    CHECK(after < before + 3 * at_once + KEPT_MIB * 1024, "resident %zu MiB before, %zu MiB after", before >> 10,
          after >> 10);
}

int main(int argc, char **argv) {
    check_begin("reuse", argc, argv);
    sized_free = (void (*)(void *, size_t))dlsym(RTLD_DEFAULT, NAME(free_sized));
    void (*const ways[])(void *, size_t) = {by_free, by_realloc_to_zero, by_moving_it, by_free_sized};
    const size_t sizes[] = {4000, 70000, 600000};
    for (int w = 0; w < 4; w++)
        for (int s = 0; s < 3; s++)
            memory_comes_back(ways[w], sizes[s], s % 2 == 1);
    freed_neighbours_make_room_for_larger_blocks();
    return check_end();
}
