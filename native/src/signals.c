/*
 * signals.c: signal masks. HotSpot raises SIGSEGV, SIGBUS, SIGFPE and SIGILL in Java code on purpose, to stop a thread
 * at a safepoint for one; a thread that has them blocked would be killed by the kernel. So sigprocmask and
 * pthread_sigmask never really block them on a program's thread, which is told that they do: what it asked for is kept
 * in thread_self.blocked_faults. Nothing is lost: a fault that is blocked kills the process anyway. (The masks of
 * sigaction, sigsuspend and the like are not seen here yet.)
 *
 * Signal handlers are process.c's business while the JVM starts; the faults' are faults.c's afterwards.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
#define FAULTS (sizeof faults / sizeof *faults)

/* glibc's own wrapper would be found behind ours only by name; this is what it does. Returns an error number. */
static int set_mask(int how, const sigset_t *set, sigset_t *before) {
    int saved = errno;
    long failed = syscall(SYS_rt_sigprocmask, how, set, before, _NSIG / 8);
    int error = failed ? errno : 0;
    errno = saved;
    return error;
}

void signals_block_all(sigset_t *before) {
    sigset_t all;
    sigfillset(&all);
    set_mask(SIG_SETMASK, &all, before);
}

/* Takes the faults out of a set, and returns those that were in it as bits. */
static unsigned take_faults(sigset_t *set) {
    unsigned taken = 0;
    for (size_t i = 0; i < FAULTS; i++) {
        taken |= (unsigned)(sigismember(set, faults[i]) == 1) << i;
        sigdelset(set, faults[i]);
    }
    return taken;
}

void signals_restore(const sigset_t *before) { set_mask(SIG_SETMASK, before, NULL); }

void signals_restore_for_java(struct thread *self, const sigset_t *before) {
    sigset_t set = *before;
    self->blocked_faults |= take_faults(&set);
    set_mask(SIG_SETMASK, &set, NULL);
}

void signals_allow(int signal) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    set_mask(SIG_UNBLOCK, &set, NULL);
}

static int mask_of_program(int how, const sigset_t *wanted, sigset_t *before) {
    unsigned blocked = thread_self.blocked_faults;
    if (wanted != NULL) {
        sigset_t set = *wanted;
        unsigned asked = take_faults(&set);
        int error = set_mask(how, &set, before);
        if (error != 0)
            return error;
        thread_self.blocked_faults = how == SIG_SETMASK ? asked : how == SIG_BLOCK ? blocked | asked : blocked & ~asked;
    } else {
        int error = set_mask(how, NULL, before);
        if (error != 0)
            return error;
    }
    for (size_t i = 0; before != NULL && i < FAULTS; i++)
        if (blocked >> i & 1)
            sigaddset(before, faults[i]);
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
    if (!route_is_open() || thread_runs_jvm(&thread_self))
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
