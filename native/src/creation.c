/*
 * creation.c: threads are created: the JVM's, which are its own (jvm-threads.c), and the program's, which are seen from
 * their beginning, so that each has an end that is seen (thread.c).
 */
#include <pthread.h>

#include "internal.h"

/* Threads that have been created and do not run yet; of more than these we do not see the beginning. */
#define STARTS 256

static struct start {
    _Atomic bool is_taken;
    void *(*routine)(void *);
    thrd_start_t routine_c11;
    void *argument;
    unsigned blocked_faults;
    uint64_t asked_mask;
    bool is_in_handler; /* of a fault, who creates it */
    bool is_in_fork;    /* in a handler of it, who creates it; with which mask */
    uint64_t mask_behind_fork;
} starts[STARTS];
static _Atomic unsigned next_start;

int creation_plain(pthread_t *thread, const pthread_attr_t *attributes, void *(*routine)(void *), void *argument) {
    return behind()->create(thread, attributes, routine, argument);
}

static struct start *take_start(void *(*routine)(void *), thrd_start_t routine_c11, void *argument) {
    for (int i = 0; i < STARTS; i++) {
        struct start *start = &starts[next_start++ % STARTS];
        if (atomic_exchange(&start->is_taken, true))
            continue;
        start->routine = routine;
        start->routine_c11 = routine_c11;
        start->argument = argument;
        signals_settle(&thread_self, NULL);
        start->blocked_faults = thread_self.blocked_faults; /* the rest of the mask the kernel hands on */
        start->asked_mask = thread_self.asked_mask;
        start->is_in_handler = thread_self.handler_depth != 0;
        start->is_in_fork = thread_self.is_forking;
        start->mask_behind_fork = thread_self.mask_behind_fork;
        return start;
    }
    return NULL;
}

static void give_start_back(struct start *start) {
    start->is_taken = false;
    thread_count_in(-1);
}

/* On the new thread. */
static struct start begin(struct start *given) {
    struct start start = *given;
    given->is_taken = false;
    thread_self.blocked_faults = start.blocked_faults;
    thread_self.asked_mask = start.asked_mask;
    if (start.is_in_fork)
        signals_begin_thread(start.mask_behind_fork);
    if (start.is_in_handler)
        signals_unmark();
    thread_begin();
    return start;
}

static void *run(void *given) {
    struct start start = begin(given);
    return start.routine(start.argument);
}

static int run_c11(void *given) {
    struct start start = begin(given);
    return start.routine_c11(start.argument);
}

/* The JVM creates threads while it starts, and from threads that it made: those are its own. */
EXPORTED int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*routine)(void *),
                            void *argument) {
    if (thread_runs_jvm(&thread_self))
        return jvm_threads_create(thread, attributes, routine, argument);
    route_settle(); /* a forked child has one thread while its JVM comes back */
    struct start *start = take_start(routine, NULL, argument);
    if (start == NULL)
        return creation_plain(thread, attributes, routine, argument);
    thread_count_in(1);
    int error = creation_plain(thread, attributes, run, start);
    if (error != 0)
        give_start_back(start);
    return error;
}

EXPORTED int thrd_create(thrd_t *thread, thrd_start_t routine, void *argument) {
    route_settle();
    struct start *start = take_start(NULL, routine, argument);
    if (start == NULL)
        return behind()->create_c11(thread, routine, argument);
    thread_count_in(1);
    int result = behind()->create_c11(thread, run_c11, start);
    if (result != thrd_success)
        give_start_back(start);
    return result;
}

/* The one thread of a child may be one that has not begun yet, and forked in a handler: its routine must stay there. */
void creation_child(void) {
    for (int i = 0; i < STARTS; i++)
        starts[i].is_taken = false;
}
