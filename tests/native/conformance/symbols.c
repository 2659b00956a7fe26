/* symbols.c: the whole family is there, from one library, and its introspective members work.
 * hosted: no */
#include "check.h"

#include <dlfcn.h>

static void *found(const char *name) {
    void *symbol = dlsym(RTLD_DEFAULT, name);
    CHECK(symbol != NULL, "%s", name);
    return symbol;
}

static void every_function_is_there_and_from_one_library(void) {
    const char *names[] = {"malloc",
                           "calloc",
                           "realloc",
                           "free",
                           "aligned_alloc",
                           "memalign",
                           "posix_memalign",
                           "valloc",
                           "pvalloc",
                           "malloc_usable_size",
                           "reallocarray",
                           "mallopt",
                           "mallinfo",
                           "mallinfo2",
                           "malloc_trim",
                           "malloc_stats",
                           "malloc_info",
                           "free_sized",
                           "free_aligned_sized",
                           "cfree"};
    size_t count = sizeof names / sizeof names[0];
    if (check_env("CHECK_GLIBC"))
        count -= 3; /* too old for the sized ones, and too new for cfree */
    for (size_t i = 0; i < count; i++) {
        Dl_info from;
        CHECK(dladdr(found(names[i]), &from) != 0, "%s", names[i]);
        if (check_env("EXPECT_JAVALLOC"))
            CHECK(strstr(from.dli_fname, "/libjavalloc.so") != NULL, "%s comes from %s", names[i], from.dli_fname);
    }
}

static void mallinfo2_counts_what_is_allocated(void) {
    struct mallinfo2 (*info)(void) = (struct mallinfo2(*)(void))found("mallinfo2");
    static void *blocks[1000];
    size_t before = info().uordblks;
    for (int i = 0; i < 1000; i++)
        CHECK((blocks[i] = malloc(10000)) != NULL);
    size_t during = info().uordblks;
    CHECK(during >= before + 10000000, "from %zu to %zu", before, during);
    CHECK(info().fordblks <= info().arena, "%zu of %zu are free", info().fordblks, info().arena);
    for (int i = 0; i < 1000; i++)
        free(blocks[i]);
    size_t after = info().uordblks; /* caches may keep some */
    CHECK(after + 5000000 < during, "from %zu to %zu", during, after);

    struct mallinfo (*old_info)(void) = (struct mallinfo(*)(void))found("mallinfo");
    CHECK(old_info().uordblks > 0 || after == 0, "%d", old_info().uordblks);
}

/* libc's own calls come to the same allocator as ours. */
static void mallinfo2_counts_what_libc_allocates(void) {
    struct mallinfo2 (*info)(void) = (struct mallinfo2(*)(void))found("mallinfo2");
    static char text[60000];
    char *copies[50];
    memset(text, 'x', sizeof text - 1);
    size_t before = info().uordblks;
    for (int i = 0; i < 50; i++)
        CHECK((copies[i] = strdup(text)) != NULL);
    size_t after = info().uordblks;
    CHECK(after >= before + 50 * sizeof text, "from %zu to %zu", before, after);
    for (int i = 0; i < 50; i++)
        free(copies[i]);
}

/* Tags nest and attributes are quoted: enough to say that a parser will not choke. */
static void check_well_formed(const char *xml) {
    const char *open[32];
    int depth = 0, elements = 0;
    for (const char *at = xml; (at = strchr(at, '<')) != NULL; at++) {
        if (at[1] == '?')
            continue;
        bool closing = at[1] == '/';
        const char *name = at + 1 + closing, *end = name;
        size_t length = strcspn(name, " \t\n/>");
        CHECK(length > 0, "at: %.40s", at);
        for (char quote = 0; *end != 0 && (quote != 0 || *end != '>'); end++) {
            if (quote == 0)
                CHECK(*end != '<', "in: %.40s", at);
            if (*end == '"' || *end == '\'')
                quote = quote == 0 ? *end : quote == *end ? 0 : quote;
        }
        CHECK(*end == '>', "at: %.40s", at);
        if (closing)
            CHECK(depth > 0 && strncmp(open[--depth], name, length) == 0, "at: %.40s", at);
        else if (end[-1] != '/') {
            CHECK(depth < 32);
            open[depth++] = name;
        }
        CHECK(depth > 0 || strspn(end + 1, " \n\t") == strlen(end + 1), "one root, then: %.40s", end + 1);
        elements++;
    }
    CHECK(depth == 0 && elements > 0);
}

/* The stream itself calls malloc and realloc while malloc_info writes to it: no lock of the heap may be held then. */
static void malloc_info_writes_XML(void) {
    int (*info)(int, FILE *) = (int (*)(int, FILE *))found("malloc_info");
    char *xml = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&xml, &length);
    CHECK(stream != NULL);
    CHECK_EQ(info(0, stream), 0);
    CHECK_EQ(fclose(stream), 0);
    CHECK(strncmp(xml, "<malloc", 7) == 0, "%.60s", xml);
    check_well_formed(xml);
    free(xml);
    errno = 0;
    int refused = info(1, stdout); /* the manual says -1 and errno, glibc returns the error */
    CHECK(refused == EINVAL || (refused == -1 && errno == EINVAL), "malloc_info(1, …) returned %d", refused);
}

static void malloc_stats_writes_to_standard_error(void) {
    void (*stats)(void) = (void (*)(void))found("malloc_stats");
    FILE *file = tmpfile();
    int saved = dup(STDERR_FILENO);
    CHECK(file != NULL && saved >= 0);
    CHECK_EQ(dup2(fileno(file), STDERR_FILENO), STDERR_FILENO);
    stats();
    fflush(stderr);
    CHECK_EQ(dup2(saved, STDERR_FILENO), STDERR_FILENO);
    off_t written = lseek(fileno(file), 0, SEEK_END);
    CHECK(written > 0, "malloc_stats wrote %lld bytes", (long long)written);
    fclose(file);
    close(saved);
}

static void malloc_trim_and_mallopt_answer(void) {
    int (*trim)(size_t) = (int (*)(size_t))found("malloc_trim");
    int (*option)(int, int) = (int (*)(int, int))found("mallopt");
    void *kept = malloc(100000), *freed = malloc(4000000);
    CHECK(kept != NULL && freed != NULL);
    fill(kept, 100000, 1);
    fill(freed, 4000000, 2);
    free(freed);
    for (size_t pad = 0; pad <= 1000000; pad += 500000) {
        int returned = trim(pad);
        CHECK(returned == 0 || returned == 1, "malloc_trim(%zu) returned %d", pad, returned);
    }
    verify(kept, 100000, 1);
    free(kept);
    CHECK_EQ(option(M_MMAP_THRESHOLD, 1 << 20), 1);
    CHECK_EQ(option(M_TRIM_THRESHOLD, 1 << 20), 1);
    CHECK_EQ(option(M_ARENA_MAX, 1), 1);
    void *after = malloc(2 << 20);
    CHECK(after != NULL);
    free(after);
}

int main(int argc, char **argv) {
    check_begin("symbols", argc, argv);
    every_function_is_there_and_from_one_library();
    mallinfo2_counts_what_is_allocated();
    mallinfo2_counts_what_libc_allocates();
    malloc_info_writes_XML();
    malloc_stats_writes_to_standard_error();
    malloc_trim_and_mallopt_answer();
    return check_end();
}
