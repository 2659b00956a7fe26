/*
 * dispositions.c: what the program wants done with the signals that HotSpot needs for itself: SIGSEGV, SIGBUS, SIGFPE,
 * SIGILL, and the one that suspends its threads. Their handlers stay ours whatever the program asks for; it is told
 * what it asked for, and its handler is called for what is not HotSpot's (faults.c, jvm-threads.c).
 *
 * The JDK's libjsig does the same by name, but calls the program's handler only after HotSpot's, which decides by
 * itself whose fault it is; and it would have to stand before the program's libraries, too.
 *
 * No handler of the program's may run with the four faults blocked: it may allocate, and Java code faults on purpose.
 * So they are taken out of the masks that go with handlers, and kept here, or, while the handler of a fault runs, in
 * thread_self.blocked_faults.
 */
#include <sched.h>
#include <signal.h>
#include <ucontext.h>
#include <unistd.h>

#include "internal.h"

/* HotSpot raises these on purpose in Java code and handles them itself; the rest is the program's. */
static bool is_needed_by_jvm(int signal) {
    return signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL || signal == SUSPEND_SIGNAL;
}

static struct {
    bool is_kept;
    struct sigaction wanted; /* if it is kept: what the program asked for */
    unsigned faults;         /* else: those in the mask that the program asked for */
} entries[NSIG];

static bool is_open;         /* there are signals that are kept, or will be */
static bool is_beside;       /* the JVM starts beside the program */
static _Atomic pid_t holder; /* of the lock on all that: a process; 0: nobody */

/* sigaction may be called by a handler: nobody holds this while one could run. In a forked child the holder may be a
 * thread that did not come along. */
static void lock(sigset_t *before) {
    signals_block_all(before);
    pid_t self = getpid();
    for (pid_t other = 0; !atomic_compare_exchange_weak(&holder, &other, self);) {
        if (other == self) {
            sched_yield();
            other = 0;
        }
    }
}

static void unlock(const sigset_t *before) {
    atomic_store(&holder, 0);
    signals_restore(before);
}

/* Whom the kernel calls instead of the JVM's handler. */
static struct sigaction divide(int signal, const struct sigaction *of_jvm) {
    return signal == SUSPEND_SIGNAL ? jvm_threads_divide(of_jvm) : faults_divide(signal, of_jvm);
}

static bool is_function(const struct sigaction *action) {
    return action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN;
}

/* Whether a handler's frame is on a stack of its own is up to the program, also for ours. */
static void follow_flags(struct sigaction *ours, const struct sigaction *wanted) {
    const int followed = SA_ONSTACK | SA_RESTART;
    ours->sa_flags = (ours->sa_flags & ~followed) | (wanted->sa_flags & followed);
}

static void keep_for_jvm(int signal, const struct sigaction *of_jvm, const struct sigaction *of_program) {
    struct sigaction ours = divide(signal, of_jvm);
    if (is_function(of_program))
        follow_flags(&ours, of_program);
    entries[signal].wanted = *of_program;
    entries[signal].is_kept = true;
    is_open = true;
    behind()->action(signal, &ours, NULL);
}

/* A handler that the program, or a library of it, has set before us. */
static void pass_on_earlier(int signal, const struct sigaction *wanted) {
    struct sigaction allowed = *wanted;
    if (is_function(wanted))
        entries[signal].faults = signals_take_faults(&allowed.sa_mask);
    behind()->action(signal, &allowed, NULL);
}

void dispositions_restore(const struct sigaction before[NSIG], bool is_up) {
    for (int signal = 1; signal < NSIG; signal++) {
        struct sigaction now;
        if (behind()->action(signal, NULL, &now) != 0)
            continue;
        if (is_up && is_needed_by_jvm(signal))
            keep_for_jvm(signal, &now, &before[signal]);
        else if (is_up)
            pass_on_earlier(signal, &before[signal]);
        else
            behind()->action(signal, &before[signal], NULL);
    }
}

void dispositions_expect_jvm(void) {
    sigset_t mask;
    lock(&mask);
    for (int signal = 1; signal < NSIG; signal++) {
        struct sigaction now;
        if (!is_needed_by_jvm(signal) && behind()->action(signal, NULL, &now) == 0 && is_function(&now))
            pass_on_earlier(signal, &now);
    }
    is_open = is_beside = true;
    unlock(&mask);
}

/* It gets the handlers that it needs. Of the others it is told that it has got them. */
static int of_jvm(int signal, const struct sigaction *wanted, struct sigaction *before) {
    sigset_t mask;
    struct sigaction now;
    lock(&mask);
    int result = behind()->action(signal, NULL, &now);
    if (result == 0 && entries[signal].is_kept) {
        now = entries[signal].wanted;
    } else if (result == 0) {
        signals_add_faults(&now.sa_mask, entries[signal].faults);
        if (wanted != NULL && is_needed_by_jvm(signal))
            keep_for_jvm(signal, wanted, &now);
    }
    unlock(&mask);
    if (result == 0 && before != NULL)
        *before = now;
    return result;
}

/* ---- what the program asks for ---- */

static int keep(int signal, const struct sigaction *wanted, struct sigaction *before) {
    struct sigaction old = entries[signal].wanted;
    if (wanted != NULL) {
        struct sigaction ours;
        behind()->action(signal, NULL, &ours);
        follow_flags(&ours, wanted);
        behind()->action(signal, &ours, NULL);
        entries[signal].wanted = *wanted;
    }
    if (before != NULL)
        *before = old;
    return 0;
}

static int pass_on(int signal, const struct sigaction *wanted, struct sigaction *before) {
    struct sigaction allowed;
    unsigned faults = 0, faults_before = entries[signal].faults;
    if (wanted != NULL) {
        allowed = *wanted;
        faults = signals_take_faults(&allowed.sa_mask);
        wanted = &allowed;
    }
    if (behind()->action(signal, wanted, before) != 0)
        return -1;
    if (wanted != NULL)
        entries[signal].faults = faults;
    if (before != NULL)
        signals_add_faults(&before->sa_mask, faults_before);
    return 0;
}

/* The JVM's own wishes are the kernel's, and those of a child that shares our memory (vfork) are its own. */
static bool is_of_program(int signal) {
    return is_open && signal > 0 && signal < NSIG && !thread_runs_jvm(&thread_self) &&
           (process_is_own() || gate_is_undecided());
}

EXPORTED int sigaction(int signal, const struct sigaction *wanted, struct sigaction *before) {
    if (is_beside && thread_self.kind == THREAD_JVM)
        return of_jvm(signal, wanted, before);
    if (!is_of_program(signal))
        return behind()->action(signal, wanted, before);
    sigset_t mask;
    struct sigaction copy, old; /* what is handed in may lie anywhere, and fault */
    if (wanted != NULL)
        copy = *wanted;
    lock(&mask);
    int result = (entries[signal].is_kept ? keep : pass_on)(signal, wanted == NULL ? NULL : &copy, &old);
    unlock(&mask);
    if (result == 0 && before != NULL)
        *before = old;
    return result;
}

static handler_function set(int signal, handler_function handler, int flags) {
    struct sigaction wanted = {.sa_handler = handler, .sa_flags = flags}, before;
    sigemptyset(&wanted.sa_mask);
    return sigaction(signal, &wanted, &before) == 0 ? before.sa_handler : SIG_ERR;
}

static bool is_kept(int signal) { return is_of_program(signal) && entries[signal].is_kept; }

EXPORTED handler_function signal(int signal, handler_function handler) {
    return is_kept(signal) ? set(signal, handler, SA_RESTART) : behind()->signal_bsd(signal, handler);
}

EXPORTED handler_function ssignal(int number, handler_function handler) { return signal(number, handler); }
EXPORTED handler_function bsd_signal(int number, handler_function handler) { return signal(number, handler); }

EXPORTED handler_function sysv_signal(int signal, handler_function handler) {
    return is_kept(signal) ? set(signal, handler, (int)SA_RESETHAND | SA_NODEFER)
                           : behind()->signal_sysv(signal, handler);
}

/* What `signal` is in programs that are compiled for the C standard alone. */
EXPORTED handler_function __sysv_signal(int number, handler_function handler) { return sysv_signal(number, handler); }

EXPORTED int __sigaction(int signal, const struct sigaction *wanted, struct sigaction *before) {
    return sigaction(signal, wanted, before);
}

/* ---- what is done ---- */

uintptr_t dispositions_stack_pointer(const void *context) {
#if defined(__x86_64__)
    return (uintptr_t)((const ucontext_t *)context)->uc_mcontext.gregs[REG_RSP];
#else
    (void)context;
    return (uintptr_t)__builtin_frame_address(0);
#endif
}

static bool is_sent(const siginfo_t *info) { return info->si_code <= 0; }

/* The mask of a handler that is called by ours, which the kernel calls with its own. */
static void set_mask_of_handler(int signal, const struct sigaction *wanted, const ucontext_t *context) {
    sigset_t mask;
    sigorset(&mask, &context->uc_sigmask, &wanted->sa_mask);
    if ((wanted->sa_flags & SA_NODEFER) == 0)
        sigaddset(&mask, signal);
    thread_self.blocked_faults |= signals_take_faults(&mask);
    signals_mark(&mask);
    signals_restore(&mask);
}

static void call(int signal, const struct sigaction *wanted, siginfo_t *info, void *context) {
    struct thread *self = &thread_self;
    unsigned blocked = self->blocked_faults, outer = self->handler_depth;
    if (outer == 0)
        self->blocked_before_handler = blocked;
    self->handler_depth = outer + 1;
    set_mask_of_handler(signal, wanted, context);
    if (wanted->sa_flags & SA_SIGINFO)
        wanted->sa_sigaction(signal, info, context);
    else
        wanted->sa_handler(signal);
    self->handler_depth = outer;
    self->blocked_faults = blocked;
    pending_deliver(self);
}

static bool is_ignored(int signal) { return entries[signal].is_kept && entries[signal].wanted.sa_handler == SIG_IGN; }

static struct sigaction set_aside[NSIG];

bool dispositions_ignore(void) {
    for (int signal = 1; signal < NSIG; signal++)
        if (is_ignored(signal))
            return true;
    return false;
}

void dispositions_hand_on(void) {
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    for (int signal = 1; signal < NSIG; signal++)
        if (is_ignored(signal))
            behind()->action(signal, &ignore, &set_aside[signal]);
}

void dispositions_take_back(void) {
    for (int signal = 1; signal < NSIG; signal++)
        if (is_ignored(signal))
            behind()->action(signal, &set_aside[signal], NULL);
}

bool dispositions_have_handler(int signal) { return is_function(&entries[signal].wanted); }

bool dispositions_call(int signal, siginfo_t *info, void *context) {
    sigset_t mask;
    const sigset_t *of_kernel = &((const ucontext_t *)context)->uc_sigmask;
    signals_settle(&thread_self, of_kernel);
    lock(&mask);
    struct sigaction wanted = entries[signal].wanted;
    bool is_called = is_function(&wanted) && !signals_is_blocked(&thread_self, signal, of_kernel);
    if (is_called && (wanted.sa_flags & (int)SA_RESETHAND) != 0)
        entries[signal].wanted.sa_handler = SIG_DFL;
    unlock(&mask);
    if (is_called)
        call(signal, &wanted, info, context);
    return is_called || (wanted.sa_handler == SIG_IGN && is_sent(info));
}
