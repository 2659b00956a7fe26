/* signals.c: a signal that the program handles, ignores, blocks or waits for comes where it would without javalloc: to
 * the program's handler, on the program's thread. hosted: no */
#include "check.h"
#include "respawn.h"

#include <setjmp.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>

static sigjmp_buf back;
static volatile sig_atomic_t caught;

static void jump_back(int number) { siglongjmp(back, number); }

static void count(int number) {
    if ((pid_t)syscall(SYS_gettid) != getpid())
        _exit(90); /* the program has one thread */
    caught += number > 0;
}

static void handle(int number, void (*handler)(int)) {
    struct sigaction action = {.sa_handler = handler}; /* no SA_RESTART: a call must see its EINTR */
    CHECK_EQ(sigaction(number, &action, NULL), 0);
}

static void fault(int number) {
    static int *volatile nowhere; /* NULL */
    static volatile int zero, one = 1;
    if (number == SIGSEGV)
        zero = *nowhere;
    if (number == SIGFPE)
        zero = one / zero;
    if (number == SIGILL)
        __asm__ volatile("ud2");
    if (number == SIGTRAP)
        __asm__ volatile("int3");
    if (number == SIGBUS) {
        char *map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, memfd_create("empty", MFD_CLOEXEC), 0);
        one = *(volatile char *)map;
    }
}

static void a_handler_is_taken_away(void) {
    handle(SIGSEGV, jump_back);
    if (sigsetjmp(back, 1) == 0)
        fault(SIGSEGV);
    handle(SIGSEGV, SIG_DFL);
    fault(SIGSEGV);
}

static void handlers_get_the_faults(void) {
    const int numbers[] = {SIGSEGV, SIGFPE, SIGILL, SIGTRAP, SIGBUS};
    for (volatile int i = 0; i < 100; i++) {
        handle(numbers[i % 5], jump_back);
        void *block = malloc(1000);
        CHECK(block != NULL);
        int number = sigsetjmp(back, 1);
        if (number == 0)
            fault(numbers[i % 5]);
        CHECK_EQ(number, numbers[i % 5]);
        free(malloc(2000));
    }
    exit(0);
}
static void ignored_signals_stay_ignored(void) {
    const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGPIPE, SIGXFSZ, SIGQUIT, SIGUSR2, SIGTERM};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        handle(numbers[i], SIG_IGN);
        kill(getpid(), numbers[i]);
        struct sigaction action;
        CHECK_EQ(sigaction(numbers[i], NULL, &action), 0);
        CHECK(action.sa_handler == SIG_IGN, "signal %d", numbers[i]);
    }
    exit(0);
}
static void a_timer_interrupts_the_call_of_the_only_thread(void) {
    int ends[2];
    char byte;
    struct itimerval soon = {{0, 2000}, {0, 2000}};
    CHECK_EQ(pipe(ends), 0);
    handle(SIGALRM, count);
    CHECK_EQ(setitimer(ITIMER_REAL, &soon, NULL), 0);
    for (int i = 0; i < 50; i++) {
        CHECK_EQ(read(ends[0], &byte, 1), -1);
        CHECK_EQ(errno, EINTR);
        free(malloc(100));
    }
    exit(caught >= 50 ? 0 : 1);
}
static void signals_to_the_process_come_to_the_only_thread(void) {
    const int numbers[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGCHLD, SIGIO, SIGRTMIN, SIGRTMAX};
    for (int i = 0; i < 1000; i++) {
        handle(numbers[i % 10], count);
        free(malloc(100));
        kill(getpid(), numbers[i % 10]);
        CHECK_EQ(caught, i + 1); /* kill returns when the only thread that does not block the signal has taken it */
    }
    exit(0);
}
static void blocked_signals_wait_for_sigwait(void) {
    const int numbers[] = {SIGTERM, SIGUSR1, SIGUSR2, SIGQUIT, SIGHUP, SIGALRM, SIGRTMIN};
    for (int i = 0; i < 70; i++) {
        sigset_t set, pending;
        int number = numbers[i % 7], taken;
        handle(number, i < 35 ? SIG_DFL : count);
        sigemptyset(&set);
        sigaddset(&set, number);
        CHECK_EQ(sigprocmask(SIG_BLOCK, &set, NULL), 0);
        kill(getpid(), number);
        free(malloc(100));
        CHECK_EQ(sigpending(&pending), 0);
        CHECK(sigismember(&pending, number), "signal %d", number);
        CHECK_EQ(sigwait(&set, &taken), 0);
        CHECK_EQ(taken, number);
    }
    CHECK_EQ(caught, 0);
    exit(0);
}

static const struct respawn_case cases[] = {
    CASE(handlers_get_the_faults, 0),
    CASE(a_handler_is_taken_away, SIGSEGV),
    CASE(ignored_signals_stay_ignored, 0),
    CASE(a_timer_interrupts_the_call_of_the_only_thread, 0),
    CASE(signals_to_the_process_come_to_the_only_thread, 0),
    CASE(blocked_signals_wait_for_sigwait, 0),
};
enum { CASES = sizeof cases / sizeof cases[0] };

int main(int argc, char **argv) {
    check_begin("signals", argc, argv);
    if (argc > 1) {
        run_case(cases, CASES, argv[1]);
        _exit(99); /* it should not have come here */
    }
    for (int i = 0; i < CASES; i++)
        check_case(cases[i].name, cases[i].kills);
    return check_end();
}
