/*
 * thread.h: the way of a call: which side serves it, what is known of the thread, and on which stack Java is called.
 * One section per file.
 */
#ifndef JAVALLOC_THREAD_H
#define JAVALLOC_THREAD_H

#include "internal.h"

/* ---- calls.c: the C standard's side ---- */

/* malloc and free of what magazines do not serve: they have nothing or no room, are not used, or it is NULL or libc's.
 */
void *calls_malloc(size_t size);
void calls_free(void *block);

/* ---- serve.c: blocks are allocated, resized and freed ---- */

struct thread;
enum operation { OP_MALLOC, OP_CALLOC, OP_REALLOC, OP_ALIGNED, OP_FREE, OPERATIONS };

/* All of these keep errno, but for setting ENOMEM when they return NULL. Sizes are at most PTRDIFF_MAX. */
void *serve_malloc(size_t size);
void *serve_allocate(enum operation op, size_t size, size_t alignment, bool zeroed);
void *serve_resize(void *block, size_t size); /* block is not NULL, size is not 0 */
void serve_free(void *block);                 /* in the region */
void serve_free_outside(void *block);         /* not NULL */
/* As serve_free, for a caller who says with which size, not 0, and alignment, or 0, the block was asked for. */
void serve_free_sized(void *block, size_t size, size_t alignment);
size_t serve_usable_size(void *block);

/* ---- route.c, route.h: which side serves a call ---- */

/* Asks JAVALLOC_LIVE_BLOCKS and the like; false if this thread may not call Java now. */
bool route_inspect(int what, uintptr_t argument, uintptr_t another, intptr_t *answer);
/* Gives back to Java what the thread has in its magazines; and, if all is to go, what those have left that have ended,
 * and what lies on piles. */
void route_flush(bool all);

bool route_prepare(void); /* once, before gate_open */
/* In a child that has lost Java. */
void route_forget_deferred(void);
/* What is still to be decided, or done, in a forked child, at the latest at its first call. */
void route_settle(void);

/* ---- gate.c: whether Java serves now ---- */

enum gate_state {
    GATE_WIPED,  /* a child that was forked since Java began to serve: what it can do is not decided */
    GATE_SHUT,   /* Java does not serve, or not yet */
    GATE_OPEN,   /* Java serves */
    GATE_PAUSED, /* it does, but a fork is under way */
    GATE_HELD,   /* it does, in a moment: who calls waits a little */
    GATE_STUCK,  /* it would, but a call does not come back */
    GATE_ASLEEP, /* a child that Java can serve, once it is asked to */
    GATE_LOST    /* a child that it cannot serve */
};

OURS extern _Atomic uint32_t *gate;
static inline uint32_t gate_state(void) { return atomic_load_explicit(gate, memory_order_relaxed); }

bool gate_prepare(void);
/* Not for long: whatever happens then. */
void gate_wait_while_held(void);
void gate_open(void);    /* Java serves from now on */
bool gate_is_open(void); /* in this process, if not in this moment */
/* While a call does not come back: libc serves. False: a fork is under way. */
bool gate_get_stuck(void);
bool gate_go_on(void);
bool gate_is_paused(void);
bool gate_is_undecided(void); /* a child in which fork_decide has not been called */
bool gate_is_child(void);     /* this process was forked from one that Java served, and Java did not come along */
bool gate_is_asleep(void);    /* or it did, and has not been asked for yet */
/* For a fork: closes the route for a moment, if it is open; and what becomes of it then. */
bool gate_pause(void);
void gate_resume(void);
uint32_t gate_holds(void); /* another number, if the gate has been held since */
/* Keeps everybody out for some milliseconds; false: that is not possible now. */
bool gate_hold(void);
void gate_let_go(void);
void gate_fall_asleep(void);
void gate_lose_java(void);

/* ---- counters.c: which side has served how many calls ---- */

enum route { ROUTE_JAVA, ROUTE_LIBC, ROUTE_RELAY, ROUTE_DEFERRED, ROUTE_JVM, ROUTES };

/* Calls served, by route and operation. A record belongs to one thread at a time and outlives it. */
struct counters {
    struct thread *thread;      /* that counts here now; or NULL */
    struct counters *next;      /* all records ever made */
    struct counters *next_free; /* records without a thread */
    pid_t id;                   /* of the thread */
    bool was_inside;            /* when thread_watch looked last; and how many calls there were then */
    uint64_t calls_then;
    uint64_t calls[ROUTES][OPERATIONS];
    uint64_t questions; /* to the heap, which are no calls of the standard's */
};

void counters_count(enum route route, enum operation op);
void counters_sum(uint64_t sums[ROUTES][OPERATIONS]);
uint64_t counters_calls_on(enum route route);
void counters_reset(void);
/* For thread.c, under its lock: a record for a thread, NULL if there is no memory for one; it is done with it; all of
 * them, also those without a thread; and in a forked child, before those are given back that did not come along. */
struct counters *counters_take(void);
void counters_give(struct counters *record);
struct counters *counters_all(void);
void counters_child(void);

/* ---- thread.c: what the shim knows of a thread ---- */

enum thread_kind {
    THREAD_NEW,    /* not seen yet */
    THREAD_READY,  /* attached to the JVM: Java serves it, or it is inside an operation (stack_window is 0) */
    THREAD_INSIDE, /* in the JVM's start, in an attach or a detach */
    THREAD_JVM,    /* made by the JVM, for good */
    THREAD_SHORT,  /* there is no stack to call Java on, for good */
    THREAD_GONE    /* past its exit destructor, for good */
};

struct magazines;
struct thread {
    uintptr_t stack_low;    /* Java may be called while stack_low <= sp < stack_low + stack_window */
    uintptr_t stack_window; /* 0 unless the thread is THREAD_READY: one compare decides on the way of every call */
    uintptr_t stack_usable; /* what stack_window is when the thread is ready */
    uintptr_t window_before_libc; /* what it was when libc's malloc began, if that is at work for the program */
    uintptr_t relay_stack;        /* relay.c: the top of the stack that Java is called on; 0: the caller's */
    uintptr_t signal_stack_low, signal_stack_bytes; /* the program's, for handlers */
    uintptr_t own_low, own_bytes;                   /* the stack that the thread was made with, as far as it is known */
    struct magazines *magazines;                    /* magazines_empty until it has some */
    struct counters *counters;                      /* NULL until the thread is ready */
    uint64_t *served;                               /* those of its calls that Java serves, as it does now */
    int *error;                                     /* its errno, once it is ready */
    enum thread_kind kind;
    int exit_rounds;
    bool has_begun;          /* its end will be seen */
    bool attached;           /* by us, so detaching is ours, too */
    unsigned kept_faults;    /* signals.c: sent while they were blocked */
    unsigned blocked_faults; /* signals.c: what the program has blocked, and what really never is */
    uint64_t asked_mask;     /* the rest of the mask that the program has asked for last, as the kernel has it */
    unsigned handler_depth;  /* dispositions.c: how many of the program's handlers for faults run */
    unsigned blocked_before_handler;
    bool is_on_relay_stack;    /* in an operation */
    bool is_forking;           /* libc's fork is at work, with all signals blocked: */
    uint64_t mask_behind_fork; /* what the program's handlers of fork take for the mask, and will be it then */
    uint64_t mask_at_end;      /* of signals, as the kernel has it, before its end began */
    bool unwinding;            /* places.c: what allocates meanwhile has no place */
    bool in_libc;              /* libc's malloc is at work on this thread, or its fork: a handler must not enter it */
};

extern THREAD_LOCAL struct thread thread_self;

bool thread_prepare(void);
/* Makes a THREAD_NEW thread ready, short or whatever it is. */
void thread_enter(struct thread *self);
/* On a new thread of the program, first of all: its end will be seen. */
void thread_begin(void);
/* Before it is created, or if that has failed: there is one more, or less. */
void thread_count_in(int more);
/* At the end of the process: a thread that has left Java may come again. */
void thread_come_again(void);
/* Makes a thread that is ready so on every stack. */
void thread_relay(struct thread *self);
/* From the JVM, that has known the thread's own stack; all of it is usable then. */
void thread_detach_here(struct thread *self);
/* From now on the helper, too, may work in the heap while the program's threads do; false: the first one is there now,
 * or is alone, and is to stay so. */
bool thread_end_solitude(bool even_if_alone);
/* Whether the thread is inside. And: all that this thread has stored is seen by every thread before what that loads
 * next, or it is known that it cannot be had. */
static inline bool thread_is_inside(const struct thread *thread) {
    return __atomic_load_n(&thread->stack_window, __ATOMIC_ACQUIRE) == 0;
}
bool thread_barrier(void);
/* Counts the threads that have been in one and the same call since this was asked last; `id` gets one of them. */
unsigned thread_watch(pid_t *id);
/* Once the route is paused: waits until no thread is inside an operation, or on its way to Java or from it. */
bool thread_wait_outside(long until);
/* In a forked child: forgets the threads that did not come along. */
void thread_child(void);
/* Around every operation: what allocates in between is code of the JVM, or a signal handler. */
static inline void thread_inside(struct thread *self) {
    self->stack_window = 0;
    atomic_signal_fence(memory_order_seq_cst);
}
static inline void thread_outside(struct thread *self) {
    atomic_signal_fence(memory_order_seq_cst);
    self->stack_window = self->stack_usable;
}
/* Whether the address lies on the stack that the calling thread was made with. */
static inline bool thread_owns_stack(const struct thread *self, uintptr_t address) {
    return address - self->own_low < self->own_bytes;
}

/* A new thread may have magazines before it comes to Java. */
static inline bool thread_may_be_inside(const struct thread *self) {
    return self->kind == THREAD_READY || (self->kind == THREAD_NEW && self->stack_usable != 0);
}

/* Whether what runs on this thread now is code of the JVM, or a handler that has interrupted the way to a magazine. */
static inline bool thread_runs_jvm(const struct thread *self) {
    return self->kind == THREAD_JVM || self->kind == THREAD_INSIDE ||
           (thread_may_be_inside(self) && self->stack_window == 0 && self->window_before_libc == 0);
}

/* ---- stack.c: where its stack lies ---- */

/* The calling thread's. False: there is too little of it to call Java on, or the thread is on another one now. */
bool stack_measure(struct thread *self);
/* Of a thread that has been detached: all of its stack is usable again. */
void stack_unguard(const struct thread *thread);

/* ---- creation.c: threads are created ---- */

/* libc's pthread_create. */
int creation_plain(pthread_t *thread, const pthread_attr_t *attributes, void *(*routine)(void *), void *argument);
void creation_child(void);

/* ---- relay.c: a stack for Java alone ---- */

/* Attaches the thread to the JVM over there, after detaching it here if need be. If that fails it is detached. */
bool relay_attach(struct thread *self);
void relay_detach(struct thread *self);
/* Does an operation on the stack for Java alone, for a thread that has one, on whatever stack the caller is. */
intptr_t relay_operate(struct thread *self, javalloc_operation operation, uintptr_t a, uintptr_t b, uintptr_t c);
/* As pthread_getattr_np, of the stack over there. */
int relay_describe(const struct thread *self, pthread_attr_t *attributes);

/* ---- cancellation.c: pthread_cancel while a thread is in the JVM ---- */

int cancellation_forbid(void); /* returns what cancellation_allow wants */
void cancellation_allow(int before);

#endif
