/*
 * thread.c: what the shim knows of a thread: whether it is the program's or the JVM's; and how it comes to Java and
 * leaves it.
 *
 * Coming: at its first call, under THREAD_INSIDE and with all signals blocked, because attaching allocates and is not
 * safe in a signal handler. Leaving: in a pthread-key destructor that puts itself off until a late round, so that the
 * other keys' destructors still find Java; what comes after it (glibc's own clean-up) must not attach again:
 * THREAD_GONE. The key is set when the thread begins, not when it comes: who came for the first time in a late round,
 * or in a handler that interrupts the clean-up, would never leave.
 *
 * Solitude: bridge.multi_threaded is 0 while one thread only, the owner, has come to Java, so that the heap's lock can
 * be skipped. The second one to come sets it, and then waits until the owner is outside any operation. The owner's side
 * has no fence: it stores stack_window, then (in Java) loads multi_threaded; membarrier on this side orders the two.
 */
#include <errno.h>
#include <limits.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

/* One less than there are, because a thread of libc's own making may be seen for the first time in another key's
 * destructor. */
#define EXIT_ROUNDS (PTHREAD_DESTRUCTOR_ITERATIONS - 1)

THREAD_LOCAL struct thread thread_self = {.magazines = &magazines_empty};

static pthread_key_t exit_key;
static bool has_exit_key;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards what follows, and who has which record */
static struct thread *owner;
static bool has_barrier;
static bool helper_works; /* in the heap, now and then, on a thread of the JVM's, also in forked children */

/* The program's threads, as far as they are seen from the beginning, that have not come to their end. */
static _Atomic int staying = 1;

static _Atomic uint32_t travellers; /* threads that are on their way to Java or from it */

/* ---- coming and leaving ---- */

/* Orders our earlier stores before any later load of ours, and the same on every running thread of the process. */
static void barrier_everywhere(void) { syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0); }

bool thread_barrier(void) {
    if (has_barrier)
        barrier_everywhere();
    return has_barrier;
}

/* Under the lock: nobody can come or leave meanwhile, and the owner, wherever it is, needs nothing of ours to go on. */
static void end_solitude(struct thread *self) {
    if (owner == NULL && !bridge.multi_threaded)
        owner = self;
    if (owner == self || bridge.multi_threaded)
        return;
    __atomic_store_n(&bridge.multi_threaded, 1, __ATOMIC_SEQ_CST);
    barrier_everywhere();
    while (thread_is_inside(owner))
        sched_yield();
}

/* Who is in libc does not stop for a fork: so the lock is not left to a child in the hands of this thread. */
bool thread_end_solitude(bool even_if_alone) {
    libc_enter(&thread_self);
    if (!helper_works && pthread_mutex_trylock(&lock) == 0) {
        if (bridge.multi_threaded) {
            helper_works = true; /* a child of theirs is not alone either: the helper comes along */
        } else if (even_if_alone) {
            __atomic_store_n(&bridge.multi_threaded, 1, __ATOMIC_SEQ_CST);
            barrier_everywhere();
            helper_works = owner == NULL || !thread_is_inside(owner);
            __atomic_store_n(&bridge.multi_threaded, helper_works, __ATOMIC_SEQ_CST);
        }
        pthread_mutex_unlock(&lock);
    }
    libc_leave(&thread_self);
    return helper_works;
}

static void serve_on_every_stack(struct thread *self) {
    self->stack_low = 0;
    self->stack_usable = UINTPTR_MAX;
}

/* It is outside of every operation for good: who ends the solitude may wait for that. */
static void serve_on_no_stack(struct thread *self) {
    self->kind = THREAD_SHORT;
    self->stack_low = UINTPTR_MAX;
    self->stack_usable = 1;
}

void thread_detach_here(struct thread *self) {
    jvm_detach();
    stack_unguard(self);
    self->attached = false;
}

static bool attach(struct thread *self) {
    if (stack_measure(self))
        return jvm_attach(&self->attached);
    serve_on_every_stack(self);
    return relay_attach(self);
}

static void detach(struct thread *self) {
    if (self->relay_stack != 0)
        relay_detach(self);
    else if (self->attached)
        thread_detach_here(self);
}

/* Nobody travels while a fork is under way: between these two the JVM may hold locks for the thread. */
static bool set_out(void) {
    if (gate_is_paused())
        return false;
    travellers++;
    if (!gate_is_paused())
        return true;
    travellers--;
    return false;
}

static void arrive(void) { travellers--; }

static void count_as_served(struct thread *self) {
    self->served = self->counters->calls[self->relay_stack == 0 ? ROUTE_JAVA : ROUTE_RELAY];
}

static enum thread_kind come(struct thread *self) {
    if (pthread_setspecific(exit_key, self) != 0 || !attach(self))
        return THREAD_SHORT;
    self->error = &errno;
    pthread_mutex_lock(&lock);
    self->counters = counters_take();
    if (self->counters != NULL) {
        self->counters->id = gettid();
        self->counters->was_inside = false;
        self->counters->thread = self;
        count_as_served(self);
    }
    end_solitude(self);
    if (owner == self)
        self->stack_window = self->stack_usable;
    pthread_mutex_unlock(&lock);
    if (self->counters == NULL) {
        detach(self);
        return THREAD_SHORT;
    }
    return THREAD_READY;
}

/* All signals are blocked. */
static void enter(struct thread *self) {
    self->kind = THREAD_INSIDE;
    self->stack_window = 0;
    if (set_out()) {
        enum thread_kind kind = come(self);
        self->stack_window = kind == THREAD_READY ? self->stack_usable : 0;
        self->kind = kind;
        arrive();
    } else {
        /* It comes later. Who was not seen beginning, main or a thread of libc's own, has its rounds counted from now.
         */
        pthread_setspecific(exit_key, self);
        self->stack_window = self->stack_usable; /* if it has magazines */
        self->kind = THREAD_NEW;
    }
}

/* A handler that interrupts it before the signals are blocked may have done it all. */
void thread_enter(struct thread *self) {
    int saved = errno;
    sigset_t before;
    signals_block_all(&before); /* first: a handler that forks would wait for the traveller that it interrupts */
    int cancellation = cancellation_forbid();
    if (self->kind == THREAD_NEW)
        enter(self);
    signals_restore_for_java(self, &before);
    cancellation_allow(cancellation);
    errno = saved;
}

/* All signals are blocked. */
static void relay(struct thread *self) {
    if (self->kind != THREAD_READY || self->relay_stack != 0 || !set_out())
        return;
    thread_inside(self);
    if (relay_attach(self)) {
        serve_on_every_stack(self);
        count_as_served(self);
    } else {
        serve_on_no_stack(self);
    }
    thread_outside(self);
    arrive();
}

/* As when it came: attaching again is not safe in a signal handler; and one may have done it. */
void thread_relay(struct thread *self) {
    int saved = errno;
    sigset_t before;
    signals_block_all(&before);
    int cancellation = cancellation_forbid();
    relay(self);
    cancellation_allow(cancellation);
    signals_restore_for_java(self, &before);
    errno = saved;
}

static void leave(struct thread *self) {
    sigset_t before;
    signals_block_all(&before);
    while (!set_out())
        sched_yield();
    int cancellation = cancellation_forbid();
    /* First of all, and while we are outside: who comes now waits, with the lock, for an owner that is inside. */
    pthread_mutex_lock(&lock);
    if (owner == self)
        owner = NULL;
    pthread_mutex_unlock(&lock);
    self->kind = THREAD_INSIDE;
    self->stack_window = 0;
    detach(self);
    pthread_mutex_lock(&lock);
    if (self->counters != NULL)
        counters_give(self->counters);
    self->counters = NULL;
    pthread_mutex_unlock(&lock);
    self->kind = THREAD_GONE;
    arrive();
    cancellation_allow(cancellation);
    signals_restore(&before);
}

/* The last thread ends the process, and what exit calls then, and starts, is to find the signals as they were: of the
 * handlers of exit this is the youngest, and called first. Which thread that will be is up to libc. */
static void restore_mask(void *unused) {
    (void)unused;
    sigset_t mask;
    sigemptyset(&mask);
    memcpy(&mask, &thread_self.mask_at_end, sizeof thread_self.mask_at_end);
    if (thread_self.kind == THREAD_GONE)
        signals_restore(&mask);
}

void thread_count_in(int more) { staying += more; }

static void count_out(const struct thread *self) {
    if ((self->has_begun || gettid() == getpid()) && --staying == 0)
        behind()->at_exit(restore_mask, NULL, NULL);
}

static void exit_destructor(void *value) {
    struct thread *self = value;
    route_settle();
    if (self->kind == THREAD_GONE)
        return;
    if (++self->exit_rounds < EXIT_ROUNDS && pthread_setspecific(exit_key, self) == 0)
        return;
    /* What is left is libc's clean-up: it frees what its malloc has kept for the thread, and a handler of a signal must
     * not come in between; nor must it come to Java now. */
    if (depot_is_full())
        route_flush(false);
    sigset_t before;
    signals_block_all_but_faults(&before);
    memcpy(&self->mask_at_end, &before, sizeof self->mask_at_end);
    if (self->kind == THREAD_READY && !gate_is_child())
        leave(self);
    depot_leave(self);
    self->stack_window = self->stack_usable = 0;
    self->kind = THREAD_GONE;
    count_out(self);
}

void thread_begin(void) {
    if (!has_exit_key || thread_self.has_begun)
        return;
    thread_self.has_begun = true; /* first: setting the key may allocate */
    pthread_setspecific(exit_key, &thread_self);
}

void thread_come_again(void) {
    if (thread_self.kind == THREAD_GONE)
        thread_self.kind = THREAD_NEW;
}

bool thread_prepare(void) {
    /* Without membarrier there is no solitude: the lock is always taken. */
    has_barrier = syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
    bridge.multi_threaded = !has_barrier;
    has_exit_key = pthread_key_create(&exit_key, exit_destructor) == 0;
    return has_exit_key;
}

/* ---- a heap that does not come back ---- */

static bool is_in_same_call(struct counters *record) {
    uint64_t calls = record->questions;
    for (int op = 0; op < OPERATIONS; op++)
        calls += record->calls[ROUTE_JAVA][op] + record->calls[ROUTE_RELAY][op] + record->thread->magazines->calls[op];
    bool is =
        thread_is_inside(record->thread) && __atomic_load_n(&record->thread->window_before_libc, __ATOMIC_RELAXED) == 0;
    bool is_same = is && record->was_inside && record->calls_then == calls;
    record->was_inside = is;
    record->calls_then = calls;
    return is_same;
}

/* Under the lock no thread goes. It is not left to a forked child in the hands of this one: who is in libc does not
 * stop for a fork. Who ends the solitude has the lock for as long as the owner is inside: that it cannot be had twice
 * says the same of the owner. */
unsigned thread_watch(pid_t *id) {
    static unsigned misses;
    unsigned count = 0;
    libc_enter(&thread_self);
    if (pthread_mutex_trylock(&lock) != 0) {
        const struct thread *alone = owner;
        *id = alone == NULL || alone->counters == NULL ? 0 : alone->counters->id;
        libc_leave(&thread_self);
        return ++misses > 1;
    }
    misses = 0;
    for (struct counters *record = counters_all(); record != NULL; record = record->next)
        if (record->thread != NULL && is_in_same_call(record)) {
            *id = record->id;
            count++;
        }
    pthread_mutex_unlock(&lock);
    libc_leave(&thread_self);
    return count;
}

/* ---- forks ---- */

static bool all_are_outside(void) {
    if (travellers > 0 || !libc_is_left())
        return false;
    for (const struct counters *record = counters_all(); record != NULL; record = record->next)
        if (record->thread != NULL && thread_is_inside(record->thread))
            return false;
    return true;
}

bool thread_wait_outside(long until) {
    if (!has_barrier)
        return false;
    barrier_everywhere(); /* from here on who looks sees that the route is paused */
    while (!all_are_outside()) {
        if (process_nanoseconds() > until)
            return false;
        sched_yield();
    }
    return true;
}

/* The thread is gone, and its stack is one that libc will give to another. */
static void forget(const struct thread *gone) {
    if (gone->attached && gone->relay_stack == 0)
        stack_unguard(gone);
}

void thread_child(void) {
    struct thread *self = &thread_self;
    travellers = 0;
    libc_child();
    creation_child();
    staying = 1;
    pending_child();
    counters_child();
    for (struct counters *record = counters_all(); record != NULL; record = record->next) {
        if (record->thread != NULL && record->thread == self) {
            record->id = gettid();
            continue;
        }
        if (record->thread != NULL)
            forget(record->thread);
        counters_give(record);
    }
    owner = self->kind == THREAD_READY ? self : NULL;
    bridge.multi_threaded = !has_barrier || helper_works;
    pthread_mutex_init(&lock, NULL);
}
