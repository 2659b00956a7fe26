/* usable.c: malloc_usable_size tells the truth: every byte that it counts may be written, and none belongs to another
 * block. hosted: yes */
#include "check.h"
#include "doors.h"

static void of_NULL_it_is_zero(void) { CHECK_EQ(malloc_usable_size(NULL), 0); }

static void every_usable_byte_may_be_written_without_harm_to_others(void) {
    enum { MOST = 6000 };
    static struct {
        void *block;
        size_t usable;
    } live[MOST];
    size_t count = 0;
    for (size_t size = 0; size <= 4096; size++) {
        void *block = doors[size % DOORS].allocate(size);
        size_t usable = malloc_usable_size(block);
        CHECK(block != NULL && usable >= size, "%s, n = %zu: %zu usable", doors[size % DOORS].name, size, usable);
        fill(block, usable, count);
        live[count].block = block;
        live[count++].usable = usable;
    }
    for (size_t size = 5000; size < (8 << 20); size += size / 4 + 1)
        for (int d = 0; d < DOORS; d++) {
            void *block = doors[d].allocate(size);
            size_t usable = malloc_usable_size(block);
            CHECK(block != NULL && usable >= size, "%s, n = %zu: %zu usable", doors[d].name, size, usable);
            size_t end = usable - 4096; /* the two ends: where the neighbours and the metadata are */
            fill(block, 4096, count);
            fill((char *)block + end, 4096, count + 1);
            verify(block, end < 4096 ? end : 4096, count);
            free(block);
        }
    for (size_t i = 0; i < count; i++) {
        CHECK_EQ(malloc_usable_size(live[i].block), live[i].usable); /* asked again */
        verify(live[i].block, live[i].usable, i);
    }
    for (size_t i = 0; i < count; i += 2)
        free(live[i].block);
    for (size_t i = 1; i < count; i += 2) {
        verify(live[i].block, live[i].usable, i);
        free(live[i].block);
    }
}

/* SQLite and others fill malloc_usable_size bytes and then call realloc: glibc keeps them all. */
static void realloc_keeps_every_usable_byte(void) {
    for (size_t size = 0; size <= 300000; size += 1 + size / 5) {
        void *block = malloc(size);
        CHECK(block != NULL);
        size_t usable = malloc_usable_size(block);
        fill(block, usable, size);
        block = realloc(block, 2 * usable + 100);
        CHECK(block != NULL && malloc_usable_size(block) >= 2 * usable + 100);
        verify(block, usable, size);
        free(block);
    }
}

static void after_realloc_it_counts_the_new_block(void) {
    uint64_t random = check_seed;
    void *block = NULL;
    for (size_t step = 0; step < scaled(2000); step++) {
        size_t size = 1 + random_size(&random, 200000);
        block = realloc(block, size);
        size_t usable = malloc_usable_size(block);
        CHECK(block != NULL && usable >= size, "realloc to %zu: %zu usable", size, usable);
        fill(block, usable, step);
        verify(block, usable, step);
    }
    free(block);
}

static void realloc_within_the_usable_size_keeps_the_contents(void) {
    for (size_t size = 1; size <= 100000; size += 1 + size / 3) {
        void *block = malloc(size);
        CHECK(block != NULL);
        fill(block, size, size);
        block = realloc(block, malloc_usable_size(block));
        CHECK(block != NULL);
        verify(block, size, size);
        free(block);
    }
}

static void of_an_aligned_block_it_reaches_the_end_and_no_further(void) {
    for (size_t alignment = 16; alignment <= (1 << 16); alignment *= 2) {
        void *blocks[32];
        for (size_t i = 0; i < 32; i++) {
            blocks[i] = memalign(alignment, i * 40);
            CHECK(blocks[i] != NULL && malloc_usable_size(blocks[i]) >= i * 40);
            fill(blocks[i], malloc_usable_size(blocks[i]), i);
        }
        for (size_t i = 0; i < 32; i++) {
            verify(blocks[i], malloc_usable_size(blocks[i]), i);
            free(blocks[i]);
        }
    }
}

int main(int argc, char **argv) {
    check_begin("usable", argc, argv);
    of_NULL_it_is_zero();
    every_usable_byte_may_be_written_without_harm_to_others();
    realloc_keeps_every_usable_byte();
    after_realloc_it_counts_the_new_block();
    realloc_within_the_usable_size_keeps_the_contents();
    of_an_aligned_block_it_reaches_the_end_and_no_further();
    return check_end();
}
