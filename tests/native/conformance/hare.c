/* hare.c BUG: one planted bug for each check of the heap hare. A misuse program, but one that knows what lies around a
 * block of that heap: a word before it with its size, and a word behind what malloc_usable_size says.
 * hosted: no */
#include "../misuse/misuse.h"

enum { SMALL = 40, LARGE = 100000 };

static const uint64_t garbage = 0x4242424242424242, marked_garbage = 0x4141414141414141; /* the lowest bit */

static uint64_t *word_before(void *block) { return (uint64_t *)escape(block) - 1; }

static uint64_t *word_behind(void *block) { return (uint64_t *)((char *)escape(block) + malloc_usable_size(block)); }

static void free_twice(void *block) {
    void *again = escape(block);
    planted(block);
    free(block);
    free(again);
}

static void double_free(void) { free_twice(malloc(SMALL)); }

static void double_free_large(void) { free_twice(malloc(LARGE)); }

static void double_free_aligned(void) { free_twice(memalign(256, SMALL)); }

static void realloc_freed(void) {
    void *block = malloc(SMALL), *again = escape(block);
    planted(block);
    free(block);
    escape(realloc(again, LARGE));
}

static void overflow_small(void) {
    void *block = malloc(SMALL);
    planted(block);
    *word_behind(block) = garbage;
    free(block);
}

static void overflow_that_looks_free(void) {
    void *block = malloc(SMALL);
    planted(block);
    *word_behind(block) = marked_garbage;
    free(block);
}

static void overflow_large(void) {
    void *block = malloc(LARGE);
    planted(block);
    *word_behind(block) = garbage;
    free(block);
}

static void overflow_aligned(void) {
    void *block = memalign(256, SMALL);
    planted(block);
    *word_behind(block) = garbage;
    free(block);
}

static void write_to_freed(void) {
    char *block = malloc(SMALL), *freed = escape(block);
    planted(block);
    free(block);
    freed[SMALL - 1] = 1;
    escape(freed);
}

static void write_after_free(void) {
    write_to_freed();
    escape(malloc(SMALL));
}

/* Nobody uses the block again. */
static void write_after_free_at_exit(void) { write_to_freed(); }

static void foreign(void) {
    static _Alignas(16) char variable[64];
    planted(variable + 32);
    free(escape(variable + 32));
}

/* In the heap's range of addresses, where there is no memory yet. */
static char *nowhere(void *block) { return (char *)escape(block) + ((size_t)16 << 30); }

static void beyond(void) {
    char *block = nowhere(malloc(SMALL));
    planted(block);
    free(escape(block));
}

static void interior(void) {
    char *block = calloc(1, LARGE);
    planted(block + 4096);
    free(escape(block + 4096));
}

/* Before it stands what could be the size of a large block. */
static void interior_large(void) {
    char *block = malloc(LARGE);
    *word_before(block + 4096) = LARGE;
    planted(block + 4096);
    free(escape(block + 4096));
}

static void underflow_large(void) {
    void *block = malloc(LARGE);
    *word_before(block) = 2 * LARGE;
    planted(block);
    free(block);
}

static void unaligned(void) {
    char *block = malloc(SMALL);
    planted(block + 8);
    free(escape(block + 8));
}

/* The list of free blocks leads from `last` to `first`. */
static void list_unmarked(void) {
    void *first = malloc(SMALL), *last = malloc(SMALL), *freed = escape(first);
    planted(first);
    free(first);
    free(last);
    *word_before(freed) = SMALL;
    escape(malloc(SMALL));
}

static void list_astray(void) {
    void *first = malloc(SMALL), *last = malloc(SMALL), *freed = escape(last);
    planted(last);
    free(first);
    free(last);
    *word_before(freed) = marked_garbage;
    escape(malloc(SMALL));
}

static void list_nowhere(void) {
    void *first = malloc(SMALL), *last = malloc(SMALL), *freed = escape(last);
    planted(last);
    free(first);
    free(last);
    *word_before(freed) = (uint64_t)word_before(nowhere(freed)) | 1;
    escape(malloc(SMALL));
}

static void no_bug(void) {
    for (size_t i = 0; i < 20; i++)
        free(company[i]);
    planted(NULL);
}

static void leak(void) {
    no_bug();
    planted(escape(malloc(SMALL)));
}

static const struct bug {
    const char *name;
    void (*plant)(void);
} bugs[] = {
    {"double-free", double_free},
    {"double-free-large", double_free_large},
    {"double-free-aligned", double_free_aligned},
    {"realloc-freed", realloc_freed},
    {"overflow-small", overflow_small},
    {"overflow-that-looks-free", overflow_that_looks_free},
    {"overflow-large", overflow_large},
    {"overflow-aligned", overflow_aligned},
    {"write-after-free", write_after_free},
    {"write-after-free-at-exit", write_after_free_at_exit},
    {"foreign", foreign},
    {"beyond", beyond},
    {"interior", interior},
    {"interior-large", interior_large},
    {"underflow-large", underflow_large},
    {"unaligned", unaligned},
    {"list-unmarked", list_unmarked},
    {"list-astray", list_astray},
    {"list-nowhere", list_nowhere},
    {"leak", leak},
    {"no-bug", no_bug},
};

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IONBF, 0); /* its buffer would be a block that is live at the end */
    CHECK(argc == 2, "hare BUG");
    allocate_company();
    for (size_t i = 0; i < sizeof bugs / sizeof bugs[0]; i++)
        if (strcmp(argv[1], bugs[i].name) == 0) {
            bugs[i].plant();
            return survived();
        }
    CHECK(false, "there is no bug %s", argv[1]);
}
