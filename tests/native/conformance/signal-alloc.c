/* signal-alloc.c: a handler that interrupts malloc may call malloc. No standard asks for it, and on glibc it can hang:
 * only with EXPECT_JAVALLOC=1. hosted: no */
#include "check.h"

#include <pthread.h>
#include <sched.h>
#include <sys/time.h>
#include <time.h>

enum { TICKS = 300, HELD = 32 };

static volatile int ticks;

static void handler(int number) {
    int saved = errno;
    static void *kept; /* from one tick to the next */
    uint64_t tag = (uint64_t)ticks;
    void *block = malloc(50 + (size_t)ticks * 40), *zeroes = calloc(1, 300);
    CHECK(block != NULL && zeroes != NULL, "in the handler of signal %d", number);
    fill(block, 50 + (size_t)ticks * 40, tag);
    zeroed(zeroes, 300);
    if (kept != NULL)
        verify(kept, 50, tag - 1);
    free(kept);
    free(zeroes);
    kept = realloc(block, 50);
    CHECK(kept != NULL);
    verify(kept, 50, tag);
    ticks++;
    errno = saved;
}

/* Not by alarm: it shares the timer of the ticks. */
static void watch_for_a_deadlock(void) {
    struct sigaction action = {.sa_handler = check_watchdog_bit};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    struct itimerspec once = {.it_value = {.tv_sec = 60}};
    timer_t timer;
    check_stage = "allocates in main and in a handler";
    CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
    CHECK_EQ(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    CHECK_EQ(timer_settime(timer, 0, &once, NULL), 0);
}

/* ---- on a thread that has the magazines of another one, which has ended, and has not come to Java yet ---- */

enum { THREADS = 6, BLOCKS = 16, SIZE = 48, SIGNALS = 3000 };

static void *volatile current, *volatile of_handler;
static volatile int signals, is_over;

static void allocate_one(int number) {
    (void)number;
    signals++;
    if (of_handler != NULL)
        return;
    char *block = malloc(SIZE);
    CHECK(block != NULL && block != current, "the block is out already");
    memset(block, 0xaa, SIZE);
    of_handler = block;
}

static void *leave_magazines(void *barrier) {
    void *blocks[BLOCKS];
    for (int i = 0; i < BLOCKS; i++)
        blocks[i] = escape(malloc(SIZE));
    for (int i = 0; i < BLOCKS; i++)
        free(blocks[i]);
    pthread_barrier_wait(barrier);
    return NULL;
}

static void *take_and_give(void *unused) {
    while (!is_over) {
        char *block = malloc(SIZE);
        CHECK(block != NULL && block != of_handler, "the block is out already");
        current = block;
        *(volatile char *)block = 1;
        current = NULL;
        free(block);
        void *other = of_handler;
        free(other);
        if (other != NULL)
            of_handler = NULL;
    }
    return unused;
}

static void on_magazines_that_were_left(void) {
    pthread_barrier_t barrier;
    pthread_t threads[THREADS], user;
    struct sigaction action = {.sa_handler = allocate_one};
    CHECK_EQ(sigaction(SIGUSR2, &action, NULL), 0);
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, leave_magazines, &barrier), 0);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    CHECK_EQ(pthread_create(&user, NULL, take_and_give, NULL), 0);
    for (int before = 0; before < (int)scaled(SIGNALS); before++) {
        CHECK_EQ(pthread_kill(user, SIGUSR2), 0);
        while (signals <= before)
            sched_yield();
    }
    is_over = 1;
    CHECK_EQ(pthread_join(user, NULL), 0);
}

int main(int argc, char **argv) {
    check_begin("signal-alloc", argc, argv);
    if (!check_env("EXPECT_JAVALLOC"))
        return check_end();
    watch_for_a_deadlock();
    on_magazines_that_were_left();
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    struct itimerval every_millisecond = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
    CHECK_EQ(sigaction(SIGALRM, &action, NULL), 0);
    CHECK_EQ(setitimer(ITIMER_REAL, &every_millisecond, NULL), 0);
    uint64_t random = check_seed;
    void *held[HELD] = {NULL};
    size_t sizes[HELD] = {0};
    while (ticks < TICKS) {
        size_t at = random_below(&random, HELD);
        if (held[at] != NULL)
            verify(held[at], sizes[at], at);
        free(held[at]);
        sizes[at] = random_size(&random, random_below(&random, 50) ? 2000 : 200000);
        held[at] = malloc(sizes[at]);
        CHECK(held[at] != NULL);
        fill(held[at], sizes[at], at);
    }
    CHECK_EQ(setitimer(ITIMER_REAL, &never, NULL), 0);
    for (int i = 0; i < HELD; i++)
        free(held[i]);
    return check_end();
}
