/*
 * pending.c: faults that somebody sends while the program has them blocked. They are never really blocked (signals.c),
 * so they arrive, at some thread, and are kept: until that thread unblocks them or waits for them; or any thread does,
 * if they were sent to the process.
 */
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

static siginfo_t kept[FAULTS];            /* the last of each */
static _Atomic unsigned kept_for_process; /* bits, as a thread's kept_faults */
static _Atomic pid_t waiters[FAULTS];     /* a thread that waits for it; 0: none is known */

/* What was sent by pthread_kill and the like is for that thread alone. */
static bool is_for_process(const siginfo_t *info) { return info->si_code == SI_USER; }

/* Of those that are kept for the process: each goes to one. */
static unsigned take_from_process(unsigned wanted) {
    return atomic_load(&kept_for_process) == 0 ? 0 : atomic_fetch_and(&kept_for_process, ~wanted) & wanted;
}

/* A thread that waits has said so before it looks whether there is one; so one of the two sees the other. */
static void keep_for_process(size_t i) {
    atomic_fetch_or(&kept_for_process, 1u << i);
    pid_t waiter = waiters[i];
    if (waiter != 0 && take_from_process(1u << i) != 0 && !signals_send(waiter, signals_faults[i], &kept[i]))
        atomic_fetch_or(&kept_for_process, 1u << i);
}

bool pending_keep(struct thread *self, int signal, const siginfo_t *info, const sigset_t *mask) {
    if (!signals_is_blocked(self, signal, mask))
        return false;
    size_t i = signals_number_of(signal);
    kept[i] = *info;
    if (is_for_process(info))
        keep_for_process(i);
    else
        self->kept_faults |= 1u << i;
    return true;
}

void pending_child(void) {
    thread_self.kept_faults = kept_for_process = 0;
    for (size_t i = 0; i < FAULTS; i++)
        waiters[i] = 0;
}

void pending_deliver(struct thread *self) {
    unsigned due = self->kept_faults & ~self->blocked_faults;
    self->kept_faults &= ~due;
    due |= take_from_process(~self->blocked_faults);
    for (size_t i = 0; i < FAULTS; i++)
        if ((due >> i & 1) != 0)
            signals_send(gettid(), signals_faults[i], &kept[i]);
}

/* One of those that are waited for; 0: none has been kept. */
static int take_kept(const sigset_t *wanted, siginfo_t *info) {
    struct thread *self = &thread_self;
    for (size_t i = 0; i < FAULTS; i++) {
        unsigned bit = 1u << i;
        if (sigismember(wanted, signals_faults[i]) != 1 ||
            ((self->kept_faults & bit) == 0 && take_from_process(bit) == 0))
            continue;
        self->kept_faults &= ~bit;
        if (info != NULL)
            *info = kept[i];
        return signals_faults[i];
    }
    return 0;
}

/* Who waited before may have been cancelled. */
static pid_t begin_wait(const sigset_t *wanted) {
    pid_t id = gettid();
    for (size_t i = 0; i < FAULTS; i++)
        if (sigismember(wanted, signals_faults[i]) == 1)
            waiters[i] = id;
    return id;
}

static void end_wait(const sigset_t *wanted, pid_t id) {
    for (size_t i = 0; i < FAULTS; i++) {
        pid_t expected = id;
        if (sigismember(wanted, signals_faults[i]) == 1)
            atomic_compare_exchange_strong(&waiters[i], &expected, 0);
    }
}

EXPORTED int sigpending(sigset_t *set) {
    if (syscall(SYS_rt_sigpending, set, _NSIG / 8) != 0)
        return -1;
    signals_add_faults(set, thread_self.kept_faults | kept_for_process);
    return 0;
}

EXPORTED int sigtimedwait(const sigset_t *wanted, siginfo_t *info, const struct timespec *time) {
    pid_t id = begin_wait(wanted);
    int signal = take_kept(wanted, info);
    if (signal == 0)
        signal = behind()->await_signal_until(wanted, info, time);
    end_wait(wanted, id);
    return signal;
}

EXPORTED int sigwaitinfo(const sigset_t *wanted, siginfo_t *info) { return sigtimedwait(wanted, info, NULL); }

EXPORTED int sigwait(const sigset_t *wanted, int *signal) {
    pid_t id = begin_wait(wanted);
    *signal = take_kept(wanted, NULL);
    int error = *signal != 0 ? 0 : behind()->await_signal(wanted, signal);
    end_wait(wanted, id);
    return error;
}
