/*
 * route.h: how a call comes to Java and back (route.c), for those files that are on its way.
 */
#ifndef JAVALLOC_ROUTE_H
#define JAVALLOC_ROUTE_H

#include "internal.h"

/* True: the thread is inside now, and has to leave. */
static inline bool route_enter(struct thread *self) {
    if (unlikely((uintptr_t)__builtin_frame_address(0) - self->stack_low >= self->stack_window))
        return false;
    thread_inside(self);
    if (likely(gate_state() == GATE_OPEN))
        return true;
    thread_outside(self);
    return false;
}

static inline void route_leave(struct thread *self) { thread_outside(self); }

/* The slow half of entering. */
enum route route_refused(struct thread *self);

/* ROUTE_JAVA: the thread is inside. */
static inline enum route route_of(struct thread *self) {
    return likely(route_enter(self)) ? ROUTE_JAVA : route_refused(self);
}

/* As route_of, for a question that only Java can answer: waits until a fork is done. */
enum route route_of_question(struct thread *self);

/* What the heap has found wrong ends the program. The thread is inside. */
_Noreturn void route_abort(struct thread *self);

/* Does an operation; the thread is inside. */
static inline intptr_t route_operate(struct thread *self, javalloc_operation operation, uintptr_t a, uintptr_t b,
                                     uintptr_t c) {
    int *error = self->error, saved = *error; /* one call less each time than `errno` */
    intptr_t answer = likely(self->relay_stack == 0) ? operation(a, b, c) : relay_operate(self, operation, a, b, c);
    *error = saved;
    if (unlikely(answer == JAVALLOC_CORRUPT))
        route_abort(self);
    return answer;
}

/* And leaves. */
static inline intptr_t route_call(struct thread *self, javalloc_operation operation, uintptr_t a, uintptr_t b,
                                  uintptr_t c) {
    intptr_t answer = route_operate(self, operation, a, b, c);
    route_leave(self);
    return answer;
}

/* ---- deferred blocks ---- */

/* Such as a caller frees who may not call Java. */
OURS extern _Atomic(void *) route_deferred_blocks;
void route_defer(struct thread *self, void *block);
/* Inside. */
void route_drain(struct thread *self);
static inline void route_drain_if_any(struct thread *self) {
    if (unlikely(atomic_load_explicit(&route_deferred_blocks, memory_order_relaxed) != NULL))
        route_drain(self);
}

#endif
