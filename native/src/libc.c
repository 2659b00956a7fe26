/*
 * libc.c: libc's malloc, as the route calls it: never twice at a time on one thread. A signal handler that interrupts
 * it, and allocates, is served from the reserve; what such a handler frees waits for the next free.
 */
#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>

#include "internal.h"

/* They hang on a list through their own first word. */
void list_push(_Atomic(void *) *list, void *block) {
    void *head = atomic_load_explicit(list, memory_order_relaxed);
    do {
        memcpy(block, &head, sizeof head);
    } while (!atomic_compare_exchange_weak_explicit(list, &head, block, memory_order_release, memory_order_relaxed));
}

void *list_next(const void *block) {
    void *next;
    memcpy(&next, block, sizeof next);
    return next;
}

/* Blocks of libc's that a handler freed while libc was at work. */
static _Atomic(void *) deferred_libc_blocks;

static _Atomic bool is_shut;

/* Threads without a record that are inside; those with one are seen by it (thread.c). */
static _Atomic uint32_t strangers;

static void go_in(struct thread *self) {
    self->window_before_libc = self->stack_window;
    self->in_libc = true;
    self->stack_window = 0;
    if (self->counters == NULL)
        strangers++;
    atomic_signal_fence(memory_order_seq_cst);
}

void libc_leave(struct thread *self) {
    atomic_signal_fence(memory_order_seq_cst);
    if (self->counters == NULL)
        strangers--;
    self->stack_window = self->window_before_libc;
    self->in_libc = false;
    self->window_before_libc = 0;
}

void libc_enter(struct thread *self) {
    bool is_let_in = thread_runs_jvm(self); /* who shuts waits for it, until it is outside of the JVM, too */
    go_in(self);
    while (unlikely(is_shut) && !is_let_in && !jvm_threads_is_my_turn()) {
        libc_leave(self);
        sched_yield();
        go_in(self);
    }
}

void libc_shut(void) { is_shut = true; }

void libc_open(void) { is_shut = false; }

bool libc_is_left(void) { return !is_shut || strangers == 0; }

void libc_child(void) {
    is_shut = false;
    strangers = 0;
}

void *libc_allocate(struct thread *self, size_t size, size_t alignment, bool zeroed) {
    if (unlikely(self->in_libc))
        return reserve_allocate(size, alignment);
    libc_enter(self);
    void *block = zeroed                               ? libc_malloc()->calloc(1, size)
                  : alignment <= _Alignof(max_align_t) ? libc_malloc()->malloc(size)
                                                       : libc_malloc()->memalign(alignment, size);
    libc_leave(self);
    return block;
}

void libc_free(struct thread *self, void *block) {
    if (unlikely(reserve_contains(block))) {
        reserve_free();
        return;
    }
    if (unlikely(self->in_libc)) {
        list_push(&deferred_libc_blocks, block);
        return;
    }
    int saved = errno;
    libc_enter(self);
    void *late = atomic_load_explicit(&deferred_libc_blocks, memory_order_relaxed) == NULL
                     ? NULL
                     : atomic_exchange_explicit(&deferred_libc_blocks, NULL, memory_order_acquire);
    while (late != NULL) {
        void *next = list_next(late);
        libc_malloc()->free(late);
        late = next;
    }
    libc_malloc()->free(block);
    libc_leave(self);
    errno = saved;
}

size_t libc_usable_size(void *block) {
    return reserve_contains(block) ? reserve_usable_size(block) : libc_malloc()->usable_size(block);
}

void libc_trim(void) {
    libc_enter(&thread_self);
    libc_malloc()->trim(0);
    libc_leave(&thread_self);
}

void *libc_resize(struct thread *self, void *block, size_t size) {
    if (likely(!self->in_libc && !reserve_contains(block))) {
        libc_enter(self);
        void *moved = libc_malloc()->realloc(block, size);
        libc_leave(self);
        return moved;
    }
    size_t old = libc_usable_size(block);
    void *moved = libc_allocate(self, size, _Alignof(max_align_t), false);
    if (moved == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    memcpy(moved, block, old < size ? old : size);
    libc_free(self, block);
    return moved;
}
