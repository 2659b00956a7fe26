/*
 * misuse.h: what the misuse programs share. Each plants one bug: it prints "planted <address>", does the wrong thing,
 * prints "went on", uses the heap some more, and prints "survived" and exits with 0 if nobody stopped it. An allocator
 * that sees the bug ends it with a message on stderr.
 */
#ifndef MISUSE_H
#define MISUSE_H

#include "../conformance/check.h"

static inline void planted(const void *address) {
    printf("planted %p\n", address);
    fflush(stdout);
}

static inline int survived(void) {
    printf("survived\n");
    fflush(stdout);
    return 0;
}

/* Live blocks around the one that is misused, and some free ones: no allocator can see the bug by an empty heap. The
 * sizes are not those of the misused block, or it would be handed out again. */
static void *company[20];

static inline void allocate_company(void) {
    for (size_t i = 0; i < 20; i++) {
        company[i] = malloc(200 + 40 * i);
        CHECK(company[i] != NULL);
        fill(company[i], 200 + 40 * i, i);
    }
    for (size_t i = 0; i < 20; i += 3) {
        free(company[i]);
        company[i] = NULL;
    }
}

/* What is misused: no allocator has blocks of just this size, so there are bytes that are nobody's behind the last. */
enum { BLOCK_SIZE = 100, LARGE_SIZE = 100000 };

/* Before and behind the block that is misused. */
static void *neighbours[2];

static inline char *surrounded_block(size_t size) {
    neighbours[0] = malloc(size);
    char *block = malloc(size);
    neighbours[1] = malloc(size);
    CHECK(neighbours[0] != NULL && block != NULL && neighbours[1] != NULL);
    fill(block, size, size);
    allocate_company();
    return escape(block);
}

/* Every byte becomes another one, but not its complement, with which an allocator may have a mark of its own. */
static inline void change(char *bytes, size_t count) {
    for (size_t i = 0; i < count; i++)
        bytes[i] ^= 0x55;
    escape(bytes);
}

/* Whether a block has what surrounded_block wrote. Lists of free blocks may have been in its first 16 bytes. */
static inline bool has_old_contents(const char *block) {
    for (size_t i = 16; i < BLOCK_SIZE; i++)
        if (block[i] != (char)(pattern_word(BLOCK_SIZE, i / 8) >> (i % 8 * 8)))
            return false;
    return true;
}

static inline void report_reading(bool old_contents) {
    printf("read %s\n", old_contents ? "the old contents" : "something else");
    fflush(stdout);
}

/* The number that tells one variant of a bug from another. */
static inline size_t variant(int argc, char **argv, size_t usual) {
    return argc > 1 ? strtoull(argv[1], NULL, 10) : usual;
}

/* What comes after the wrong thing. `block` is the last that is freed rightly, or NULL. */
static inline int carry_on(void *block) {
    static void *more[1000];
    printf("went on\n");
    fflush(stdout);
    free(block);
    for (size_t i = 0; i < 2; i++)
        free(neighbours[i]);
    for (size_t i = 0; i < 20; i++)
        free(company[i]);
    for (size_t i = 0; i < 1000; i++)
        CHECK((more[i] = escape(malloc(BLOCK_SIZE))) != NULL);
    for (size_t i = 0; i < 1000; i++)
        free(more[i]);
    return survived();
}

#endif
