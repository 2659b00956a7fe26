/* glibc-threads.c: threads that glibc makes by itself, for asynchronous I/O, timers and lookups of names, have the
 * smallest stacks there are, and nobody sees them begin: what runs on them allocates, too, and passes blocks on.
 * hosted: no */
#include "check.h"
#include "of-java.h"

#include <aio.h>
#include <netdb.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <time.h>

enum { SIZE = 300 };

static sem_t is_done;
static void *_Atomic passed_on;

/* On one of glibc's threads, as `number` says: allocates, frees, and leaves a block to the main thread. */
static void use_the_heap(union sigval number) {
    uint64_t random = check_seed + (uint64_t)number.sival_int;
    void *blocks[10] = {NULL};
    for (int i = 0; i < 300; i++) {
        size_t at = random_below(&random, 10), size = random_size(&random, 20000);
        free(blocks[at]);
        blocks[at] = malloc(size);
        CHECK(blocks[at] != NULL);
        fill(blocks[at], size, (uint64_t)i);
    }
    for (int i = 0; i < 10; i++)
        free(blocks[i]);
    void *block = malloc(SIZE);
    CHECK(block != NULL);
    check_is_of_java(block);
    fill(block, SIZE, (uint64_t)number.sival_int);
    free(atomic_exchange(&passed_on, block));
    sem_post(&is_done);
}

static struct sigevent on_a_thread(int number) {
    struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = use_the_heap};
    event.sigev_value.sival_int = number;
    return event;
}

static void take_over(int number) {
    CHECK_EQ(sem_wait(&is_done), 0);
    void *block = atomic_exchange(&passed_on, NULL);
    CHECK(block != NULL);
    verify(block, SIZE, (uint64_t)number);
    free(block);
}

static void a_timer(int number) {
    struct sigevent event = on_a_thread(number);
    struct itimerspec soon = {.it_value = {.tv_nsec = 1000000}};
    timer_t timer;
    CHECK_EQ(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    CHECK_EQ(timer_settime(timer, 0, &soon, NULL), 0);
    take_over(number);
    CHECK_EQ(timer_delete(timer), 0);
}

static sem_t has_expired;

static void expire(union sigval unused) {
    (void)unused;
    free(malloc(100));
    sem_post(&has_expired);
}

/* The thread that waits for them allocates a note for each, while the next one's signal comes, which it has blocked. */
static void timers_that_repeat(void) {
    struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = expire};
    timer_t timers[20];
    for (int i = 0; i < 20; i++) {
        struct itimerspec often = {{.tv_nsec = 1000000 + i * 100000}, {.tv_nsec = 1000000 + i * 10000}};
        CHECK_EQ(timer_create(CLOCK_MONOTONIC, &event, &timers[i]), 0);
        CHECK_EQ(timer_settime(timers[i], 0, &often, NULL), 0);
    }
    for (int i = 0; i < 1000; i++)
        while (sem_wait(&has_expired) != 0)
            continue;
    for (int i = 0; i < 20; i++)
        CHECK_EQ(timer_delete(timers[i]), 0);
}

static void asynchronous_output(int number) {
    char *text = malloc(5000);
    CHECK(text != NULL);
    fill(text, 5000, (uint64_t)number);
    int file = memfd_create("file", 0);
    struct aiocb block = {.aio_fildes = file, .aio_buf = text, .aio_nbytes = 5000, .aio_sigevent = on_a_thread(number)};
    CHECK_EQ(aio_write(&block), 0);
    take_over(number);
    CHECK_EQ(aio_error(&block), 0);
    CHECK_EQ(aio_return(&block), 5000);
    char *back = calloc(1, 5000);
    CHECK_EQ(pread(file, back, 5000, 0), 5000);
    verify(back, 5000, (uint64_t)number);
    free(back);
    free(text);
    close(file);
}

/* The name is a number: nobody is asked. */
static void a_lookup(int number) {
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST};
    struct gaicb request = {.ar_name = "127.0.0.1", .ar_request = &hints}, *requests[] = {&request};
    struct sigevent event = on_a_thread(number);
    CHECK_EQ(getaddrinfo_a(GAI_NOWAIT, requests, 1, &event), 0);
    take_over(number);
    CHECK_EQ(gai_error(&request), 0);
    freeaddrinfo(request.ar_result);
}

int main(int argc, char **argv) {
    check_begin("glibc-threads", argc, argv);
    CHECK_EQ(sem_init(&is_done, 0, 0), 0);
    CHECK_EQ(sem_init(&has_expired, 0, 0), 0);
    timers_that_repeat();
    for (int round = 0; round < (int)scaled(30); round++) {
        a_timer(3 * round);
        asynchronous_output(3 * round + 1);
        a_lookup(3 * round + 2);
    }
    return check_end();
}
