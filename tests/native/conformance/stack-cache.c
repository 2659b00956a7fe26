/* stack-cache.c: threads that are made and joined while glibc keeps no stacks (its stack_cache_size is 0): then each
 * pthread_join frees the thread's last block under the lock that pthread_create takes. Once javalloc made a thread of
 * its own inside one of the program's calls, and waited for that lock for ever. The argument, a number of allocations,
 * shifts which calls are frees. */
#include "check.h"

#include <pthread.h>

static void *nothing(void *unused) { return unused; }

int main(int argc, char **argv) {
    check_begin("stack-cache", argc, argv);
    for (int i = argc > 1 ? atoi(argv[1]) : 0; i > 0; i--)
        CHECK(escape(malloc(1)) != NULL);
    for (int i = 0; i < 1500; i++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, nothing, NULL) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
    }
    return check_end();
}
