/*
 * jvm-threads.c: the JVM's own threads (compilers, the collector, those of Java): made here, stopped for a moment where
 * that is needed, and brought back in a forked child.
 *
 * Stopping. Each thread is sent the signal that HotSpot keeps for suspending threads, and waits in the handler. One
 * that is stopped may hold any lock of the JVM's. So that it holds none of libc's, which fork itself takes, a thread
 * that is at work in libc refuses to stop, and is asked again; one that sleeps there, as nearly all do nearly always,
 * does not refuse.
 *
 * Going on. Once nobody needs them stopped, the first whose patience (REST) ends lets all go on. That costs a fork
 * nothing, and the next one, if it comes soon, finds them stopped. Who calls Java meanwhile, and needs one of them (few
 * do: for a collection of garbage, for a lock), waits so long.
 *
 * Coming back. A forked child has all memory of its parent, the stacks of the stopped threads and their thread-local
 * blocks included, but no kernel threads for them. Each gets a new one, that jumps into the handler in which the old
 * one waits, with the old thread-local block: to the JVM it has only slept. It holds what it held, so it does not
 * matter where it was stopped. What the kernel knows of a thread is told to it again: its id, its robust list, its rseq
 * area, its name. At first only one comes back, and the others when its patience ends: most children are over by then.
 *
 * Their stacks are ours, because libc takes its own stacks for free in a child, and gives them to new threads.
 */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/single_threaded.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>
#if __has_include(<sys/rseq.h>)
#include <sys/rseq.h>
#endif

#include "internal.h"

#define THREADS_MAX 64

/* How long one that has refused to stop may go on until it is asked again. */
#define ASK_AGAIN_NANOSECONDS 50000L

#define REST_NANOSECONDS 5000000L

/* What is left free below the end of a stopped thread's stack, for the handlers of signals that it may still get. */
#define BELOW_STACK 4096

enum answer { NONE, ASKED, STOPPED, REFUSED };

struct jvm_thread {
    _Atomic enum presence { FREE, TAKEN, RUNS } presence; /* TAKEN: its thread is being made */
    _Atomic uint32_t state;  /* 4 times the word of the round, plus the answer that the thread has given in it */
    _Atomic uint32_t on_way; /* signals of ours that have not come */
    void *(*routine)(void *);
    void *argument;
    char *stack; /* from its guard page on; it stays mapped until another thread takes this place */
    size_t stack_bytes;
    _Atomic pid_t *id; /* libc's and the kernel's, which writes it before the thread runs, and 0 when it is gone */
    char *thread_pointer;
    void *robust_list;
    size_t robust_list_bytes;
    char name[16];
    bool is_named;
    bool is_revived;    /* in this process or one before */
    bool is_new;        /* its context is entered by a kernel thread that was just made */
    ucontext_t context; /* in the handler */
};

static struct jvm_thread threads[THREADS_MAX];
static bool are_ours; /* we have made them: not in the host mode */
static _Atomic bool some_are_unknown;
static THREAD_LOCAL struct jvm_thread *mine;

/* They are stopped in rounds, one after the other. */
static _Atomic(struct thread *) whose_turn;
static uint32_t rounds;
static bool stop_anywhere;

/* A futex, on which the stopped ones wait. 0: they run. Else twice the number of the round, plus 1 while somebody needs
 * them to stay. */
static _Atomic uint32_t round_now;

static _Atomic bool are_memory_only; /* a forked child, in which they have no kernel threads yet */
static _Atomic bool are_needed;      /* without the rest that stopped threads have else */
static bool are_lost;                /* and will get none */
static struct sigaction of_hotspot;

static bool is_same_round(uint32_t a, uint32_t b) { return a / 2 == b / 2; }

/* ---- making them ---- */

static struct jvm_thread *take(void) {
    for (int i = 0; i < THREADS_MAX; i++) {
        struct jvm_thread *thread = &threads[i];
        enum presence is_free = FREE;
        if (thread->is_revived || (thread->stack != NULL && thread->id != NULL && *thread->id != 0))
            continue; /* it has ended, and libc has not seen it; or it ends, and is still on its stack */
        if (!atomic_compare_exchange_strong(&thread->presence, &is_free, TAKEN))
            continue;
        if (thread->stack != NULL)
            munmap(thread->stack, thread->stack_bytes);
        *thread = (struct jvm_thread){.presence = TAKEN};
        return thread;
    }
    return NULL;
}

static void *run(void *given) {
    struct jvm_thread *self = mine = given;
    void *id = NULL;
    thread_self.kind = THREAD_JVM;
    prctl(PR_GET_TID_ADDRESS, &id);
    self->id = id;
    self->thread_pointer = __builtin_thread_pointer();
    syscall(SYS_get_robust_list, 0, &self->robust_list, &self->robust_list_bytes);
    signals_allow(SUSPEND_SIGNAL);
    self->presence = RUNS;
    glibc_count_threads(-1); /* or the process would not end with its last thread */
    void *result = self->routine(self->argument);
    bool is_known_to_libc = !self->is_revived;
    self->presence = FREE;
    if (!is_known_to_libc)
        syscall(SYS_exit, 0); /* in a child libc has no account of it, and would fall over its end */
    glibc_count_threads(1);   /* it takes one off */
    return result;
}

/* A stack with a guard page below, as the attributes want it. */
static bool make_stack(struct jvm_thread *thread, const pthread_attr_t *wanted, pthread_attr_t *attributes) {
    size_t size = 0, guard = 0;
    if (pthread_attr_getstacksize(wanted, &size) != 0 || pthread_attr_getguardsize(wanted, &guard) != 0)
        return false;
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK;
    char *stack = mmap(NULL, guard + size, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (stack == MAP_FAILED)
        return false;
    thread->stack = stack;
    thread->stack_bytes = guard + size;
    mprotect(stack, guard, PROT_NONE);
    return pthread_attr_setstack(attributes, stack + guard, size) == 0;
}

static int create(struct jvm_thread *thread, pthread_t *created, const pthread_attr_t *wanted) {
    pthread_attr_t attributes;
    int error = pthread_attr_init(&attributes);
    if (error != 0)
        return error;
    int detached = PTHREAD_CREATE_JOINABLE;
    if (wanted != NULL)
        pthread_attr_getdetachstate(wanted, &detached);
    pthread_attr_setdetachstate(&attributes, detached);
    error = make_stack(thread, wanted == NULL ? &attributes : wanted, &attributes)
                ? creation_plain(created, &attributes, run, thread)
                : EAGAIN;
    pthread_attr_destroy(&attributes);
    return error;
}

struct start {
    void *(*routine)(void *);
    void *argument;
};

static void *run_unknown(void *given) {
    struct start start = *(struct start *)given;
    thread_self.kind = THREAD_JVM;
    libc_malloc()->free(given);
    glibc_count_threads(-1);
    void *result = start.routine(start.argument);
    glibc_count_threads(1);
    return result;
}

/* More threads than a JVM makes for itself: a heap made them. They cannot be stopped. */
static int create_unknown(pthread_t *created, const pthread_attr_t *attributes, struct start start) {
    struct start *kept = libc_malloc()->malloc(sizeof *kept);
    if (kept == NULL)
        return EAGAIN;
    *kept = start;
    some_are_unknown = true;
    int error = creation_plain(created, attributes, run_unknown, kept);
    if (error != 0)
        libc_malloc()->free(kept);
    return error;
}

int jvm_threads_create(pthread_t *created, const pthread_attr_t *attributes, void *(*routine)(void *), void *argument) {
    sigset_t before;
    int error;
    signals_block_all(&before); /* the new thread inherits it: the program's signals are not for the JVM's threads */
    struct jvm_thread *thread = take();
    if (thread == NULL) {
        error = create_unknown(created, attributes, (struct start){routine, argument});
    } else {
        thread->routine = routine;
        thread->argument = argument;
        error = create(thread, created, attributes);
        if (error != 0)
            thread->presence = FREE;
    }
    signals_restore(&before);
    return error;
}

/* ---- the stopped threads ---- */

static void wake_all(void) { syscall(SYS_futex, &round_now, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0); }

/* Returns when the round is over; true if it was this thread that has ended it, and is to tell the others. */
static bool wait_for_the_end(uint32_t round) {
    const struct timespec rest = {.tv_nsec = REST_NANOSECONDS};
    for (uint32_t now; is_same_round(now = round_now, round);) {
        long result = syscall(SYS_futex, &round_now, FUTEX_WAIT_PRIVATE, now, &rest, NULL, 0);
        bool is_time = are_needed || (result == -1 && errno == ETIMEDOUT);
        if (is_time && now % 2 == 0 && atomic_compare_exchange_strong(&round_now, &now, are_memory_only ? now + 1 : 0))
            return true;
    }
    return false;
}

/* The kernel thread is another. */
static void come_back(void) {
    mine->is_new = false;
    mine->is_revived = true;
    syscall(SYS_set_robust_list, mine->robust_list, mine->robust_list_bytes);
#if defined(RSEQ_SIG)
    if (__rseq_size > 0)
        syscall(SYS_rseq, mine->thread_pointer + __rseq_offset, sizeof(struct rseq), 0, RSEQ_SIG);
#endif
    prctl(PR_SET_NAME, mine->name);
}

static void stop(uint32_t round) {
    if (!mine->is_named)
        mine->is_named = prctl(PR_GET_NAME, mine->name) == 0;
    getcontext(&mine->context);
    if (mine->is_new)
        come_back();
    if (are_lost)
        syscall(SYS_exit, 0);
    mine->state = round / 2 * 4 + STOPPED;
    if (wait_for_the_end(round))
        wake_all();
}

static bool may_stop(const void *context) {
    return stop_anywhere || (!thread_self.in_libc && !glibc_is_at_work(context));
}

/* Whether the signal that has come is ours, and not HotSpot's, which would not bear it while it makes or ends what it
 * knows of a thread. */
static bool is_asked(void) {
    if (mine == NULL || mine->on_way == 0)
        return false;
    mine->on_way--;
    return true;
}

static void on_suspend(int signal, siginfo_t *info, void *context) {
    int saved = errno;
    bool is_jvm = thread_self.kind == THREAD_JVM;
    if (is_jvm && is_asked()) {
        uint32_t round = round_now; /* 0: the one that it is of is over */
        if (round != 0 && may_stop(context))
            stop(round);
        else if (round != 0)
            mine->state = round / 2 * 4 + REFUSED;
    } else if (is_jvm || !dispositions_call(signal, info, context)) {
        of_hotspot.sa_sigaction(signal, info, context);
    }
    errno = saved;
}

struct sigaction jvm_threads_divide(const struct sigaction *wanted) {
    struct sigaction ours = of_hotspot = *wanted;
    ours.sa_sigaction = on_suspend;
    return ours;
}

void jvm_threads_started(void) {
    glibc_find(threads[0].id);
    are_ours = true;
}

/* ---- stopping them ---- */

bool jvm_threads_take_turn(long until) {
    struct thread *self = &thread_self;
    for (struct thread *holder = NULL; !atomic_compare_exchange_weak(&whose_turn, &holder, self); holder = NULL) {
        if (holder == self || process_nanoseconds() > until)
            return false;
        sched_yield();
    }
    return true;
}

bool jvm_threads_is_my_turn(void) { return whose_turn == &thread_self; }

void jvm_threads_end_turn(void) { whose_turn = NULL; }

/* The thread may be about to give its answer: that must not be lost. */
static void ask(struct jvm_thread *thread, uint32_t state) {
    if (!atomic_compare_exchange_strong(&thread->state, &state, round_now / 2 * 4 + ASKED))
        return;
    thread->on_way++;
    if (syscall(SYS_tgkill, getpid(), *thread->id, SUSPEND_SIGNAL) != 0)
        thread->on_way--;
}

/* Asks those who have not been asked, and, if it is time, those who have refused. Returns how many have not stopped. */
static int ask_all(bool again) {
    int missing = 0;
    for (int i = 0; i < THREADS_MAX; i++) {
        uint32_t state = threads[i].state;
        enum answer answer = state / 4 == round_now / 2 ? state % 4 : NONE;
        if (threads[i].presence == FREE || answer == STOPPED)
            continue;
        missing++;
        if (threads[i].presence == RUNS && (answer == NONE || (answer == REFUSED && again)))
            ask(&threads[i], state);
    }
    return missing;
}

/* They are still stopped since the last time. */
static bool keep_stopped(void) {
    uint32_t round = round_now;
    return round != 0 && round % 2 == 0 && atomic_compare_exchange_strong(&round_now, &round, round + 1);
}

bool jvm_threads_stop(bool anywhere, long until) {
    if (keep_stopped())
        return true;
    while (round_now != 0) /* they are being brought back */
        sched_yield();
    if ((some_are_unknown || !are_ours) && !anywhere)
        return false;
    stop_anywhere = anywhere;
    rounds = rounds % (1u << 29) + 1;
    round_now = 2 * rounds + 1;
    long asked = 0;
    for (;;) {
        long now = process_nanoseconds();
        bool again = now - asked > ASK_AGAIN_NANOSECONDS;
        if (ask_all(again) == 0)
            return true;
        if (again)
            asked = now;
        if (now > until)
            break;
        sched_yield();
    }
    jvm_threads_let_go();
    return false;
}

void jvm_threads_let_go_soon(void) { round_now--; }

void jvm_threads_let_go(void) {
    if (are_memory_only) {
        jvm_threads_let_go_soon(); /* the first one has to bring the others back before */
        return;
    }
    round_now = 0;
    wake_all();
}

/* ---- bringing them back ---- */

/* On a new kernel thread, with the thread-local block of the old one, below the end of its stack. */
static int go_on(void *thread) {
    setcontext(&((struct jvm_thread *)thread)->context);
    return 0;
}

static bool make_kernel_thread(struct jvm_thread *thread, int (*begin)(void *)) {
    char *stack = (char *)(dispositions_stack_pointer(&thread->context) - BELOW_STACK);
    int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS |
                CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
    pid_t *id = (pid_t *)thread->id;
    thread->is_new = true;
    thread->on_way = 0;
    return clone(begin, stack - (uintptr_t)stack % 16, flags, thread, id, thread->thread_pointer, id) > 0;
}

/* The first one is here, and makes kernel threads for the others. */
static int bring_all_back(void *given) {
    struct jvm_thread *first = given;
    uint32_t round = round_now;
    wait_for_the_end(round);
    for (struct jvm_thread *other = first + 1; other < threads + THREADS_MAX && !are_lost; other++)
        are_lost = other->presence == RUNS && !make_kernel_thread(other, go_on);
    if (are_lost)
        gate_lose_java();
    are_memory_only = false;
    jvm_threads_let_go();
    return go_on(first);
}

void jvm_threads_are_memory_only(void) { are_memory_only = true; }

void jvm_threads_await(long until) {
    while (are_memory_only && !jvm_threads_is_my_turn() && process_nanoseconds() < until) {
        are_needed = true;
        wake_all();
        sched_yield();
    }
    are_needed = false;
}

bool jvm_threads_bring_back(void) {
    struct jvm_thread *first = threads;
    while (first < threads + THREADS_MAX && first->presence != RUNS)
        first++;
    /* libc's malloc would take no locks on the thread that it thinks is the only one. */
    if (first == threads + THREADS_MAX || __libc_single_threaded)
        return false;
    for (struct jvm_thread *thread = first; thread < threads + THREADS_MAX; thread++)
        if (thread->presence == RUNS)
            glibc_list_thread(thread->id);
    jvm_threads_let_go_soon();
    return make_kernel_thread(first, bring_all_back);
}
