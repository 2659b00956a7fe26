/* sized-free.c: C23's free_sized and free_aligned_sized, and the old cfree, free a block as free does. glibc 2.36 has
 * none of them for new programs, hence dlsym. hosted: yes */
#include "check.h"

#include <dlfcn.h>

#define NAME_OF(function) #function
#define NAME(function)    NAME_OF(function) /* after hosted.h has renamed it */

enum { UNTOUCHED = 12345 };

static void *found(const char *name) {
    void *symbol = dlsym(RTLD_DEFAULT, name);
    CHECK(symbol != NULL || !check_env("EXPECT_JAVALLOC"), "%s", name);
    return symbol;
}

static void free_sized_frees(void (*sized)(void *, size_t)) {
    for (size_t size = 0; size < 500000; size = size * 3 + 1) {
        void *block = size % 2 ? malloc(size) : calloc(1, size);
        CHECK(block != NULL);
        fill(block, size, size);
        errno = UNTOUCHED;
        sized(block, size);
        CHECK_EQ(errno, UNTOUCHED);
    }
    sized(NULL, 0);
    sized(NULL, 100);
}

static void free_aligned_sized_frees(void (*sized)(void *, size_t, size_t)) {
    for (size_t alignment = 16; alignment <= 65536; alignment *= 4)
        for (size_t size = alignment; size < 500000; size *= 4) {
            void *block = aligned_alloc(alignment, size);
            CHECK(block != NULL);
            fill(block, size, size);
            errno = UNTOUCHED;
            sized(block, alignment, size);
            CHECK_EQ(errno, UNTOUCHED);
        }
    sized(NULL, 64, 64);
}

/* What is given back is what the last realloc asked for: a block that stayed where it was is not larger for that. */
static void free_sized_frees_what_was_resized(void (*sized)(void *, size_t)) {
    for (size_t before = 1; before < 100000; before = before * 2 + 1)
        for (size_t after = 1; after < 200000; after = after * 3 / 2 + 1) {
            unsigned char *block = malloc(before);
            CHECK(block != NULL);
            fill(block, before, before);
            block = realloc(block, after);
            CHECK(block != NULL);
            size_t kept = before < after ? before : after;
            CHECK_EQ(first_difference(block, kept, before), kept);
            sized(block, after);
        }
}

static void cfree_frees(void (*old_free)(void *)) {
    for (size_t size = 0; size < 500000; size = size * 3 + 1) {
        void *block = calloc(1, size);
        CHECK(block != NULL);
        old_free(block);
    }
    old_free(NULL);
}

int main(int argc, char **argv) {
    check_begin("sized-free", argc, argv);
    void (*sized)(void *, size_t) = (void (*)(void *, size_t))found(NAME(free_sized));
    void (*aligned)(void *, size_t, size_t) = (void (*)(void *, size_t, size_t))found(NAME(free_aligned_sized));
    void (*old_free)(void *) = (void (*)(void *))found(NAME(cfree));
    if (sized != NULL) {
        free_sized_frees(sized);
        free_sized_frees_what_was_resized(sized);
    }
    if (aligned != NULL)
        free_aligned_sized_frees(aligned);
    if (old_free != NULL)
        cfree_frees(old_free);
    return check_end();
}
