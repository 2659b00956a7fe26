/* signal-doors.c: handlers, masks and signals that come by doors of their own: set before the allocator starts, by
 * names that only some programs are compiled with, by handlers of fork, across exec, and to whoever waits. hosted: no
 */
#include "check.h"

#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>

typedef void (*handler_function)(int);
extern handler_function __sysv_signal(int number, handler_function handler);
extern handler_function bsd_signal(int number, handler_function handler);
extern int __ppoll_chk(struct pollfd *files, nfds_t count, const struct timespec *time, const sigset_t *mask,
                       size_t bytes);

static volatile uint64_t kernels_mask;

/* By the system call, which nobody answers in the kernel's place. */
static uint64_t mask_of_kernel(void) {
    uint64_t mask = 0;
    syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, sizeof mask);
    return mask;
}

static bool has(uint64_t mask, int number) { return (mask >> (number - 1) & 1) != 0; }

static void note_mask(int number) {
    (void)number;
    kernels_mask = mask_of_kernel();
    free(malloc(100));
}

static void expect_faults_unblocked(const char *what) {
    CHECK(has(kernels_mask, SIGUSR2), "%s: the handler does not run with its mask, but with %#lx", what, kernels_mask);
    CHECK(!has(kernels_mask, SIGSEGV) || !check_env("EXPECT_JAVALLOC"), "%s: the handler runs with SIGSEGV blocked",
          what);
}

/* ---- before the start ---- */

static void set_early(int argc, char **argv, char **environment) {
    (void)argc, (void)argv, (void)environment;
    struct sigaction action = {.sa_handler = note_mask};
    sigfillset(&action.sa_mask);
    sigaction(SIGVTALRM, &action, NULL);
}

/* As a constructor of a library of the program's would; those run before a preloaded library's. */
__attribute__((section(".preinit_array"), used)) static void (*const early)(int, char **, char **) = set_early;

static void a_handler_that_was_set_before_blocks_no_faults(void) {
    struct sigaction told;
    CHECK_EQ(raise(SIGVTALRM), 0);
    expect_faults_unblocked("set early");
    CHECK_EQ(sigaction(SIGVTALRM, NULL, &told), 0);
    CHECK(told.sa_handler == note_mask && sigismember(&told.sa_mask, SIGSEGV) == 1,
          "the mask is told as it was asked for");
}

/* ---- other names ---- */

static sigjmp_buf back;

static void jump_back(int number) {
    free(malloc(100));
    siglongjmp(back, number);
}

static void names_of_old_keep_faults_for_the_jvm(void) {
    handler_function (*const names[])(int, handler_function) = {__sysv_signal, bsd_signal};
    for (volatile size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct {
            handler_function handler;
            unsigned long flags;
            void *restorer;
            uint64_t mask;
        } of_kernel;
        CHECK(names[i](SIGSEGV, jump_back) == SIG_DFL, "name %zu", i);
        CHECK_EQ(syscall(SYS_rt_sigaction, SIGSEGV, NULL, &of_kernel, sizeof of_kernel.mask), 0);
        CHECK(of_kernel.handler != jump_back || !check_env("EXPECT_JAVALLOC"), "name %zu: it is the kernel's handler",
              i);
        if (sigsetjmp(back, 1) == 0) {
            raise(SIGSEGV);
            CHECK(false, "name %zu: the handler is not called", i);
        }
        signal(SIGSEGV, SIG_DFL);
    }
}

static int by_checked_ppoll(const sigset_t *mask) {
    struct pollfd none = {.fd = -1};
    return __ppoll_chk(&none, 1, NULL, mask, sizeof none);
}

/* By its name, because libc may be older. */
static int by_epoll_pwait2(const sigset_t *mask) {
    int (*wait)(int, struct epoll_event *, int, const struct timespec *, const sigset_t *);
    struct epoll_event event;
    int file = epoll_create1(EPOLL_CLOEXEC);
    *(void **)&wait = dlsym(RTLD_DEFAULT, "epoll_pwait2");
    int result = wait == NULL ? epoll_pwait(file, &event, 1, -1, mask) : wait(file, &event, 1, NULL, mask);
    if (result == -1 && errno == ENOSYS)
        result = epoll_pwait(file, &event, 1, -1, mask);
    int saved = errno;
    close(file);
    errno = saved;
    return result;
}

static void a_wait_blocks_no_faults(const char *what, int (*wait)(const sigset_t *)) {
    struct itimerval soon = {{0, 0}, {0, 1000}};
    sigset_t all_but_one, alarm_only;
    sigfillset(&all_but_one);
    sigdelset(&all_but_one, SIGALRM);
    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    signal(SIGALRM, note_mask);
    CHECK_EQ(sigprocmask(SIG_BLOCK, &alarm_only, NULL), 0);
    CHECK_EQ(setitimer(ITIMER_REAL, &soon, NULL), 0);
    CHECK_EQ(wait(&all_but_one), -1);
    CHECK_EQ(errno, EINTR);
    expect_faults_unblocked(what);
    CHECK_EQ(sigprocmask(SIG_UNBLOCK, &alarm_only, NULL), 0);
    signal(SIGALRM, SIG_DFL);
}

/* ---- faults that are sent to the process ---- */

static sigset_t all;

static void *wait_for_one(void *got) {
    CHECK_EQ(sigwait(&all, got), 0);
    return NULL;
}

/* As daemons do: all threads block all, and one of them waits. The kernel gives it to whoever has not blocked it, which
 * with javalloc is any. */
static void a_fault_that_is_sent_finds_who_waits_for_it(int number, bool is_before) {
    sigset_t mask;
    pthread_t waiter;
    int got = 0;
    sigfillset(&all);
    sigdelset(&all, SIGALRM);
    CHECK_EQ(pthread_sigmask(SIG_BLOCK, &all, &mask), 0);
    if (is_before)
        CHECK_EQ(kill(getpid(), number), 0);
    CHECK_EQ(pthread_create(&waiter, NULL, wait_for_one, &got), 0);
    if (!is_before) {
        usleep(20000);
        CHECK_EQ(kill(getpid(), number), 0);
    }
    CHECK_EQ(pthread_join(waiter, NULL), 0);
    CHECK_EQ(got, number);
    CHECK_EQ(sigpending(&all), 0);
    CHECK(sigismember(&all, number) == 0, "signal %d is still pending", number);
    CHECK_EQ(pthread_sigmask(SIG_SETMASK, &mask, NULL), 0);
}

/* ---- handlers of fork ---- */

static bool is_tried;
static pthread_t thread;
static sigset_t mask_told, mask_of_thread;
static uint64_t kernels_mask_of_thread;

static void *note_mask_of_thread(void *unused) {
    kernels_mask_of_thread = mask_of_kernel();
    pthread_sigmask(SIG_BLOCK, NULL, &mask_of_thread);
    return unused;
}

/* As libraries bring their threads back in a child. */
static void create_thread(void) {
    sigset_t one;
    if (!is_tried)
        return;
    CHECK_EQ(pthread_create(&thread, NULL, note_mask_of_thread, NULL), 0);
    sigemptyset(&one);
    sigaddset(&one, SIGUSR2);
    CHECK_EQ(pthread_sigmask(SIG_BLOCK, &one, &mask_told), 0);
}

static void handlers_of_fork_have_the_mask_of_the_program(void) {
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, SIGUSR1);
    CHECK_EQ(pthread_atfork(NULL, NULL, create_thread), 0);
    CHECK_EQ(sigprocmask(SIG_BLOCK, &one, NULL), 0);
    is_tried = true;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        alarm(20);
        uint64_t behind = mask_of_kernel();
        pthread_join(thread, NULL);
        bool is_told = sigismember(&mask_told, SIGUSR1) == 1 && sigismember(&mask_told, SIGTERM) == 0;
        bool is_handed_on = has(kernels_mask_of_thread, SIGUSR1) && !has(kernels_mask_of_thread, SIGTERM) &&
                            !has(kernels_mask_of_thread, SIGUSR2) && sigismember(&mask_of_thread, SIGTERM) == 0;
        bool is_changed = has(behind, SIGUSR1) && has(behind, SIGUSR2) && !has(behind, SIGTERM);
        _exit(!is_told + 2 * !is_handed_on + 4 * !is_changed);
    }
    is_tried = false;
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(status == 0, "wait status %#x", (unsigned)status);
    CHECK(!has(mask_of_kernel(), SIGTERM) && has(mask_of_kernel(), SIGUSR1), "the mask is put back");
    CHECK_EQ(sigprocmask(SIG_UNBLOCK, &one, NULL), 0);
}

/* ---- across exec ---- */

static const char executed[] = "executed";

/* The new program asks the kernel, which is how it began, before there is an allocator. */
static uint64_t mask_at_the_start;
static bool is_ignored_at_the_start;

static void note_start(int argc, char **argv, char **environment) {
    (void)argc, (void)argv, (void)environment;
    handler_function of_kernel[4] = {SIG_DFL};
    mask_at_the_start = mask_of_kernel();
    syscall(SYS_rt_sigaction, SIGILL, NULL, of_kernel, sizeof mask_at_the_start);
    is_ignored_at_the_start = of_kernel[0] == SIG_IGN;
}

__attribute__((section(".preinit_array"), used)) static void (*const at_start)(int, char **, char **) = note_start;

static void what_is_blocked_and_ignored_goes_with_an_exec(bool is_beside_java) {
    char program[] = "executed", copy[sizeof executed], *arguments[] = {program, copy, NULL};
    memcpy(copy, executed, sizeof executed);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        sigset_t one;
        alarm(60);
        sigemptyset(&one);
        sigaddset(&one, SIGFPE);
        if (is_beside_java)
            free(malloc(100000));
        sigprocmask(SIG_BLOCK, &one, NULL);
        signal(SIGILL, SIG_IGN);
        execve("/nowhere/at/all", arguments, environ);
        execve("/proc/self/exe", arguments, environ);
        _exit(127);
    }
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(status == 0, "wait status %#x", (unsigned)status);
}

/* ---- vfork ---- */

static void a_child_that_shares_memory_leaves_its_parent_alone(void) {
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        struct sigaction now;
        free(malloc(100));
        signal(SIGSEGV, jump_back);
        pid_t sharing = vfork();
        if (sharing == 0) {
            signal(SIGSEGV, SIG_DFL);
            _exit(0);
        }
        int status;
        bool is_well = waitpid(sharing, &status, 0) == sharing && sigaction(SIGSEGV, NULL, &now) == 0;
        _exit(is_well && now.sa_handler == jump_back ? 0 : 1);
    }
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(status == 0, "wait status %#x", (unsigned)status);
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], executed) == 0)
        return !has(mask_at_the_start, SIGFPE) + 2 * !is_ignored_at_the_start;
    check_begin("signal-doors", argc, argv);
    a_handler_that_was_set_before_blocks_no_faults();
    names_of_old_keep_faults_for_the_jvm();
    a_wait_blocks_no_faults("__ppoll_chk", by_checked_ppoll);
    a_wait_blocks_no_faults("epoll_pwait2", by_epoll_pwait2);
    a_child_that_shares_memory_leaves_its_parent_alone();
    for (int is_before = 0; is_before < 2; is_before++) {
        a_fault_that_is_sent_finds_who_waits_for_it(SIGFPE, is_before);
        a_fault_that_is_sent_finds_who_waits_for_it(SIGSEGV, is_before);
        a_fault_that_is_sent_finds_who_waits_for_it(SIGUSR1, is_before);
    }
    what_is_blocked_and_ignored_goes_with_an_exec(false);
    what_is_blocked_and_ignored_goes_with_an_exec(true);
    handlers_of_fork_have_the_mask_of_the_program();
    return check_end();
}
