/* handlers.c: handlers of the program's for SIGSEGV, SIGBUS, SIGFPE and SIGILL: they are asked for, told, called, left
 * and reset as without javalloc, and may allocate; nothing is seen of the handlers that a JVM has. hosted: no */
#include "check.h"
#include "respawn.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>

static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};

static _Thread_local sigjmp_buf back;
static _Thread_local volatile int calls;
static _Thread_local void *volatile fault_address;

static void use_the_heap(int tag) {
    void *blocks[20];
    for (int i = 0; i < 20; i++) {
        CHECK((blocks[i] = malloc((size_t)(20 + 50 * i))) != NULL);
        fill(blocks[i], (size_t)(20 + 50 * i), (uint64_t)(tag + i));
    }
    for (int i = 0; i < 20; i++) {
        verify(blocks[i], (size_t)(20 + 50 * i), (uint64_t)(tag + i));
        free(blocks[i]);
    }
}

static void touch(volatile char *address) { *address = 1; }

__attribute__((noinline)) static void divide_by_zero(void) {
    static volatile int zero, one = 1;
    zero = one / zero;
}

static void set(int number, void (*handler)(int, siginfo_t *, void *), int flags) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};
    sigfillset(&action.sa_mask);
    CHECK_EQ(sigaction(number, &action, NULL), 0);
}

static void jump_back(int number, siginfo_t *info, void *context) {
    (void)context;
    calls++;
    fault_address = info->si_addr;
    use_the_heap(number);
    siglongjmp(back, number);
}

static void told_what_was_asked_for(void) {
    struct sigaction before, now;
    for (int i = 0; i < 4; i++) {
        CHECK_EQ(sigaction(faults[i], NULL, &before), 0);
        CHECK(before.sa_handler == SIG_DFL && before.sa_flags == 0, "signal %d: handler %p, flags %#x", faults[i],
              (void *)before.sa_handler, (unsigned)before.sa_flags);
        set(faults[i], jump_back, SA_ONSTACK | SA_NODEFER);
        CHECK_EQ(sigaction(faults[i], NULL, &now), 0);
        CHECK(now.sa_sigaction == jump_back);
        CHECK_EQ(now.sa_flags & (SA_SIGINFO | SA_ONSTACK | SA_NODEFER), SA_SIGINFO | SA_ONSTACK | SA_NODEFER);
        CHECK(sigismember(&now.sa_mask, SIGUSR1) == 1 && sigismember(&now.sa_mask, SIGSEGV) == 1);
        CHECK(signal(faults[i], SIG_IGN) == (void (*)(int))(void *)jump_back);
        CHECK(signal(faults[i], SIG_DFL) == SIG_IGN);
    }
    CHECK_EQ(sigaction(SIGSEGV, &before, NULL), 0);
}

/* A handler of another signal may block the faults, as far as it can tell, and allocates all the same. */
static void told_the_mask_that_was_asked_for(void) {
    struct sigaction now;
    set(SIGUSR1, jump_back, 0);
    CHECK_EQ(sigaction(SIGUSR1, NULL, &now), 0);
    for (int i = 0; i < 4; i++)
        CHECK(sigismember(&now.sa_mask, faults[i]) == 1, "signal %d", faults[i]);
    for (volatile int i = 0; i < 200; i++)
        if (sigsetjmp(back, 1) == 0)
            raise(SIGUSR1);
    signal(SIGUSR1, SIG_DFL);
}

/* Left by a jump again and again: the signal is not blocked afterwards, and can be seen not to be. */
static void *look_at_mask(void *given) {
    const sigset_t *expected = given;
    sigset_t mask;
    CHECK_EQ(pthread_sigmask(SIG_BLOCK, NULL, &mask), 0);
    for (int number = 1; number < NSIG; number++)
        CHECK_EQ(sigismember(&mask, number), sigismember(expected, number));
    return NULL;
}

static void a_thread_inherits_what_is_blocked(void) {
    sigset_t set, before;
    sigemptyset(&set);
    for (int i = 0; i < 4; i += 2)
        sigaddset(&set, faults[i]);
    sigaddset(&set, SIGUSR1);
    CHECK_EQ(pthread_sigmask(SIG_SETMASK, &set, &before), 0);
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, NULL, look_at_mask, &set), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK_EQ(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
}

static void *faults_are_caught(void *unused) {
    char *map = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (volatile int i = 0; i < 300; i++) {
        char *volatile address = i % 2 ? NULL : map + i;
        use_the_heap(i);
        calls = 0;
        if (sigsetjmp(back, 1) == 0) {
            touch(address);
            CHECK(false, "a store to %p was no fault", (void *)address);
        }
        CHECK(calls == 1 && fault_address == address, "%d calls, address %p, not %p", calls, fault_address,
              (void *)address);
        sigset_t mask;
        CHECK_EQ(pthread_sigmask(SIG_BLOCK, NULL, &mask), 0);
        CHECK(sigismember(&mask, SIGSEGV) == 0 && sigismember(&mask, SIGUSR1) == 0);
        if (i % 3 == 0 && sigsetjmp(back, 1) == 0)
            divide_by_zero();
    }
    munmap(map, 4096);
    return unused;
}

static void faults_are_caught_on_several_threads(void) {
    pthread_t threads[4];
    set(SIGSEGV, jump_back, 0);
    set(SIGFPE, jump_back, 0);
    faults_are_caught(NULL);
    for (int i = 0; i < 4; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, faults_are_caught, NULL), 0);
    for (int i = 0; i < 4; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    signal(SIGFPE, SIG_DFL);
}

/* A page that is made writable by the handler, which returns: as collectors and emulators do. */
static void make_writable(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    calls++;
    use_the_heap(calls);
    CHECK_EQ(mprotect((void *)((uintptr_t)info->si_addr & ~(uintptr_t)4095), 4096, PROT_READ | PROT_WRITE), 0);
}

static void a_handler_puts_it_right_and_returns(void) {
    enum { PAGES = 200 };
    char *map = mmap(NULL, PAGES * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    set(SIGSEGV, make_writable, SA_RESTART);
    calls = 0;
    for (int i = 0; i < PAGES; i++)
        touch(map + i * 4096 + i);
    CHECK_EQ(calls, PAGES);
    munmap(map, PAGES * 4096);
}

__attribute__((noinline)) static int descend(int depth) {
    volatile char frame[4000];
    frame[0] = (char)depth;
    return depth < 0 ? 0 : descend(depth + 1) + frame[0];
}

static void *an_overflow_is_caught(void *unused) {
    stack_t stack = {.ss_sp = malloc(64 << 10), .ss_size = 64 << 10}, none = {.ss_flags = SS_DISABLE};
    CHECK_EQ(sigaltstack(&stack, NULL), 0);
    for (volatile int i = 0; i < 5; i++) {
        calls = 0;
        if (sigsetjmp(back, 1) == 0)
            descend(0);
        CHECK_EQ(calls, 1);
        use_the_heap(i);
    }
    CHECK_EQ(sigaltstack(&none, NULL), 0);
    free(stack.ss_sp);
    return unused;
}

static void an_overflow_of_the_stack_is_caught_on_another(void) {
    pthread_t thread;
    set(SIGSEGV, jump_back, SA_ONSTACK);
    an_overflow_is_caught(NULL);
    CHECK_EQ(pthread_create(&thread, NULL, an_overflow_is_caught, NULL), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
}

/* Also if it is malloc that finds no room on it. (Then it was taken for the JVM's own.) */
static int descend_and_allocate(int depth, size_t bytes) {
    volatile char frame[bytes];
    frame[depth % (int)bytes] = (char)depth;
    free(malloc(40000));
    return depth < 0 ? 0 : descend_and_allocate(depth + 1, bytes) + frame[0];
}

static void *an_overflow_in_malloc_is_caught(void *unused) {
    static const size_t frames[] = {16, 40, 72, 150, 220, 333};
    stack_t stack = {.ss_sp = malloc(64 << 10), .ss_size = 64 << 10}, none = {.ss_flags = SS_DISABLE};
    CHECK_EQ(sigaltstack(&stack, NULL), 0);
    for (volatile size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        calls = 0;
        if (sigsetjmp(back, 1) == 0)
            descend_and_allocate(0, frames[i]);
        CHECK_EQ(calls, 1);
        use_the_heap((int)i);
    }
    CHECK_EQ(sigaltstack(&none, NULL), 0);
    free(stack.ss_sp);
    return unused;
}

static void an_overflow_of_the_stack_is_caught_in_malloc(void) {
    pthread_t thread;
    pthread_attr_t attributes;
    set(SIGSEGV, jump_back, SA_ONSTACK);
    CHECK_EQ(pthread_attr_init(&attributes), 0);
    CHECK_EQ(pthread_attr_setstacksize(&attributes, 128 << 10), 0);
    CHECK_EQ(pthread_create(&thread, &attributes, an_overflow_in_malloc_is_caught, NULL), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    pthread_attr_destroy(&attributes);
}

/* ---- what ends a process ---- */

static void return_at_once(int number, siginfo_t *info, void *context) {
    (void)number, (void)info, (void)context;
    if (calls++ > 0)
        _exit(90);
}

static void fault_again(int number, siginfo_t *info, void *context) {
    (void)number, (void)info, (void)context;
    if (calls++ > 0)
        _exit(91);
    touch(NULL);
}

static void with_a_handler_for_once(void) {
    set(SIGSEGV, return_at_once, (int)SA_RESETHAND);
    touch(NULL);
}

static void with_a_handler_that_faults(void) {
    set(SIGSEGV, fault_again, 0);
    touch(NULL);
}

static void with_the_signal_blocked(void) {
    sigset_t set_of_one;
    set(SIGSEGV, return_at_once, 0);
    calls = 1;
    sigemptyset(&set_of_one);
    sigaddset(&set_of_one, SIGSEGV);
    sigprocmask(SIG_BLOCK, &set_of_one, NULL);
    touch(NULL);
}

static void with_the_signal_ignored(void) {
    signal(SIGSEGV, SIG_IGN);
    raise(SIGSEGV); /* this is ignored, and the fault is not */
    touch(NULL);
}

static void with_the_default_again(void) {
    set(SIGSEGV, return_at_once, 0);
    signal(SIGSEGV, SIG_DFL);
    touch(NULL);
}

static void ends_with_the_signal(const char *name, void (*what)(void)) {
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        calls = 0;
        what();
        _exit(92);
    }
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "%s: wait status %#x", name, (unsigned)status);
}

static _Atomic int is_over;

static void *set_handlers_for_ever(void *unused) {
    while (!is_over)
        set(SIGUSR2, return_at_once, 0);
    return unused;
}

/* The lock that such a call takes was left behind locked, now and then, in a child that was forked meanwhile. */
static void children_set_handlers_too(void) {
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, NULL, set_handlers_for_ever, NULL), 0);
    for (int i = 0; i < 100; i++) {
        fflush(NULL);
        pid_t child = fork();
        if (child == 0) {
            alarm(20); /* its default ends a child that waits for ever */
            set(SIGUSR2, return_at_once, 0);
            _exit(0);
        }
        int status;
        CHECK_EQ(waitpid(child, &status, 0), child);
        CHECK(status == 0, "child %d: wait status %#x", i, (unsigned)status);
    }
    is_over = 1;
    CHECK_EQ(pthread_join(thread, NULL), 0);
    signal(SIGUSR2, SIG_DFL);
}

/* ---- the masks of waits ---- */

static sigset_t mask_in_handler; /* the kernel's */

static void note_mask(int number, siginfo_t *info, void *context) {
    (void)number, (void)info, (void)context;
    syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask_in_handler, _NSIG / 8);
    use_the_heap(5);
}

static int by_sigsuspend(const sigset_t *mask) { return sigsuspend(mask); }
static int by_ppoll(const sigset_t *mask) { return ppoll(NULL, 0, NULL, mask); }
static int by_pselect(const sigset_t *mask) { return pselect(0, NULL, NULL, NULL, NULL, mask); }

static int by_epoll_pwait(const sigset_t *mask) {
    struct epoll_event event;
    int file = epoll_create1(EPOLL_CLOEXEC);
    int result = epoll_pwait(file, &event, 1, -1, mask), error = errno;
    close(file);
    errno = error;
    return result;
}

/* A handler that ends such a wait runs with its mask. Were SIGSEGV in it, the JVM could not stop the thread when it
 * allocates, and the kernel would kill it. */
static void waits_block_no_faults(void) {
    int (*const waits[])(const sigset_t *) = {by_sigsuspend, by_ppoll, by_pselect, by_epoll_pwait};
    sigset_t all_but_one, alarm_only;
    struct itimerval soon = {{0, 0}, {0, 1000}};
    struct sigaction action = {.sa_sigaction = note_mask, .sa_flags = SA_SIGINFO};
    sigfillset(&all_but_one);
    sigdelset(&all_but_one, SIGALRM);
    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    CHECK_EQ(sigaction(SIGALRM, &action, NULL), 0);
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        CHECK_EQ(sigprocmask(SIG_BLOCK, &alarm_only, NULL), 0);
        CHECK_EQ(setitimer(ITIMER_REAL, &soon, NULL), 0);
        CHECK_EQ(waits[i](&all_but_one), -1);
        CHECK_EQ(errno, EINTR);
        CHECK(sigismember(&mask_in_handler, SIGUSR1) == 1, "wait %zu", i);
        CHECK(sigismember(&mask_in_handler, SIGSEGV) == 0 || !check_env("EXPECT_JAVALLOC"), "wait %zu", i);
        CHECK_EQ(sigprocmask(SIG_UNBLOCK, &alarm_only, NULL), 0);
    }
    signal(SIGALRM, SIG_DFL);
}

static volatile int depth, deepest;

static void send_again(int number, siginfo_t *info, void *context) {
    (void)info, (void)context;
    if (++depth > deepest)
        deepest = depth;
    if (++calls < 5)
        raise(number);
    use_the_heap(number);
    depth--;
}

static void hold_by_old_name(int number) { CHECK_EQ(sighold(number), 0); }
static void hold(int number) {
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, number);
    CHECK_EQ(sigprocmask(SIG_BLOCK, &one, NULL), 0);
}

static void what_is_sent_while_blocked_waits(void (*block)(int)) {
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        sigset_t one, pending;
        sigemptyset(&one);
        sigaddset(&one, faults[i]);
        calls = deepest = 0;
        set(faults[i], send_again, 0);
        block(faults[i]);
        CHECK_EQ(kill(getpid(), faults[i]), 0);
        use_the_heap(2);
        CHECK_EQ(calls, 0);
        CHECK(sigpending(&pending) == 0 && sigismember(&pending, faults[i]) == 1);
        siginfo_t info;
        CHECK_EQ(sigwaitinfo(&one, &info), faults[i]);
        CHECK(info.si_pid == getpid() && sigpending(&pending) == 0 && sigismember(&pending, faults[i]) == 0);
        CHECK_EQ(raise(faults[i]), 0);
        CHECK_EQ(calls, 0);
        CHECK_EQ(sigprocmask(SIG_UNBLOCK, &one, NULL), 0);
        CHECK_EQ(calls, 5);
        CHECK_EQ(deepest, 1); /* while the handler runs the signal is blocked */
        signal(faults[i], SIG_DFL);
    }
}

static _Atomic pid_t handled_by;

static void note_thread(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    if (info->si_code < 0 && info->si_pid == getpid())
        handled_by = gettid();
}

/* The system gives what is sent to the process to any thread that does not block it. */
static void a_signal_to_any_thread_is_handled_on_ours(void) {
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        set(faults[i], note_thread, 0);
        for (pid_t other = 0; (other = next_taker(faults[i], other)) != 0; other++) {
            handled_by = 0;
            CHECK_EQ(syscall(SYS_tgkill, getpid(), other, faults[i]), 0);
            check_watchdog(10, "waits for a signal that another thread got");
            while (handled_by == 0)
                use_the_heap(1);
            check_watchdog(0, "");
            CHECK_EQ(handled_by, gettid());
        }
        signal(faults[i], SIG_DFL);
    }
}

/* As the kernel does: who keeps no room for more than the signals that there are loses nothing. */
static void no_more_is_written_than_there_are_signals(void) {
    unsigned char room[sizeof(sigset_t)];
    sigset_t none;
    sigemptyset(&none);
    for (int asks = 0; asks < 2; asks++) {
        memset(room, 0x5a, sizeof room);
        CHECK_EQ(pthread_sigmask(SIG_BLOCK, asks ? NULL : &none, (sigset_t *)(void *)room), 0);
        for (size_t i = _NSIG / 8; i < sizeof room; i++)
            CHECK_EQ(room[i], 0x5a);
    }
}

/* Left by a jump, and again from further down: the stack pointer does not say whether a handler is at work. */
__attribute__((noinline)) static void is_caught(size_t further_down) {
    volatile char below[further_down + 1];
    below[0] = below[further_down] = 1;
    calls = 0;
    if (sigsetjmp(back, 1) == 0)
        touch(NULL);
    CHECK_EQ(calls, 1);
}

static void faults_are_caught_from_further_down(void) {
    set(SIGSEGV, jump_back, 0);
    for (size_t further_down = 10; further_down < 200000; further_down *= 3)
        is_caught(further_down);
    signal(SIGSEGV, SIG_DFL);
}

/* Go does that on each of its threads. */
static void *unblock_by_the_system_call(void *unused) {
    sigset_t none;
    sigemptyset(&none);
    CHECK_EQ(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, _NSIG / 8), 0);
    is_caught(10);
    return unused;
}

static void what_is_unblocked_by_the_system_call_is_caught(void) {
    sigset_t all, before;
    pthread_t thread;
    set(SIGSEGV, jump_back, 0);
    sigfillset(&all);
    CHECK_EQ(pthread_sigmask(SIG_SETMASK, &all, &before), 0);
    CHECK_EQ(pthread_create(&thread, NULL, unblock_by_the_system_call, NULL), 0);
    CHECK_EQ(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    signal(SIGSEGV, SIG_DFL);
}

static volatile int probes;

static void probe(int number) {
    (void)number;
    int saved = errno;
    if (sigsetjmp(back, 1) == 0)
        touch(NULL);
    probes++;
    errno = saved;
}

/* A profiler looks whether it can read an address, in a handler that may have interrupted malloc. */
static void a_handler_within_malloc_catches_a_fault(void) {
    struct sigaction action = {.sa_handler = probe, .sa_flags = SA_RESTART};
    struct itimerval often = {{0, 500}, {0, 500}}, never = {{0, 0}, {0, 0}};
    set(SIGSEGV, jump_back, 0);
    CHECK_EQ(sigaction(SIGALRM, &action, NULL), 0);
    CHECK_EQ(setitimer(ITIMER_REAL, &often, NULL), 0);
    while (probes < 500)
        for (size_t size = 64; size < 200000; size *= 40)
            free(escape(malloc(size)));
    CHECK_EQ(setitimer(ITIMER_REAL, &never, NULL), 0);
    signal(SIGALRM, SIG_DFL);
    signal(SIGSEGV, SIG_DFL);
}

int main(int argc, char **argv) {
    check_begin("handlers", argc, argv);
    told_what_was_asked_for();
    told_the_mask_that_was_asked_for();
    no_more_is_written_than_there_are_signals();
    faults_are_caught_on_several_threads();
    faults_are_caught_from_further_down();
    what_is_unblocked_by_the_system_call_is_caught();
    a_handler_within_malloc_catches_a_fault();
    a_handler_puts_it_right_and_returns();
    an_overflow_of_the_stack_is_caught_on_another();
    an_overflow_of_the_stack_is_caught_in_malloc();
    a_thread_inherits_what_is_blocked();
    children_set_handlers_too();
    waits_block_no_faults();
    what_is_sent_while_blocked_waits(hold);
    what_is_sent_while_blocked_waits(hold_by_old_name);
    a_signal_to_any_thread_is_handled_on_ours();
    ends_with_the_signal("for once", with_a_handler_for_once);
    ends_with_the_signal("faults itself", with_a_handler_that_faults);
    ends_with_the_signal("blocked", with_the_signal_blocked);
    ends_with_the_signal("ignored", with_the_signal_ignored);
    ends_with_the_signal("the default again", with_the_default_again);
    return check_end();
}
