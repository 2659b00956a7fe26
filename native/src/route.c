/*
 * route.c: which side serves a call.
 *
 *   the caller                                     malloc      free, realloc of a Java block
 *   any thread before Java is up                   libc        -
 *   a program's thread with a block, or room, in a
 *   magazine (magazine.c)                          that        that; realloc too, from one to another
 *   a program's thread with enough stack           Java        Java
 *   a program's thread on a short or foreign stack Java, on a stack of Java's own (relay.c)
 *     where there is no memory for that stack      libc        deferred
 *   code of the JVM on a program's thread          libc        deferred
 *   a thread that the JVM made                     libc        deferred
 *   a thread past its exit destructor              libc        deferred
 *   any thread while another one forks             libc        deferred
 *   ... or one's call to the heap does not return  libc        deferred
 *   any thread while the route is held             waits, but not for long: then libc
 *   a forked child, if Java came along (fork.c)    Java        Java
 *   a forked child, if not                         libc        free: nothing; realloc: copied into libc memory
 *
 * A block outside the region is libc's, whoever asks.
 *
 * States and invariants
 *   - Two questions decide: may this thread call Java now (thread_self.stack_window, 0 while it may not), and does Java
 *     serve in this process (the gate). The first is one subtraction and one compare of the stack pointer, which also
 *     sees short stacks, fibers and signal stacks; the second is a load. The second is asked when the thread already
 *     is inside (below), so who closes the gate, and then issues a membarrier, sees all who are.
 *   - The gate lies in a page that the kernel wipes in a forked child (MADV_WIPEONFORK), so no child, made in whatever
 *     way, calls into a JVM whose threads did not come along. Where the kernel cannot, fork's handler closes it.
 *   - stack_window is 0 from before an upcall until after it: what the JVM allocates meanwhile goes to libc, and what
 *     a signal handler allocates, too.
 *   - Deferred blocks hang on a lock-free list, each on a note of its own; the next call into Java takes all of the
 *     list and frees it.
 */
#include <errno.h>
#include <sched.h>

#include "internal.h"
#include "route.h"

void route_settle(void) {
    if (unlikely(gate_state() == GATE_WIPED))
        fork_decide();
    if (unlikely(gate_state() == GATE_ASLEEP))
        fork_wake();
}

static enum route without_java(const struct thread *self) {
    return thread_runs_jvm(self) && gate_state() != GATE_LOST ? ROUTE_JVM : ROUTE_LIBC;
}

/* Makes a new thread ready, and one whose stack is short, and names the route of one that Java does not serve. */
static enum route come_in(struct thread *self) {
    uint32_t state = gate_state();
    if (self->kind == THREAD_NEW && !thread_runs_jvm(self) && (state == GATE_OPEN || state == GATE_PAUSED))
        thread_enter(self);
    if (gate_state() != GATE_OPEN)
        return without_java(self);
    if (route_enter(self))
        return ROUTE_JAVA;
    if (self->kind == THREAD_READY && self->stack_window != 0 && gate_state() == GATE_OPEN)
        thread_relay(self);
    return route_enter(self) ? ROUTE_JAVA : without_java(self);
}

/* The slow half of entering. Who was held up meanwhile tries again. */
enum route route_refused(struct thread *self) {
    if (self->in_libc)
        return without_java(self);
    if (!thread_runs_jvm(self))
        route_settle();
    enum route route;
    uint32_t holds;
    do {
        holds = gate_holds();
        if (!thread_runs_jvm(self))
            gate_wait_while_held();
        route = come_in(self);
    } while (unlikely(route == ROUTE_LIBC && holds != gate_holds()));
    return route;
}

/* Whether a thread that was refused may be let in, now or soon: a fork is under way, or has just ended. */
static bool may_ask_again(const struct thread *self) {
    uint32_t state = gate_state();
    return (state == GATE_PAUSED || state == GATE_OPEN) && (self->kind == THREAD_NEW || self->kind == THREAD_READY) &&
           !self->in_libc && !jvm_threads_is_my_turn();
}

enum route route_of_question(struct thread *self) {
    enum route route;
    while ((route = route_of(self)) == ROUTE_LIBC && may_ask_again(self))
        sched_yield();
    return route;
}

void route_abort(struct thread *self) {
    route_leave(self);
    report_and_abort(bridge.message);
}

/* ---- deferred blocks: each on a note in libc's memory, because its bytes, and those behind it, are the heap's ---- */

_Atomic(void *) route_deferred_blocks;

struct note {
    void *next; /* list_push's */
    void *block;
};

void route_defer(struct thread *self, void *block) {
    int saved = errno;
    struct note *note = libc_allocate(self, sizeof *note, _Alignof(max_align_t), false);
    errno = saved;
    if (note == NULL)
        return; /* there is no memory to give any back with */
    note->block = block;
    list_push(&route_deferred_blocks, note);
}

void route_drain(struct thread *self) {
    struct note *note = atomic_exchange_explicit(&route_deferred_blocks, NULL, memory_order_acquire);
    while (note != NULL) {
        struct note *next = list_next(note);
        if (route_operate(self, bridge.release, (uintptr_t)note->block, 0, 0) == JAVALLOC_NOT_MINE)
            libc_free(self, note->block);
        libc_free(self, note);
        note = next;
    }
}

/* ---- questions ---- */

static const char *const purposes[] = {
    [JAVALLOC_LIVE_BLOCKS] = "count the blocks", [JAVALLOC_LIVE_BYTES] = "count the bytes",
    [JAVALLOC_PEAK_BYTES] = "count the bytes",   [JAVALLOC_TRIM] = "give memory back",
    [JAVALLOC_VERIFY] = "verify the heap",       [JAVALLOC_AT_EXIT] = "make the heap's last checks",
    [JAVALLOC_EXPLAIN] = "explain the fault",    [JAVALLOC_LEAKS] = "find the leaks",
    [JAVALLOC_PURGE] = "give memory back",
};

/* To Java what is kept in magazines is live. */
static intptr_t less_what_is_kept(int what, intptr_t answer) {
    uint64_t blocks, bytes;
    depot_kept(&blocks, &bytes);
    intptr_t kept = (intptr_t)(what == JAVALLOC_LIVE_BLOCKS ? blocks : what == JAVALLOC_LIVE_BYTES ? bytes : 0);
    return kept == 0 || answer > kept ? answer - kept : 0; /* other threads go on meanwhile */
}

void route_flush(bool all) {
    struct thread *self = &thread_self;
    if (!magazine_is_on() || route_of(self) != ROUTE_JAVA)
        return;
    if (all)
        magazine_flush_all(self);
    else
        magazine_flush(self);
    route_leave(self);
}

bool route_inspect(int what, uintptr_t argument, uintptr_t another, intptr_t *answer) {
    struct thread *self = &thread_self;
    if (route_of_question(self) != ROUTE_JAVA)
        return false;
    route_drain_if_any(self);
    self->counters->questions++;
    *answer = route_call(self, bridge.inspect, (uintptr_t)what, argument, another);
    if (unlikely(*answer == JAVALLOC_UNSEEN)) {
        report("not enough Java memory to %s", purposes[what]);
        return false;
    }
    *answer = less_what_is_kept(what, *answer);
    return true;
}

EXPORTED size_t javalloc_cross(size_t times) {
    struct thread *self = &thread_self;
    if (route_of(self) != ROUTE_JAVA)
        return 0;
    bool is_plain = self->relay_stack == 0;
    for (size_t i = 0; is_plain && i < times; i++)
        bridge.nothing(i, 0, 0);
    route_leave(self);
    return is_plain ? times : 0;
}

void route_forget_deferred(void) { atomic_store_explicit(&route_deferred_blocks, NULL, memory_order_relaxed); }

bool route_prepare(void) {
    if (!gate_prepare() || !reserve_prepare())
        return false;
    foreign_prepare();
    return true;
}
