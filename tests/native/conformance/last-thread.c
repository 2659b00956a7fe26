/* last-thread.c: a process ends, with status 0 and with its exit handlers, when its last thread does: main that calls
 * pthread_exit, or another after it. Also a forked child. hosted: no */
#include "check.h"

#include <pthread.h>
#include <sys/wait.h>

static int ends[2];

/* On the thread that was the last, and on which no signal is blocked. */
static void tell(void) {
    sigset_t mask;
    CHECK_EQ(pthread_sigmask(SIG_BLOCK, NULL, &mask), 0);
    for (int number = 1; number < NSIG; number++)
        CHECK(sigismember(&mask, number) != 1, "signal %d", number);
    CHECK_EQ(write(ends[1], "x", 1), 1);
}

static void *use_the_heap(void *unused) {
    for (size_t i = 0; i < 500; i++)
        free(malloc(i));
    usleep(20000);
    return unused;
}

static void start_detached_threads(int count) {
    for (int i = 0; i < count; i++) {
        pthread_t thread;
        CHECK_EQ(pthread_create(&thread, NULL, use_the_heap, NULL), 0);
        CHECK_EQ(pthread_detach(thread), 0);
    }
}

static void leave(int threads) {
    CHECK_EQ(atexit(tell), 0);
    use_the_heap(NULL);
    start_detached_threads(threads);
    pthread_exit(NULL);
}

static void a_process_ends(int threads) {
    check_watchdog(30, "waits for a process whose last thread has ended");
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        leave(threads);
    int status;
    char told;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(status == 0, "wait status 0x%x with %d threads", (unsigned)status, threads);
    CHECK_EQ(read(ends[0], &told, 1), 1);
    check_watchdog(0, "");
}

int main(int argc, char **argv) {
    check_begin("last-thread", argc, argv);
    CHECK_EQ(pipe(ends), 0);
    for (int threads = 0; threads < 4; threads++)
        a_process_ends(threads);
    printf("ok last-thread\n");
    fflush(stdout);
    leave(2);
}
