/* bookkeeping.c: what a heap remembers of its blocks in Java's memory, which is small, never fills it: a JVM that has
 * none left ends the process. Makes 60,000 blocks of 100,000 bytes, as far as the heap goes, and touches each; when all
 * have come back, the heap serves again. */
#include "check.h"

enum { SIZE = 100000, MOST = 60000 };

int main(int argc, char **argv) {
    check_begin("bookkeeping", argc, argv);
    void **last = NULL;
    size_t count = 0;
    errno = 0;
    while (count < MOST) {
        void **block = malloc(SIZE);
        if (block == NULL)
            break;
        *block = last;
        last = block;
        count++;
    }
    CHECK(count == MOST || errno == ENOMEM, "after %zu blocks", count);
    CHECK(count > 10000, "no more than %zu blocks", count);
    while (last != NULL) {
        void **previous = *last;
        free(last);
        last = previous;
    }
    CHECK(escape(malloc(SIZE)) != NULL);
    return check_end();
}
