/* late-threads.c: threads that allocate for the first time when they are nearly gone: in a late round of the
 * destructors of keys, or in a handler of a signal that interrupts what libc does behind a thread. They must leave Java
 * like all others: what is left of one that does not is found by the next fork, in a stack that is no longer mapped.
 * hosted: no */
#include "check.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <threads.h>

static pthread_key_t key;
static _Thread_local int rounds, round_of_allocation;
static _Atomic size_t allocations;

static void allocate(void) {
    char *block = malloc(100);
    CHECK(block != NULL);
    fill(block, 100, 1);
    verify(block, 100, 1);
    free(block);
    allocations++;
}

static void key_destructor(void *value) {
    if (++rounds == round_of_allocation)
        allocate();
    CHECK_EQ(pthread_setspecific(key, value), 0);
}

static void *come_in_round(void *round) {
    round_of_allocation = (int)(intptr_t)round;
    CHECK_EQ(pthread_setspecific(key, round), 0);
    return NULL;
}

static int come_in_round_of_c11(void *round) {
    come_in_round(round);
    return 0;
}

static void in_rounds(void) {
    pthread_key_create(&key, key_destructor);
    size_t count = scaled(200) / PTHREAD_DESTRUCTOR_ITERATIONS * PTHREAD_DESTRUCTOR_ITERATIONS;
    for (size_t i = 0; i < count; i++) {
        void *round = (void *)(i % PTHREAD_DESTRUCTOR_ITERATIONS + 1);
        pthread_t thread;
        CHECK_EQ(pthread_create(&thread, NULL, come_in_round, round), 0);
        CHECK_EQ(pthread_join(thread, NULL), 0);
        thrd_t another;
        CHECK_EQ(thrd_create(&another, come_in_round_of_c11, round), thrd_success);
        CHECK_EQ(thrd_join(another, NULL), thrd_success);
    }
    CHECK_EQ(allocations, 2 * count);
    pthread_key_delete(key);
}

static void on_signal(int number) {
    (void)number;
    allocate();
}

static void *interrupt_oneself(void *unused) {
    pthread_kill(pthread_self(), SIGUSR1);
    return unused;
}

static void *nothing(void *unused) { return unused; }

/* How far the thread is when the signal comes is for the machine to decide. */
static void in_handlers(void) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    struct itimerval often = {{0, 100}, {0, 100}}, never = {{0, 0}, {0, 0}};
    sigaction(SIGALRM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    sigset_t alarm;
    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    for (size_t i = 0; i < scaled(2000); i++) {
        pthread_t thread;
        CHECK_EQ(pthread_create(&thread, NULL, i % 8 ? nothing : interrupt_oneself, NULL), 0);
        pthread_sigmask(SIG_BLOCK, &alarm, NULL); /* it is for the thread */
        CHECK_EQ(pthread_join(thread, NULL), 0);
        pthread_sigmask(SIG_UNBLOCK, &alarm, NULL);
    }
    setitimer(ITIMER_REAL, &never, NULL);
}

static void fork_and_wait(void) {
    int status;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        allocate();
        _exit(7);
    }
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7, "wait status 0x%x", (unsigned)status);
}

int main(int argc, char **argv) {
    check_begin("late-threads", argc, argv);
    allocate();
    allocations = 0;
    fork_and_wait();
    in_rounds();
    fork_and_wait();
    if (check_env("EXPECT_JAVALLOC")) /* no standard lets a handler allocate */
        in_handlers();
    fork_and_wait();
    return check_end();
}
