/*
 * cancellation.c: the JVM waits in cancellation points of libc's. A thread of the program that is cancelled in there
 * would be unwound through the JVM's frames, and who waits for what it holds would wait for ever. It is cancelled as
 * soon as it is outside instead.
 *
 * To forbid cancellation around every operation would be felt (9 ns). It is forbidden where the JVM may read files or
 * wait: while a thread attaches or detaches (thread.c), in the first operations (jvm.c), and in its waits, here.
 */
#include <pthread.h>

#include "internal.h"

int cancellation_forbid(void) {
    int before;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
    return before;
}

void cancellation_allow(int before) { pthread_setcancelstate(before, NULL); }

enum { AS_IT_WAS = -1 };

/* For who waits inside of the JVM. */
static int forbid_inside_jvm(void) {
    bool is_inside = thread_self.kind != THREAD_JVM && thread_runs_jvm(&thread_self);
    return unlikely(is_inside) ? cancellation_forbid() : AS_IT_WAS;
}

static void allow_outside(int before) {
    if (unlikely(before != AS_IT_WAS))
        cancellation_allow(before);
}

EXPORTED int pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex) {
    int before = forbid_inside_jvm();
    int error = behind()->wait(condition, mutex);
    allow_outside(before);
    return error;
}

EXPORTED int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *until) {
    int before = forbid_inside_jvm();
    int error = behind()->timed_wait(condition, mutex, until);
    allow_outside(before);
    return error;
}

/* Who waits in the JVM for a lock that is held for a moment sleeps for one. */
EXPORTED int nanosleep(const struct timespec *time, struct timespec *rest) {
    int before = forbid_inside_jvm();
    int result = behind()->sleep(time, rest);
    allow_outside(before);
    return result;
}
