/*
 * helper.c: a thread of the JVM's beside the program, for what must not be done on the program's own: it makes the
 * upcall stubs when they are wanted, and looks for calls to the heap that do not come back.
 *
 * It exists from the start, and waits. To create it when it is needed could wait for ever: glibc frees under the lock
 * that pthread_create wants (a thread's last block, when its stack leaves the cache), and a thread that is inside Java
 * and waits for that lock keeps the JVM from the safepoint that the lock's holder waits for.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <time.h>

#include "internal.h"

#define STACK ((size_t)1 << 20)

static sem_t is_ready, stubs_are_wanted;

/* Whether it is so within the patience that the user has with the heap. */
static bool stubs_are_wanted_now(void) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += options.patience_seconds;
    int failed;
    do
        failed = options.patience_seconds == 0 ? sem_wait(&stubs_are_wanted)
                                               : sem_clockwait(&stubs_are_wanted, CLOCK_MONOTONIC, &until);
    while (failed && errno == EINTR);
    return !failed;
}

/* A call that lasts that long is one that never ends, or is in the hands of a debugger: libc serves until it is back.
 */
static void watch(void) {
    static bool is_stuck;
    pid_t id = 0;
    unsigned count = thread_watch(&id);
    if ((count != 0) == is_stuck)
        return;
    if (is_stuck) {
        is_stuck = !route_go_on();
    } else if (route_get_stuck()) {
        is_stuck = true;
        snprintf(bridge.message, sizeof bridge.message, "the heap %s", bridge.heap);
        jni_call_entry(ENTRY_DESCRIBE_HANG);
        report("a call has not come back for %u s or more: %s (%u thread%s, %d for one); libc serves the others",
               options.patience_seconds, bridge.message, count, count == 1 ? " waits" : "s wait", (int)id);
    }
}

static void *run(void *unused) {
    (void)unused;
    pthread_setname_np(pthread_self(), "javalloc-helper");
    __libc_free(__libc_malloc(1));
    sem_post(&is_ready);
    for (bool has_stubs = false; options.patience_seconds != 0 || !has_stubs;)
        if (stubs_are_wanted_now())
            has_stubs = jni_call_entry(ENTRY_MAKE_STUBS); /* else JNI goes on serving */
        else
            watch();
    return NULL;
}

/* Without it JNI goes on serving. With a thread's first block glibc reserves 64 MiB of addresses for an arena: that is
 * to happen now, and not when the program has set a limit that leaves no room for it. */
void helper_start(void) {
    pthread_attr_t attributes;
    pthread_t thread;
    if (sem_init(&is_ready, 0, 0) != 0 || sem_init(&stubs_are_wanted, 0, 0) != 0 || pthread_attr_init(&attributes) != 0)
        return;
    pthread_attr_setstacksize(&attributes, STACK);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    if (jvm_threads_create(&thread, &attributes, run, NULL) == 0)
        while (sem_wait(&is_ready) != 0)
            continue; /* EINTR */
    pthread_attr_destroy(&attributes);
}

void helper_make_stubs(void) { sem_post(&stubs_are_wanted); }
