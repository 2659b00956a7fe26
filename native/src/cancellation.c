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

static bool is_inside_jvm(void) { return thread_self.kind != THREAD_JVM && thread_runs_jvm(&thread_self); }

EXPORTED int pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex) {
    if (behind.wait == NULL)
        behind_find();
    if (likely(!is_inside_jvm()))
        return behind.wait(condition, mutex);
    int before = cancellation_forbid();
    int error = behind.wait(condition, mutex);
    cancellation_allow(before);
    return error;
}

EXPORTED int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *until) {
    if (behind.timed_wait == NULL)
        behind_find();
    if (likely(!is_inside_jvm()))
        return behind.timed_wait(condition, mutex, until);
    int before = cancellation_forbid();
    int error = behind.timed_wait(condition, mutex, until);
    cancellation_allow(before);
    return error;
}

/* Who waits in the JVM for a lock that is held for a moment sleeps for one. */
EXPORTED int nanosleep(const struct timespec *time, struct timespec *rest) {
    if (behind.sleep == NULL)
        behind_find();
    if (likely(!is_inside_jvm()))
        return behind.sleep(time, rest);
    int before = cancellation_forbid();
    int result = behind.sleep(time, rest);
    cancellation_allow(before);
    return result;
}
