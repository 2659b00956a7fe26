/*
 * rest.c: the JVM's own threads, stopped for a moment, wherever they are. Each of them is sent the signal that HotSpot
 * keeps for suspending its threads, and waits in the handler until it is let go.
 *
 * A stopped thread may hold any lock of the JVM's or of libc's malloc: between rest_begin and rest_end the caller makes
 * system calls and nothing else.
 */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

#define THREADS_MAX 64

/* How long to wait for the threads to stop. One that is being made, or ends, does not come. */
#define PATIENCE_NANOSECONDS 20000000L

static _Atomic pid_t threads[THREADS_MAX]; /* 0: a free place */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic uint32_t at_rest; /* the futex that the stopped threads wait on */
static _Atomic int stopped;
static struct sigaction of_hotspot;

void rest_join(void) {
    pid_t self = gettid();
    signals_allow(SUSPEND_SIGNAL);
    for (int i = 0; i < THREADS_MAX; i++) {
        pid_t free_place = 0;
        if (atomic_compare_exchange_strong(&threads[i], &free_place, self))
            return;
    }
}

void rest_leave(void) {
    pid_t self = gettid();
    for (int i = 0; i < THREADS_MAX; i++)
        if (threads[i] == self)
            threads[i] = 0;
}

static void on_suspend(int signal, siginfo_t *info, void *context) {
    int saved = errno;
    bool is_jvm = thread_self.kind == THREAD_JVM;
    if (!is_jvm && dispositions_call(signal, info, context, dispositions_stack_pointer(context))) {
        errno = saved;
        return;
    }
    if (!is_jvm || at_rest == 0) {
        of_hotspot.sa_sigaction(signal, info, context);
        return;
    }
    stopped++;
    while (at_rest != 0)
        syscall(SYS_futex, &at_rest, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0);
    stopped--;
    errno = saved;
}

void rest_prepare(const struct sigaction before[NSIG]) {
    sigaction(SUSPEND_SIGNAL, NULL, &of_hotspot);
    if ((of_hotspot.sa_flags & SA_SIGINFO) == 0)
        return; /* the JVM did not start */
    struct sigaction ours = of_hotspot;
    ours.sa_sigaction = on_suspend;
    sigaction(SUSPEND_SIGNAL, &ours, NULL);
    dispositions_keep(SUSPEND_SIGNAL, &before[SUSPEND_SIGNAL]);
}

static long nanoseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000L + time.tv_nsec;
}

void rest_begin(void) {
    pthread_mutex_lock(&lock);
    pid_t process = getpid();
    int expected = 0;
    at_rest = 1;
    for (int i = 0; i < THREADS_MAX; i++)
        if (threads[i] != 0 && syscall(SYS_tgkill, process, threads[i], SUSPEND_SIGNAL) == 0)
            expected++;
    long until = nanoseconds() + PATIENCE_NANOSECONDS;
    while (stopped < expected && nanoseconds() < until)
        sched_yield();
}

void rest_end(void) {
    at_rest = 0;
    syscall(SYS_futex, &at_rest, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
    while (stopped > 0)
        sched_yield();
    pthread_mutex_unlock(&lock);
}
