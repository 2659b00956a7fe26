/*
 * fork.c: what becomes of Java in a forked child. The child has one thread, the one that forked; the JVM has a dozen,
 * and who forks while they are at work gets a copy in which locks are held by threads that are not there. So fork is
 * preceded by a rest (pthread_atfork's first handler): the route is closed, all threads of the program are outside of
 * Java, and the JVM's own are stopped. In the parent all goes on then, after a millisecond or so; in the child the
 * JVM's threads are brought back (jvm-threads.c) when Java is called for the first time: most children exec before
 * that.
 *
 * No rest, and a child that lives on libc's malloc, is had
 *   - if a thread needs longer than PATIENCE to come out of Java, or a JVM thread to stop (never a hang): on a machine
 *     with more to do than it has processors, for one;
 *   - if the thread that forks is inside of Java, or of libc's malloc: in a signal handler that has interrupted it;
 *   - where nobody tells us (the system calls themselves, if not by `syscall`) and where there is no membarrier;
 *   - in the host mode, and where the user wants none (JAVALLOC_CHILDREN=libc).
 *
 * Nobody can wait for ever for the rest. While it lasts, other threads get their memory from libc; so whatever locks
 * they hold that other handlers of fork want, they come to give them back.
 */
#include <errno.h>
#include <linux/sched.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

/* How long to wait for a rest, and for other threads that fork. */
#define PATIENCE_NANOSECONDS     20000000L
#define GREAT_PATIENCE           2000000000L /* JAVALLOC_CHILDREN=java */
#define PATIENCE_FOR_OTHER_FORKS 500000000L

static unsigned depth; /* forks under way on the thread whose turn it is */
static bool is_child;
static pid_t decided; /* the child in which it has been decided what becomes of Java */
static _Atomic uint64_t with_java, without_java;

static bool come_to_rest(void) {
    if (gate_is_asleep())
        return true;
    if (!gate_pause())
        return false;
    long until = process_nanoseconds() + (options.children == CHILDREN_JAVA ? GREAT_PATIENCE : PATIENCE_NANOSECONDS);
    if (thread_wait_outside(until) && jvm_threads_stop(false, until))
        return true;
    gate_resume();
    return false;
}

/* Quiet: libc will not take the locks of its malloc, which the child's JVM needs, too. */
static bool begin(bool is_quiet) {
    if (options.children == CHILDREN_LIBC || thread_runs_jvm(&thread_self) || thread_self.in_libc)
        return false;
    if (!jvm_threads_take_turn(process_nanoseconds() + PATIENCE_FOR_OTHER_FORKS))
        return false;
    if (is_quiet)
        libc_shut();
    if (come_to_rest())
        return true;
    libc_open();
    jvm_threads_end_turn();
    return false;
}

/* A handler of a signal may fork, too. It finds that a rest is had, or that none is wanted, and nothing in between. */
static void before(bool is_quiet) {
    boot_wait();
    if (!gate_is_open())
        return;
    sigset_t mask;
    signals_block_all_but_faults(&mask);
    if (jvm_threads_is_my_turn() || begin(is_quiet)) {
        depth++;
        with_java++;
    } else {
        without_java++;
    }
    signals_restore(&mask);
}

static void go_on(void) {
    libc_open();
    if (!gate_is_asleep()) {
        jvm_threads_let_go_soon();
        gate_resume();
    }
    jvm_threads_end_turn();
}

static void after_in_parent(void) {
    if (!jvm_threads_is_my_turn())
        return;
    sigset_t mask;
    signals_block_all_but_faults(&mask);
    if (--depth == 0)
        go_on();
    signals_restore(&mask);
}

static void decide(void) {
    is_child = true;
    process_settle();
    with_java = without_java = 0;
    thread_child();
    stats_child();
    bool has_java = depth > 0 && jvm_threads_is_my_turn();
    depot_child(has_java);
    if (has_java) {
        jvm_threads_are_memory_only();
        gate_fall_asleep();
    } else {
        gate_lose_java();
    }
    depth = 0;
    jvm_threads_end_turn();
}

/* Is also called before fork's handler is, by an allocation in another handler. Two processes of different namespaces
 * may have the same id, but not the same gate. */
void fork_decide(void) {
    sigset_t mask;
    signals_block_all_but_faults(&mask);
    if (decided != getpid() || gate_is_undecided()) {
        decided = getpid();
        decide();
    }
    signals_restore(&mask);
}

static void after_in_child(void) {
    if (gate_is_open() || gate_is_child())
        fork_decide();
}

void fork_wake(void) {
    struct thread *self = &thread_self;
    sigset_t mask;
    signals_block_all(&mask);
    if (gate_is_asleep()) {
        thread_inside(self);
        if (jvm_threads_bring_back())
            gate_open();
        else
            gate_lose_java();
        thread_outside(self);
    }
    signals_restore(&mask);
}

void fork_complete(void) {
    route_settle();
    if (gate_is_open())
        jvm_threads_await(process_nanoseconds() + GREAT_PATIENCE);
}

static void after(bool is_in_child) {
    if (is_in_child)
        after_in_child();
    else
        after_in_parent();
}

/* It calls no handlers, because handlers of signals may call it. Neither does what we do take locks of libc's. */
EXPORTED pid_t _Fork(void) {
    before(true);
    pid_t child = behind()->fork_quietly();
    after(child == 0);
    return child;
}

/* Its handlers, ours among them, are called under a lock of libc's, if there is more than one thread, and with the JVM
 * there always is. A handler of a signal that forks, too, must not come in between: it would wait for that lock. */
EXPORTED pid_t fork(void) {
    struct thread *self = &thread_self;
    if (options.off || self->is_forking)
        return behind()->fork();
    signals_begin_fork(self);
    pid_t child = behind()->fork();
    signals_end_fork(self);
    return child;
}

/* ---- forks that libc knows nothing of ---- */

/* Thread-local memory of the child's own would be none of ours. */
static bool is_fork(uint64_t flags) { return (flags & (CLONE_VM | CLONE_SETTLS)) == 0; }

struct main_of_child {
    int (*routine)(void *);
    void *argument;
};

/* To return would be the end of this thread, and not of the process, in which there are those of the JVM. */
static int begin_child(void *given) {
    const struct main_of_child *begin = given; /* on the stack of the parent, of which this is a copy */
    after_in_child();
    _exit(begin->routine(begin->argument));
}

EXPORTED int clone(int (*routine)(void *), void *stack, int flags, void *argument, ...) {
    va_list more;
    va_start(more, argument);
    pid_t *parent_id = va_arg(more, pid_t *);
    void *thread_local_memory = va_arg(more, void *);
    pid_t *child_id = va_arg(more, pid_t *);
    va_end(more);
    if (!is_fork((unsigned)flags))
        return behind()->clone(routine, stack, flags, argument, parent_id, thread_local_memory, child_id);
    struct main_of_child begin = {routine, argument};
    before(true);
    int child = behind()->clone(begin_child, stack, flags, &begin, parent_id, thread_local_memory, child_id);
    int saved = errno;
    after_in_parent();
    errno = saved;
    return child;
}

/* Whether the system call makes a child that goes on behind it. */
static bool forks(long number, long first, long second) {
    switch (number) {
#if defined(SYS_fork)
    case SYS_fork:
        return true;
#endif
    case SYS_clone:
        return is_fork((unsigned long)first) && second == 0;
    case SYS_clone3: {
        const struct clone_args *wanted = (const void *)(uintptr_t)first;
        return wanted != NULL && is_fork(wanted->flags) && wanted->stack == 0;
    }
    default:
        return false;
    }
}

/* Made by the system call, and unknown to libc: it has what is the thread's own from the one that has made it. */
static bool is_raw_thread(void) {
    const struct counters *counters = thread_self.counters;
    return gettid() != getpid() && (counters == NULL || counters->id != gettid());
}

/* The thread would end, and the JVM's would keep the process alive. */
static bool ends_program(long number) {
    return number == SYS_exit && thread_self.kind != THREAD_JVM && glibc_is_single_threaded() && !is_raw_thread();
}

#define TEXT_OF(name)   #name
#define SYMBOL_OF(name) TEXT_OF(name)

/* libc's has as many arguments as the system call; here all that there may be are passed on. */
EXPORTED long call_system(long number, long a, long b, long c, long d, long e, long f) __asm__(SYMBOL_OF(syscall));

long call_system(long number, long a, long b, long c, long d, long e, long f) {
    if (ends_program(number))
        _exit((int)a);
    if (number == SYS_seccomp)
        fork_complete();
    bool is_forked = forks(number, a, b);
    if (is_forked)
        before(true);
    long result = behind()->system_call(number, a, b, c, d, e, f);
    if (is_forked) {
        int saved = errno;
        after(result == 0);
        errno = saved;
    }
    return result;
}

/* A child may enter a sandbox before it has come to Java: from then on there may be no new threads. */
EXPORTED int control_process(int option, long a, long b, long c, long d) __asm__(SYMBOL_OF(prctl));

int control_process(int option, long a, long b, long c, long d) {
    if (option == PR_SET_SECCOMP || option == PR_SET_NO_NEW_PRIVS)
        fork_complete();
    return behind()->control(option, a, b, c, d);
}

/* ---- the handlers of fork ---- */

/* Between these, which are called last before the fork and first after it, libc's fork holds the locks of its malloc: a
 * handler of a signal must not want them. */
static void before_fork(void) {
    before(false);
    libc_enter(&thread_self);
}

static void after_fork_in_parent(void) {
    libc_leave(&thread_self);
    after_in_parent();
}

static void after_fork_in_child(void) {
    libc_leave(&thread_self);
    after_in_child();
}

bool fork_prepare(void) { return pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child) == 0; }

bool fork_is_child(void) { return is_child; }

struct fork_figures fork_figures(void) {
    return (struct fork_figures){with_java, without_java};
}
