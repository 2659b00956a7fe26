/*
 * helper.c: a thread of the JVM's beside the program, for what must not be done on the program's own: it makes the
 * upcall stubs when they are wanted, has the heap give back what it does not use, and looks for calls to the heap that
 * do not come back.
 *
 * It exists from the start, and waits. To create it when it is needed could wait for ever: glibc frees under the lock
 * that pthread_create wants (a thread's last block, when its stack leaves the cache), and a thread that is inside Java
 * and waits for that lock keeps the JVM from the safepoint that the lock's holder waits for.
 */
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

#define STACK ((size_t)1 << 20)

#define SECOND 1000000000L

/* To make an upcall stub. */
#define TRIES 60

/* Below the size that gets a mapping of its own, and together more than an arena keeps. */
#define ARENA_BLOCK  ((size_t)100 << 10)
#define ARENA_BLOCKS 40

/* What may stay free at the end of an arena of libc's, whose malloc is the JVM's. By itself glibc allows twice as much
 * as the largest block that was freed and had a mapping of its own. */
#define ARENA_SPARE (128 << 10)

/* How long pages may wait, after the time that the heap gives them, to be given back. */
#define PURGE_NANOSECONDS (SECOND / 2)

/* The JVM keeps what its compilers are done with for 5 s before it gives that to libc. So often is looked for it while
 * the program does not rest, and once more when it does. */
#define TRIM_NANOSECONDS (6 * SECOND)

static sem_t is_ready, is_wanted;
static _Atomic bool purge_is_wanted;

/* A bit for each operation. */
static _Atomic uint32_t wanted_stubs;

static _Atomic bool makes_stub;

/* False: nobody has wanted anything until then. */
static bool wait_until(long time) {
    const struct timespec until = {.tv_sec = time / SECOND, .tv_nsec = time % SECOND};
    int failed;
    do
        failed = time == LONG_MAX ? sem_wait(&is_wanted) : sem_clockwait(&is_wanted, CLOCK_MONOTONIC, &until);
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
        is_stuck = !gate_go_on();
    } else if (gate_get_stuck()) {
        is_stuck = true;
        snprintf(bridge.message, sizeof bridge.message, "the heap %s", bridge.heap);
        jni_describe_hang();
        report("a call has not come back for %u s or more: %s (%u thread%s, %d for one); libc serves the others",
               options.patience_seconds, bridge.message, count, count == 1 ? " waits" : "s wait", (int)id);
    }
}

static bool clear_unused(void) {
    bool is_in_magazines = depot_clear_idle();
    return pile_clear_unused() || is_in_magazines;
}

/* True if there is more, for later. The thread stays attached: the JVM makes some objects for each that is. */
static bool purge(void) {
    bool is_by_us = false;
    if (!jvm_attach(&is_by_us))
        return false;
    /* Pages have a lock that is always taken; those of the classes are skipped while the program's one thread is alone,
     * which it must not lose where there are no piles. Whether it is, the heap cannot tell: a second thread that comes
     * says so first, and then waits for the one that is inside without a lock. */
    bool is_shared = thread_end_solitude(magazine_is_on());
    bool is_more = magazine_is_on() && (!is_shared || clear_unused());
    intptr_t answer = bridge.inspect(JAVALLOC_PURGE, is_shared, 0);
    if (answer == JAVALLOC_CORRUPT)
        report_and_abort(bridge.message);
    return is_more || answer == 1;
}

/* Nobody may be in the heap for a moment, and that may not be had at once. In between they get in. Without stubs JNI
 * goes on serving. */
static void make_stub(int operation) {
    const struct timespec moment = {.tv_nsec = 1000000};
    makes_stub = true;
    for (int tries = 0; (bridge.stubs_ready >> operation & 1) == 0 && tries < TRIES; tries++) {
        jni_make_stub(operation);
        syscall(SYS_nanosleep, &moment, NULL);
    }
    makes_stub = false;
}

static void make_wanted_stubs(void) {
    for (uint32_t wanted; (wanted = atomic_exchange(&wanted_stubs, 0)) != 0;)
        for (int operation = 0; operation < BRIDGE_OPERATIONS; operation++)
            if ((wanted >> operation & 1) != 0)
                make_stub(operation);
}

bool helper_makes_stub(void) { return makes_stub && thread_self.kind == THREAD_JVM; }

static long earlier(long a, long b) { return a < b ? a : b; }

static void serve(void) {
    long patience = options.patience_seconds * SECOND;
    long watch_at = patience == 0 ? LONG_MAX : process_nanoseconds() + patience, purge_at = LONG_MAX;
    long trim_at = LONG_MAX;
    for (;;) {
        wait_until(earlier(watch_at, earlier(purge_at, trim_at)));
        long now = process_nanoseconds();
        make_wanted_stubs();
        if (purge_at == LONG_MAX && purge_is_wanted)
            purge_at = now + PURGE_NANOSECONDS;
        if (now >= purge_at) {
            purge_is_wanted = false;
            purge_at = purge() ? now + PURGE_NANOSECONDS : LONG_MAX;
            if (purge_at == LONG_MAX)
                libc_trim(); /* what the JVM has freed meanwhile */
            if (trim_at == LONG_MAX || purge_at == LONG_MAX)
                trim_at = now + TRIM_NANOSECONDS;
        }
        if (now >= trim_at) {
            libc_trim();
            trim_at = LONG_MAX;
        }
        if (now >= watch_at) {
            watch();
            watch_at = now + patience;
        }
    }
}

/* With a thread's first block glibc reserves 64 MiB of addresses for an arena, and before it gives back some of one it
 * asks, once, how the system commits memory, in a file. Both is to happen now: the program may set a limit that leaves
 * no room, and expects to get the lowest number for a file that it opens. */
static void prepare_arena(void) {
    void *blocks[ARENA_BLOCKS];
    for (int i = 0; i < ARENA_BLOCKS; i++)
        blocks[i] = libc_malloc()->malloc(ARENA_BLOCK);
    for (int i = ARENA_BLOCKS - 1; i >= 0; i--)
        libc_malloc()->free(blocks[i]);
}

static void *run(void *unused) {
    pthread_setname_np(pthread_self(), "javalloc-helper");
    libc_malloc()->set_option(M_TRIM_THRESHOLD, ARENA_SPARE);
    prepare_arena();
    sem_post(&is_ready);
    serve();
    return unused;
}

void helper_start(void) {
    pthread_attr_t attributes;
    pthread_t thread;
    if (sem_init(&is_ready, 0, 0) != 0 || sem_init(&is_wanted, 0, 0) != 0 || pthread_attr_init(&attributes) != 0)
        return;
    pthread_attr_setstacksize(&attributes, STACK);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    if (jvm_threads_create(&thread, &attributes, run, NULL) == 0)
        while (sem_wait(&is_ready) != 0)
            continue; /* EINTR */
    pthread_attr_destroy(&attributes);
}

void helper_make_stub(int operation) {
    wanted_stubs |= (uint32_t)1 << operation;
    sem_post(&is_wanted);
}

void helper_purge_soon(void) {
    if (unlikely(!purge_is_wanted) && !atomic_exchange(&purge_is_wanted, true))
        sem_post(&is_wanted);
}
