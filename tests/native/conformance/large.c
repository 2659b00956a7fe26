/* large.c: blocks far above every size class: they can be had, untouched bytes cost no memory, contents move with
 * realloc. hosted: yes */
#include "check.h"

enum { MIB = 1 << 20 };

/* Sixteen bytes here and there, and the last: to write all of a large block would measure the kernel. */
static void mark(char *block, size_t size, int tag) {
    for (size_t i = 0; i < 16; i++)
        block[i * (size / 16)] = (char)(tag + (int)i);
    block[size - 1] = (char)tag;
    escape(block);
}

static void check_marks(const char *block, size_t size, size_t kept, int tag) {
    for (size_t i = 0; i < 16 && i * (size / 16) < kept; i++)
        CHECK(block[i * (size / 16)] == (char)(tag + (int)i), "byte %zu of %zu", i * (size / 16), size);
    if (kept == size)
        CHECK(block[size - 1] == (char)tag, "the last of %zu bytes", size);
}

/* A gibibyte, at SCALE=1. A heap may have to write calloc's zeroes itself, so that one is smaller. */
static void what_is_not_touched_costs_nothing(void) {
    size_t before = process_kib("VmRSS:"), size = scaled((size_t)1 << 30);
    char *block = malloc(size), *zeroes = calloc(size / 16, 1);
    CHECK(block != NULL && zeroes != NULL);
    mark(block, size, 7);
    check_marks(block, size, size, 7);
    for (size_t at = 0; at < size / 16; at += 1000)
        CHECK_EQ(zeroes[at], 0);
    free(zeroes);
    free(block);
    size_t after = process_kib("VmRSS:");
    CHECK(after < before + 128 * 1024, "resident %zu MiB before, %zu MiB after", before >> 10, after >> 10);
}

static void a_block_grows_and_shrinks_by_mebibytes(void) {
    size_t size = MIB;
    char *block = malloc(size);
    CHECK(block != NULL);
    mark(block, size, 1);
    for (int step = 0; step < 12; step++) {
        size_t next = step < 6 ? size * 2 : size / 3;
        char *other = malloc(3 * MIB + 1000); /* takes the place behind it */
        CHECK(other != NULL);
        block = realloc(block, next);
        CHECK(block != NULL && is_aligned(block, 16) && malloc_usable_size(block) >= next);
        check_marks(block, size, size < next ? size : next, step + 1);
        size = next;
        mark(block, size, step + 2);
        free(other);
    }
    free(block);
}

static void many_large_blocks_live_side_by_side(void) {
    enum { LIVE = 40 };
    void *blocks[LIVE] = {NULL};
    size_t sizes[LIVE] = {0};
    uint64_t random = check_seed;
    for (size_t step = 0; step < scaled(400); step++) {
        size_t at = random_below(&random, LIVE);
        if (blocks[at] != NULL)
            check_marks(blocks[at], sizes[at], sizes[at], (int)at);
        free(blocks[at]);
        sizes[at] = 200000 + random_size(&random, 16 * MIB);
        blocks[at] = step % 4 == 0 ? memalign(4096u << step % 8, sizes[at]) : malloc(sizes[at]);
        CHECK(blocks[at] != NULL, "%zu bytes", sizes[at]);
        mark(blocks[at], sizes[at], (int)at);
    }
    for (size_t at = 0; at < LIVE; at++) {
        if (blocks[at] != NULL)
            check_marks(blocks[at], sizes[at], sizes[at], (int)at);
        free(blocks[at]);
    }
}

int main(int argc, char **argv) {
    check_begin("large", argc, argv);
    what_is_not_touched_costs_nothing();
    a_block_grows_and_shrinks_by_mebibytes();
    many_large_blocks_live_side_by_side();
    return check_end();
}
