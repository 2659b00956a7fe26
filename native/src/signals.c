/*
 * signals.c: signal masks. HotSpot raises SIGSEGV, SIGBUS, SIGFPE and SIGILL in Java code on purpose, to stop a thread
 * at a safepoint for one; a thread that has them blocked would be killed by the kernel. So sigprocmask and
 * pthread_sigmask never really block them on a program's thread, which is told that they do: what it asked for is kept
 * in thread_self.blocked_faults. Nothing is lost: a fault that is blocked kills the process anyway, and what somebody
 * sends meanwhile is kept (pending.c). The same holds for the masks that sigsuspend and its like set while they wait: a
 * handler that ends the wait runs with them, and may allocate.
 *
 * Signal handlers are process.c's business while the JVM starts, and dispositions.c's afterwards.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

const int signals_faults[FAULTS] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
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
        taken |= (unsigned)(sigismember(set, signals_faults[i]) == 1) << i;
        sigdelset(set, signals_faults[i]);
    }
    return taken;
}

void signals_add_faults(sigset_t *set, unsigned bits) {
    for (size_t i = 0; i < FAULTS; i++)
        if (bits >> i & 1)
            sigaddset(set, signals_faults[i]);
}

void signals_block_all_but_faults(sigset_t *before) {
    sigset_t set;
    signals_block_all(before);
    sigemptyset(&set);
    signals_add_faults(&set, ALL_FAULTS);
    set_mask(SIG_UNBLOCK, &set, NULL);
}

size_t signals_number_of(int signal) {
    size_t i = 0;
    while (i < FAULTS && signals_faults[i] != signal)
        i++;
    return i;
}

/* The signals that the kernel knows. */
static uint64_t bits_of(const sigset_t *set) {
    uint64_t bits;
    memcpy(&bits, set, sizeof bits);
    return bits;
}

/* Who has changed the mask by the system call, as Go does on each thread, or by a jump, has unblocked faults unseen: if
 * others are unblocked that were blocked with them. */
static bool is_changed_unseen(const struct thread *self, const sigset_t *mask) {
    return (self->asked_mask & ~bits_of(mask)) != 0;
}

bool signals_is_blocked(const struct thread *self, int signal, const sigset_t *mask) {
    return (self->blocked_faults >> signals_number_of(signal) & 1) != 0 && !is_changed_unseen(self, mask);
}

bool signals_send(pid_t thread, int signal, const siginfo_t *info) {
    siginfo_t copy = *info;
    if (copy.si_code == SI_USER || copy.si_code == SI_TKILL)
        copy.si_code = SI_QUEUE; /* as only a process's first thread may send these; by whom is still there */
    return syscall(SYS_rt_tgsigqueueinfo, getpid(), thread, signal, &copy) == 0;
}

/* ---- masks ---- */

/* While the program's handler for a fault runs, one of glibc's own signals is blocked, which no program can block. Who
 * leaves the handler by a jump has the mask put back that was there before; or else the fault stays blocked, as it
 * would without us. */
#define MARK (UINT64_C(1) << (32 - 1))

static void set_bits(sigset_t *set, uint64_t bits) { memcpy(set, &bits, sizeof bits); }

void signals_mark(sigset_t *set) { set_bits(set, bits_of(set) | MARK); }

void signals_unmark(void) {
    sigset_t set;
    sigemptyset(&set);
    set_bits(&set, MARK);
    set_mask(SIG_UNBLOCK, &set, NULL);
}

void signals_settle(struct thread *self, const sigset_t *mask) {
    sigset_t now;
    if (self->handler_depth == 0)
        return;
    if (mask == NULL) {
        set_mask(SIG_BLOCK, NULL, &now);
        mask = &now;
    }
    if ((bits_of(mask) & MARK) != 0)
        return;
    self->handler_depth = 0;
    self->blocked_faults = self->blocked_before_handler;
    pending_deliver(self);
}

#define NEVER_BLOCKED (UINT64_C(1) << (SIGKILL - 1) | UINT64_C(1) << (SIGSTOP - 1))

static uint64_t changed(int how, uint64_t before, uint64_t wanted) {
    return how == SIG_SETMASK ? wanted : how == SIG_BLOCK ? before | wanted : before & ~wanted;
}

void signals_begin_fork(struct thread *self) {
    sigset_t mask;
    signals_block_all_but_faults(&mask);
    self->mask_behind_fork = bits_of(&mask);
    self->is_forking = true;
}

void signals_end_fork(struct thread *self) {
    self->is_forking = false;
    signals_begin_thread(self->mask_behind_fork);
}

void signals_begin_thread(uint64_t bits) {
    sigset_t mask;
    sigemptyset(&mask);
    set_bits(&mask, bits);
    set_mask(SIG_SETMASK, &mask, NULL);
}

/* As set_mask, on the program's behalf. As the kernel does, it writes no more of `before` than has signals. */
static int set_mask_of_program(struct thread *self, int how, const sigset_t *wanted, sigset_t *before) {
    if (!self->is_forking)
        return set_mask(how, wanted, before);
    if (wanted != NULL && how != SIG_BLOCK && how != SIG_UNBLOCK && how != SIG_SETMASK)
        return EINVAL;
    uint64_t old = self->mask_behind_fork;
    if (wanted != NULL)
        self->mask_behind_fork = changed(how, old, bits_of(wanted)) & ~NEVER_BLOCKED;
    if (before != NULL)
        set_bits(before, old);
    return 0;
}

void signals_hand_on(const struct thread *self, sigset_t *before) {
    sigset_t mask;
    set_mask(SIG_BLOCK, NULL, before);
    mask = *before;
    if (self->is_forking)
        set_bits(&mask, self->mask_behind_fork);
    if (!is_changed_unseen(self, before))
        signals_add_faults(&mask, self->blocked_faults);
    set_mask(SIG_SETMASK, &mask, NULL);
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

/* As the kernel does, it writes no more of `before` than has signals. */
static int mask_of_program(int how, const sigset_t *wanted, sigset_t *before) {
    struct thread *self = &thread_self;
    sigset_t set, old;
    unsigned asked = 0;
    signals_settle(self, NULL);
    if (wanted != NULL) {
        set = *wanted;
        asked = signals_take_faults(&set);
        if (how == SIG_SETMASK && self->handler_depth != 0)
            signals_mark(&set);
    }
    int error = set_mask_of_program(self, how, wanted == NULL ? NULL : &set, &old);
    if (error != 0)
        return error;
    unsigned blocked = is_changed_unseen(self, &old) ? 0 : self->blocked_faults;
    if (wanted != NULL) {
        self->blocked_faults = (unsigned)changed(how, blocked, asked);
        self->asked_mask = changed(how, bits_of(&old), bits_of(&set)) & ~(MARK | NEVER_BLOCKED);
        pending_deliver(self);
    }
    if (before != NULL) {
        set_bits(before, bits_of(&old) & ~MARK);
        signals_add_faults(before, blocked);
    }
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
    if (thread_runs_jvm(&thread_self))
        return set_mask(how, wanted, before);
    if (!gate_is_open())
        return set_mask_of_program(&thread_self, how, wanted, before);
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

/* What ppoll is in programs that are compiled with _FORTIFY_SOURCE. */
EXPORTED int __ppoll_chk(struct pollfd *files, nfds_t count, const struct timespec *time, const sigset_t *mask,
                         size_t bytes) {
    sigset_t allowed;
    return behind()->poll_checked(files, count, time, without_faults(mask, &allowed), bytes);
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

EXPORTED int epoll_pwait2(int file, struct epoll_event *events, int room, const struct timespec *time,
                          const sigset_t *mask) {
    sigset_t allowed;
    if (behind()->epoll_finely != NULL)
        return behind()->epoll_finely(file, events, room, time, without_faults(mask, &allowed));
    errno = ENOSYS;
    return -1;
}
