/*
 * layers.c: what the layers promise. The argument names a rule, or a bug that is planted as in misuse.h; the heap
 * expression has to fit (CMakeLists.txt). Sizes are such that their last word is not full.
 * hosted: no
 */
#include "../misuse/misuse.h"

#include <pthread.h>

enum { SIZE = 44 };

static char *block_in_company(void) {
    allocate_company();
    char *block = malloc(SIZE);
    CHECK(block != NULL);
    planted(block);
    return escape(block);
}

/* ---- bugs ---- */

static void a_byte_behind_the_end(void) {
    char *block = block_in_company();
    block[SIZE] = 0;
    free(escape(block));
}

static void a_byte_behind_the_end_of_a_block_that_stays(void) {
    char *block = block_in_company();
    block[SIZE + 3] = 0;
}

static void a_byte_behind_the_end_of_a_block_that_grows(void) {
    char *block = block_in_company();
    block[SIZE + 1] = 0;
    CHECK(realloc(escape(block), 1000) != NULL);
}

static void a_byte_before_the_start(void) {
    char *block = block_in_company();
    block[-1] = (char)~block[-1];
    free(escape(block));
}

static void a_byte_behind_an_aligned_block(void) {
    allocate_company();
    char *block = aligned_alloc(512, SIZE);
    CHECK(block != NULL);
    planted(block);
    ((char *)escape(block))[SIZE] = 0;
    free(escape(block));
}

static volatile char seen;

static void a_read_after_free(void) {
    char *block = block_in_company();
    free(block);
    seen = ((char *)escape(block))[17];
}

static void a_write_after_free(void) {
    char *block = block_in_company();
    free(block);
    ((char *)escape(block))[17] = 0;
}

static void a_write_after_free_with_others_freed_later(void) {
    a_write_after_free();
    for (int i = 0; i < 1000; i++)
        free(malloc(100));
}

static void a_write_to_a_block_that_moved(void) {
    char *block = block_in_company();
    CHECK(realloc(block, 5000) != NULL);
    ((char *)escape(block))[17] = 0;
}

static void a_second_free(void) {
    char *block = block_in_company();
    free(block);
    free(escape(block));
}

static void a_realloc_after_free(void) {
    char *block = block_in_company();
    free(block);
    CHECK(realloc(escape(block), 1000) != NULL);
}

static void a_read_far_behind_the_end(void) { seen = block_in_company()[SIZE + 4]; }

static void a_write_far_behind_the_end(void) { block_in_company()[SIZE + 100] = 1; }

/* ---- rules ---- */

static void usable_is_what_was_asked_for(void) {
    for (size_t size = 1; size < 3000; size += 7) {
        void *block = malloc(size);
        CHECK_EQ(malloc_usable_size(block), size);
        block = realloc(block, size + 3);
        CHECK_EQ(malloc_usable_size(block), size + 3);
        free(block);
    }
}

static void a_new_block_is_zero(void) {
    static char *blocks[500];
    for (int round = 0; round < 4; round++) {
        for (size_t i = 0; i < 500; i++) {
            size_t size = 1 + i * 11;
            blocks[i] = i % 2 == 0 ? malloc(size) : aligned_alloc(64, size);
            CHECK(blocks[i] != NULL);
            zeroed(blocks[i], size);
            memset(blocks[i], 0x55, size);
        }
        for (size_t i = 0; i < 500; i++) {
            size_t size = 1 + i * 11;
            blocks[i] = realloc(blocks[i], 2 * size);
            CHECK(blocks[i] != NULL);
            zeroed(blocks[i] + size, size);
            free(blocks[i]);
        }
    }
}

static void a_new_block_is_poison(void) {
    for (size_t size = 1; size < 5000; size += 13) {
        unsigned char *block = malloc(size);
        CHECK(block != NULL);
        for (size_t at = 0; at < size; at++)
            CHECK_EQ(block[at], 0xa5);
        memset(block, 0, size);
        block = realloc(block, 3 * size);
        CHECK(block != NULL);
        zeroed(block, size);
        free(block);
        block = calloc(size, 1);
        zeroed(block, size);
        free(block);
    }
}

static void a_freed_block_is_poison(void) {
    unsigned char *block = malloc(1000);
    memset(block, 0, 1000);
    free(block);
    block = escape(block);
    for (size_t at = 16; at < 1000; at++) /* the heap inside may use the first bytes */
        CHECK_EQ(block[at], 0xa5);
}

/* Under a limit of 4 MiB. */
static void the_limit_is_the_limit(void) {
    static void *blocks[64];
    size_t count = 0, size = 256 << 10;
    errno = 0;
    while (count < 64 && (blocks[count] = malloc(size)) != NULL)
        fill(blocks[count], size, count), count++;
    CHECK(count >= 14 && count <= 16, "%zu blocks", count);
    CHECK_EQ(errno, ENOMEM);
    errno = 0;
    CHECK(calloc(1, size) == NULL);
    CHECK_EQ(errno, ENOMEM);
    errno = 0;
    CHECK(realloc(blocks[3], 3 * size) == NULL);
    CHECK_EQ(errno, ENOMEM);
    for (size_t i = 0; i < count; i++)
        verify(blocks[i], size, i);
    free(blocks[0]);
    CHECK(malloc(size) != NULL);
}

static bool is_refused(int way) {
    static void *block;
    errno = 0;
    void *answer = way == 0 ? malloc(100) : way == 1 ? calloc(10, 10) : realloc(block, malloc_usable_size(block) + 1);
    if (answer == NULL) {
        CHECK_EQ(errno, ENOMEM);
        return true;
    }
    if (way != 2)
        free(block);
    block = answer;
    return false;
}

/* With every=10. */
static void each_tenth_allocation_fails(void) {
    while (!is_refused(0))
        ;
    for (int round = 0; round < 50; round++)
        for (int call = 1; call <= 10; call++)
            CHECK_EQ(is_refused(call % 3), call == 10);
}

static void freed_blocks_do_not_come_back_at_once(void) {
    void *block = malloc(100);
    for (int i = 0; i < 20; i++) {
        free(block);
        void *next = malloc(100);
        CHECK(next != block);
        block = next;
    }
}

static void blocks_come_in_no_order(void) {
    char *before = malloc(100);
    int neighbours = 0;
    for (int i = 0; i < 1000; i++) {
        char *block = malloc(100);
        neighbours += block - before == 128;
        before = block;
    }
    CHECK(neighbours < 200, "%d of 1000", neighbours);
}

/* Each of many blocks, with and without a guard, can be written to its end. 65,530 mappings are all that there are. */
static void many_blocks_end_at_a_guard(void) {
    static char *blocks[40000];
    for (size_t i = 0; i < 40000; i++) {
        blocks[i] = malloc(1 + i % 300);
        CHECK(blocks[i] != NULL, "number %zu", i);
        fill(blocks[i], 1 + i % 300, i);
    }
    for (size_t i = 0; i < 40000; i++) {
        verify(blocks[i], 1 + i % 300, i);
        free(blocks[i]);
    }
}

static size_t mappings(void) {
    FILE *maps = fopen("/proc/self/maps", "r");
    CHECK(maps != NULL);
    size_t lines = 0;
    for (int c; (c = getc(maps)) != EOF;)
        lines += c == '\n';
    CHECK_EQ(fclose(maps), 0);
    return lines;
}

/* Blocks of other sizes divide the memory elsewhere: what is no longer needed must not count. */
static void the_program_has_mappings_left(void) {
    static char *blocks[40000];
    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < 40000; i++) {
            size_t size = 1 + i * 7919 * round % 20000;
            blocks[i] = malloc(size);
            CHECK(blocks[i] != NULL, "number %zu", i);
            fill(blocks[i], size, i);
        }
        CHECK(mappings() < 63000, "%zu mappings", mappings());
        for (size_t i = 0; i < 40000; i++)
            free(blocks[i]);
        CHECK(mappings() < 63000, "%zu mappings", mappings());
    }
}

/* The first heap has 64 KiB, or serves 64 bytes at most. */
static void one_heap_helps_the_other(void) {
    static char *blocks[3000];
    for (size_t i = 0; i < 3000; i++) {
        blocks[i] = malloc(40);
        CHECK(blocks[i] != NULL);
        fill(blocks[i], 40, i);
    }
    for (size_t i = 0; i < 3000; i += 2) {
        CHECK((blocks[i] = realloc(blocks[i], 4000)) != NULL);
        verify(blocks[i], 40, i);
    }
    for (size_t i = 0; i < 3000; i++) {
        verify(blocks[i], 40, i);
        free(blocks[i]);
    }
}

static void *free_it(void *block) {
    free(block);
    return NULL;
}

/* Such a thread cannot call the heap: the block waits, and its guards stay as they are. */
static void short_blocks_may_be_freed_on_a_short_stack(void) {
    pthread_attr_t attributes;
    CHECK_EQ(pthread_attr_init(&attributes), 0);
    CHECK_EQ(pthread_attr_setstacksize(&attributes, 64 << 10), 0);
    for (size_t size = 1; size <= 24; size++) {
        pthread_t thread;
        void *block = malloc(size);
        CHECK(block != NULL);
        CHECK_EQ(pthread_create(&thread, &attributes, free_it, block), 0);
        CHECK_EQ(pthread_join(thread, NULL), 0);
        free(malloc(size)); /* what waits is freed now */
    }
}

static const struct {
    const char *name;
    void (*run)(void);
    bool is_bug;
} cases[] = {
#define RULE(name)                                                                                                     \
    { #name, name, false }
#define BUG(name)                                                                                                      \
    { #name, name, true }
    BUG(a_byte_behind_the_end),
    BUG(a_byte_behind_the_end_of_a_block_that_stays),
    BUG(a_byte_behind_the_end_of_a_block_that_grows),
    BUG(a_byte_before_the_start),
    BUG(a_byte_behind_an_aligned_block),
    BUG(a_read_after_free),
    BUG(a_write_after_free),
    BUG(a_write_after_free_with_others_freed_later),
    BUG(a_write_to_a_block_that_moved),
    BUG(a_second_free),
    BUG(a_realloc_after_free),
    BUG(a_read_far_behind_the_end),
    BUG(a_write_far_behind_the_end),
    RULE(usable_is_what_was_asked_for),
    RULE(a_new_block_is_zero),
    RULE(a_new_block_is_poison),
    RULE(a_freed_block_is_poison),
    RULE(the_limit_is_the_limit),
    RULE(each_tenth_allocation_fails),
    RULE(freed_blocks_do_not_come_back_at_once),
    RULE(blocks_come_in_no_order),
    RULE(many_blocks_end_at_a_guard),
    RULE(the_program_has_mappings_left),
    RULE(one_heap_helps_the_other),
    RULE(short_blocks_may_be_freed_on_a_short_stack),
};

int main(int argc, char **argv) {
    check_begin("layers", argc, argv);
    CHECK(argc == 2, "the name of a rule or a bug");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (strcmp(argv[1], cases[i].name) == 0) {
            cases[i].run();
            return cases[i].is_bug ? survived() : check_end();
        }
    CHECK(false, "there is no %s", argv[1]);
}
