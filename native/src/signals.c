/*
 * signals.c: signal masks. HotSpot raises SIGSEGV, SIGBUS, SIGFPE and SIGILL in Java code on purpose, to stop a thread
 * at a safepoint for one; a thread that has them blocked would be killed by the kernel. So sigprocmask and
 * pthread_sigmask never really block them on a program's thread, which is told that they do: what it asked for is kept
 * in thread_self.blocked_faults. Nothing is lost: a fault that is blocked kills the process anyway, and what somebody
 * sends meanwhile is kept, until the thread that got it unblocks it or waits for it. The same holds for
 * the masks that sigsuspend and its like set while they wait: a handler that ends the wait runs with them, and may
 * allocate.
 *
 * Signal handlers are process.c's business while the JVM starts, and dispositions.c's afterwards.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
#define FAULTS     (sizeof faults / sizeof *faults)
#define ALL_FAULTS ((1u << FAULTS) - 1)

/* glibc's own wrapper would be found behind ours only by name; this is what it does. Returns an error number. */
static int set_mask(int how, const sigset_t *set, sigset_t *before) {
    int saved = errno;
    long failed = syscall(SYS_rt_sigprocmask, how, set, before, _NSIG / 8);
    int error = failed ? errno : 0;
    errno = saved;
    return error;
}

/* glibc's own two signals, which sigfillset leaves out, stay as they are: it has threads that wait for them. */
void signals_block_all(sigset_t *before) {
    sigset_t all;
    sigfillset(&all);
    set_mask(SIG_BLOCK, &all, before);
}

unsigned signals_take_faults(sigset_t *set) {
    unsigned taken = 0;
    for (size_t i = 0; i < FAULTS; i++) {
        taken |= (unsigned)(sigismember(set, faults[i]) == 1) << i;
        sigdelset(set, faults[i]);
    }
    return taken;
}

void signals_add_faults(sigset_t *set, unsigned bits) {
    for (size_t i = 0; i < FAULTS; i++)
        if (bits >> i & 1)
            sigaddset(set, faults[i]);
}

void signals_block_all_but_faults(sigset_t *before) {
    sigset_t set;
    signals_block_all(before);
    sigemptyset(&set);
    signals_add_faults(&set, ALL_FAULTS);
    set_mask(SIG_UNBLOCK, &set, NULL);
}

/* FAULTS if it is none. */
static size_t number_of(int signal) {
    size_t i = 0;
    while (i < FAULTS && faults[i] != signal)
        i++;
    return i;
}

bool signals_is_blocked(const struct thread *self, int signal) { return self->blocked_faults >> number_of(signal) & 1; }

/* ---- sent while they are blocked ---- */

static siginfo_t kept[FAULTS]; /* the last of each */

bool signals_keep(struct thread *self, int signal, const siginfo_t *info) {
    if (!signals_is_blocked(self, signal))
        return false;
    size_t i = number_of(signal);
    kept[i] = *info;
    self->kept_faults |= 1u << i;
    return true;
}

bool signals_send(pid_t thread, int signal, const siginfo_t *info) {
    siginfo_t copy = *info;
    if (copy.si_code == SI_USER || copy.si_code == SI_TKILL)
        copy.si_code = SI_QUEUE; /* as only a process's first thread may send these; by whom is still there */
    return syscall(SYS_rt_tgsigqueueinfo, getpid(), thread, signal, &copy) == 0;
}

void signals_deliver(struct thread *self) {
    unsigned due = self->kept_faults & ~self->blocked_faults;
    self->kept_faults &= ~due;
    for (size_t i = 0; i < FAULTS; i++)
        if ((due >> i & 1) != 0)
            signals_send(gettid(), faults[i], &kept[i]);
}

/* One of those that are waited for; 0: none has been kept. */
static int take_kept(const sigset_t *wanted, siginfo_t *info) {
    struct thread *self = &thread_self;
    for (size_t i = 0; i < FAULTS; i++)
        if ((self->kept_faults >> i & 1) != 0 && sigismember(wanted, faults[i]) == 1) {
            self->kept_faults &= ~(1u << i);
            if (info != NULL)
                *info = kept[i];
            return faults[i];
        }
    return 0;
}

EXPORTED int sigpending(sigset_t *set) {
    if (syscall(SYS_rt_sigpending, set, _NSIG / 8) != 0)
        return -1;
    signals_add_faults(set, thread_self.kept_faults);
    return 0;
}

EXPORTED int sigtimedwait(const sigset_t *wanted, siginfo_t *info, const struct timespec *time) {
    int signal = take_kept(wanted, info);
    return signal != 0 ? signal : behind()->await_signal_until(wanted, info, time);
}

EXPORTED int sigwaitinfo(const sigset_t *wanted, siginfo_t *info) { return sigtimedwait(wanted, info, NULL); }

EXPORTED int sigwait(const sigset_t *wanted, int *signal) {
    *signal = take_kept(wanted, NULL);
    return *signal != 0 ? 0 : behind()->await_signal(wanted, signal);
}

/* ---- masks ---- */

static bool is_inside_of_handler(const struct thread *self, uintptr_t stack_pointer) {
    uintptr_t frame = self->handler_frame, low = self->own_low, bytes = self->own_bytes;
    stack_t alternate;
    if (sigaltstack(NULL, &alternate) == 0 && frame - (uintptr_t)alternate.ss_sp < alternate.ss_size) {
        low = (uintptr_t)alternate.ss_sp;
        bytes = alternate.ss_size;
    }
    return stack_pointer < frame && stack_pointer - low < bytes && frame - low < bytes;
}

void signals_settle(struct thread *self, uintptr_t stack_pointer) {
    if (self->handler_frame == 0 || is_inside_of_handler(self, stack_pointer))
        return;
    self->handler_frame = 0;
    self->blocked_faults = self->blocked_before_handler;
    signals_deliver(self);
}

void signals_restore(const sigset_t *before) { set_mask(SIG_SETMASK, before, NULL); }

void signals_restore_for_java(struct thread *self, const sigset_t *before) {
    sigset_t set = *before;
    self->blocked_faults |= signals_take_faults(&set);
    set_mask(SIG_SETMASK, &set, NULL);
}

void signals_allow(int signal) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    set_mask(SIG_UNBLOCK, &set, NULL);
}

static int mask_of_program(int how, const sigset_t *wanted, sigset_t *before) {
    signals_settle(&thread_self, (uintptr_t)__builtin_frame_address(0));
    unsigned blocked = thread_self.blocked_faults;
    if (wanted != NULL) {
        sigset_t set = *wanted;
        unsigned asked = signals_take_faults(&set);
        int error = set_mask(how, &set, before);
        if (error != 0)
            return error;
        thread_self.blocked_faults = how == SIG_SETMASK ? asked : how == SIG_BLOCK ? blocked | asked : blocked & ~asked;
        signals_deliver(&thread_self);
    } else {
        int error = set_mask(how, NULL, before);
        if (error != 0)
            return error;
    }
    if (before != NULL)
        signals_add_faults(before, blocked);
    return 0;
}

/* glibc keeps two signals to itself, and takes them out of every set in its own wrapper. */
static int change_mask(int how, const sigset_t *wanted, sigset_t *before) {
    sigset_t allowed, set;
    if (wanted != NULL) {
        sigfillset(&allowed);
        sigandset(&set, wanted, &allowed);
        wanted = &set;
    }
    if (!gate_is_open() || thread_runs_jvm(&thread_self))
        return set_mask(how, wanted, before);
    return mask_of_program(how, wanted, before);
}

EXPORTED int pthread_sigmask(int how, const sigset_t *set, sigset_t *before) { return change_mask(how, set, before); }

EXPORTED int sigprocmask(int how, const sigset_t *set, sigset_t *before) {
    int error = change_mask(how, set, before);
    if (error == 0)
        return 0;
    errno = error;
    return -1;
}

/* ---- the names of old, which libc does not bring here ---- */

/* The signals that a mask of bits can name. */
#define OLD_SIGNALS 32

static sigset_t set_of_bits(int bits) {
    sigset_t set;
    sigemptyset(&set);
    for (int signal = 1; signal <= OLD_SIGNALS; signal++)
        if ((unsigned)bits >> (signal - 1) & 1)
            sigaddset(&set, signal);
    return set;
}

static int change_bits(int how, int bits) {
    sigset_t set = set_of_bits(bits), before;
    unsigned old = 0;
    sigprocmask(how, &set, &before);
    for (int signal = 1; signal <= OLD_SIGNALS; signal++)
        old |= (unsigned)(sigismember(&before, signal) == 1) << (signal - 1);
    return (int)old;
}

EXPORTED int sigblock(int bits) { return change_bits(SIG_BLOCK, bits); }

EXPORTED int sigsetmask(int bits) { return change_bits(SIG_SETMASK, bits); }

static int change_one(int how, int signal, sigset_t *before) {
    sigset_t set;
    sigemptyset(&set);
    return sigaddset(&set, signal) != 0 ? -1 : sigprocmask(how, &set, before);
}

EXPORTED int sighold(int signal) { return change_one(SIG_BLOCK, signal, NULL); }

EXPORTED int sigrelse(int signal) { return change_one(SIG_UNBLOCK, signal, NULL); }

EXPORTED int sigignore(int signal) {
    struct sigaction wanted = {.sa_handler = SIG_IGN};
    return sigaction(signal, &wanted, NULL);
}

EXPORTED void (*sigset(int signal, void (*handler)(int)))(int) {
    struct sigaction wanted = {.sa_handler = handler}, before;
    bool holds = handler == SIG_HOLD;
    sigset_t mask;
    if (sigaction(signal, holds ? NULL : &wanted, &before) != 0 ||
        change_one(holds ? SIG_BLOCK : SIG_UNBLOCK, signal, &mask) != 0)
        return SIG_ERR;
    return sigismember(&mask, signal) == 1 ? SIG_HOLD : before.sa_handler;
}

/* ---- masks for the time of a wait ---- */

/* The mask without the faults, in `allowed`; NULL as it was asked for. */
static const sigset_t *without_faults(const sigset_t *mask, sigset_t *allowed) {
    if (mask == NULL || !gate_is_open() || thread_runs_jvm(&thread_self))
        return mask;
    *allowed = *mask;
    signals_take_faults(allowed);
    return allowed;
}

EXPORTED int sigsuspend(const sigset_t *mask) {
    sigset_t allowed;
    return behind()->suspend(without_faults(mask, &allowed));
}

EXPORTED int ppoll(struct pollfd *files, nfds_t count, const struct timespec *time, const sigset_t *mask) {
    sigset_t allowed;
    return behind()->poll(files, count, time, without_faults(mask, &allowed));
}

EXPORTED int pselect(int count, fd_set *readable, fd_set *writable, fd_set *failed, const struct timespec *time,
                     const sigset_t *mask) {
    sigset_t allowed;
    return behind()->select(count, readable, writable, failed, time, without_faults(mask, &allowed));
}

EXPORTED int epoll_pwait(int file, struct epoll_event *events, int room, int time, const sigset_t *mask) {
    sigset_t allowed;
    return behind()->epoll(file, events, room, time, without_faults(mask, &allowed));
}
