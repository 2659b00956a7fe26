/* oom.c as|data: under a limit of the process, RLIMIT_AS or RLIMIT_DATA, allocation fails with ENOMEM and nothing else
 * happens: live blocks stay intact and can be freed, and then allocation works again.
 * hosted: no */
#include "check.h"

#include <sys/resource.h>

enum { LEFT = 64 << 20, TOO_MUCH = 1 << 30 };

/* The blocks are the list: there is no memory for another one. */
struct node {
    struct node *next;
    size_t size; /* of the bytes after it */
};

static struct node *list;

static void limit_to_what_is_used_and_a_little(const char *which) {
    bool data = strcmp(which, "data") == 0;
    CHECK(data || strcmp(which, "as") == 0, "argument %s", which);
    int resource = data ? RLIMIT_DATA : RLIMIT_AS;
    struct rlimit limit;
    CHECK_EQ(getrlimit(resource, &limit), 0);
    limit.rlim_cur = process_kib(data ? "VmData:" : "VmSize:") * 1024 + LEFT;
    CHECK_EQ(setrlimit(resource, &limit), 0);
}

static bool add(void *block, size_t size) {
    if (block == NULL) {
        CHECK_EQ(errno, ENOMEM);
        return false;
    }
    struct node *node = block;
    node->next = list;
    node->size = size - sizeof *node;
    fill(node + 1, node->size, (uint64_t)(uintptr_t)node);
    list = node;
    return true;
}

static void check_list(void) {
    for (const struct node *node = list; node != NULL; node = node->next)
        verify(node + 1, node->size, (uint64_t)(uintptr_t)node);
}

/* How many bytes there were. Every byte of them is touched, and stays live. */
static size_t allocate_until_it_fails(void) {
    const size_t sizes[] = {1 << 20, 64 << 10, 3000, 100, sizeof(struct node) + 16};
    size_t total = 0;
    for (int i = 0; i < 5; i++)
        for (errno = 0; add(malloc(sizes[i]), sizes[i]); errno = 0) {
            total += sizes[i];
            CHECK(total < TOO_MUCH, "the limit left %d MiB, and more than %d MiB were allocated", LEFT >> 20,
                  TOO_MUCH >> 20);
        }
    return total;
}

static void every_door_fails_without_harm(void) {
    const size_t size = 8 << 20; /* more than what has just failed */
    void *untouched = &untouched;
    errno = 0;
    CHECK_EQ(calloc(size, 1), NULL);
    CHECK_EQ(errno, ENOMEM);
    errno = 0;
    CHECK_EQ(realloc(NULL, size), NULL);
    CHECK_EQ(errno, ENOMEM);
    errno = 0;
    CHECK_EQ(aligned_alloc(4096, size), NULL);
    CHECK_EQ(errno, ENOMEM);
    CHECK_EQ(posix_memalign(&untouched, 4096, size), ENOMEM);
    CHECK(untouched == &untouched);
    int tried = 0;
    for (struct node *node = list; node != NULL && tried < 50; node = node->next, tried++) {
        errno = 0;
        CHECK_EQ(realloc(node, size), NULL);
        CHECK_EQ(errno, ENOMEM);
    }
    CHECK(tried > 0);
}

static void free_list(void) {
    check_list();
    while (list != NULL) {
        struct node *next = list->next;
        free(list);
        list = next;
    }
}

int main(int argc, char **argv) {
    static char buffer[BUFSIZ];
    setvbuf(stdout, buffer, _IOLBF, sizeof buffer); /* stdio must not need memory when there is none */
    check_begin("oom", argc, argv);
    CHECK(argc == 2, "oom as|data");
    CHECK(add(malloc(1000), 1000));
    limit_to_what_is_used_and_a_little(argv[1]);
    size_t first = allocate_until_it_fails();
    CHECK(first > LEFT / 4, "only %zu KiB of %d MiB could be allocated", first >> 10, LEFT >> 20);
    every_door_fails_without_harm();
    free_list();
    size_t again = allocate_until_it_fails();
    CHECK(again > first / 2, "first %zu KiB, after freeing all %zu KiB", first >> 10, again >> 10);
    free_list();
    return check_end();
}
