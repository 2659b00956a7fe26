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
#include <string.h>

#include "internal.h"

static _Atomic(void *) deferred_blocks;

/* True: the thread is inside now, and has to leave. */
static inline bool enter(struct thread *self) {
    if (unlikely((uintptr_t)__builtin_frame_address(0) - self->stack_low >= self->stack_window))
        return false;
    thread_inside(self);
    if (likely(gate_state() == GATE_OPEN))
        return true;
    thread_outside(self);
    return false;
}

static void leave(struct thread *self) { thread_outside(self); }

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
    if (self->kind == THREAD_NEW && (state == GATE_OPEN || state == GATE_PAUSED))
        thread_enter(self);
    if (gate_state() != GATE_OPEN)
        return without_java(self);
    if (enter(self))
        return ROUTE_JAVA;
    if (self->kind == THREAD_READY && self->stack_window != 0 && gate_state() == GATE_OPEN)
        thread_relay(self);
    return enter(self) ? ROUTE_JAVA : without_java(self);
}

/* The slow half of entering. Who was held up meanwhile tries again. */
static __attribute__((noinline)) enum route refused(struct thread *self) {
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

/* ROUTE_JAVA: the thread is inside. */
static inline enum route route_of(struct thread *self) { return likely(enter(self)) ? ROUTE_JAVA : refused(self); }

/* Whether a thread that was refused may be let in, now or soon: a fork is under way, or has just ended. */
static bool may_ask_again(const struct thread *self) {
    uint32_t state = gate_state();
    return (state == GATE_PAUSED || state == GATE_OPEN) && (self->kind == THREAD_NEW || self->kind == THREAD_READY) &&
           !self->in_libc && !jvm_threads_is_my_turn();
}

/* As route_of, for a question that only Java can answer: waits until a fork is done. */
static enum route route_of_question(struct thread *self) {
    enum route route;
    while ((route = route_of(self)) == ROUTE_LIBC && may_ask_again(self))
        sched_yield();
    return route;
}

/* How Java serves this thread, for the statistics. */
static inline enum route java_route(const struct thread *self) {
    return likely(self->relay_stack == 0) ? ROUTE_JAVA : ROUTE_RELAY;
}

/* Inside. */
static inline intptr_t operate(struct thread *self, javalloc_operation operation, uintptr_t a, uintptr_t b,
                               uintptr_t c) {
    int *error = self->error, saved = *error; /* one call less each time than `errno` */
    intptr_t answer = likely(self->relay_stack == 0) ? operation(a, b, c) : relay_operate(self, operation, a, b, c);
    *error = saved;
    if (unlikely(answer == JAVALLOC_CORRUPT)) {
        leave(self);
        report_and_abort(bridge.message);
    }
    return answer;
}

intptr_t route_operate(struct thread *self, javalloc_operation operation, uintptr_t a, uintptr_t b, uintptr_t c) {
    return operate(self, operation, a, b, c);
}

/* And leaves. */
static inline intptr_t call_java(struct thread *self, javalloc_operation operation, uintptr_t a, uintptr_t b,
                                 uintptr_t c) {
    intptr_t answer = operate(self, operation, a, b, c);
    leave(self);
    return answer;
}

/* ---- blocks outside of the region: libc's, unless the heap has some there, too (bridge.outside) ---- */

/* Inside: frees a block if it is the heap's; false if it is libc's. */
static bool release(struct thread *self, void *block) {
    return operate(self, bridge.release, (uintptr_t)block, 0, 0) != JAVALLOC_NOT_MINE;
}

/* Whether a block that is not in the region may be the heap's although this thread cannot ask now. What code of the JVM
 * frees is libc's; and in a forked child all that is not in the region is. */
static bool is_heaps_later(enum route route) { return bridge.outside != 0 && route == ROUTE_LIBC && gate_is_open(); }

/* ---- deferred blocks: each on a note in libc's memory, because its bytes, and those behind it, are the heap's ---- */

struct note {
    void *next; /* list_push's */
    void *block;
};

static void defer(struct thread *self, void *block) {
    int saved = errno;
    struct note *note = libc_allocate(self, sizeof *note, _Alignof(max_align_t), false);
    errno = saved;
    if (note == NULL)
        return; /* there is no memory to give any back with */
    note->block = block;
    list_push(&deferred_blocks, note);
}

static __attribute__((noinline)) void drain(struct thread *self) {
    struct note *note = atomic_exchange_explicit(&deferred_blocks, NULL, memory_order_acquire);
    while (note != NULL) {
        struct note *next = list_next(note);
        if (!release(self, note->block))
            libc_free(self, note->block);
        libc_free(self, note);
        note = next;
    }
}

static inline void drain_if_any(struct thread *self) {
    if (unlikely(atomic_load_explicit(&deferred_blocks, memory_order_relaxed) != NULL))
        drain(self);
}

/* ---- the calls ---- */

/* Where the program asks, for those who look for leaks. */
static inline __attribute__((always_inline)) uintptr_t place_of_caller(struct thread *self) {
    return unlikely(bridge.traced != 0) ? places_here(self, __builtin_frame_address(0)) : 0;
}

/* A new thread may find a block in the magazines of another one, which has ended. */
static inline void *take_inherited(struct thread *self, enum operation op, size_t size, bool zeroed) {
    void *block = depot_adopt(self) ? magazine_take(self, size, op) : NULL;
    return zeroed && block != NULL ? memset(block, 0, size) : block;
}

/* Inside. */
static inline __attribute__((always_inline)) void *allocate_in_java(struct thread *self, size_t size, size_t alignment,
                                                                    bool zeroed) {
    if (magazine_is_on() && alignment <= _Alignof(max_align_t)) {
        void *block = magazine_fill(self, size);
        if (block != NULL)
            return zeroed ? memset(block, 0, size) : block;
    }
    uintptr_t place = place_of_caller(self);
    return (void *)operate(self, bridge.allocate, size, alignment, place << 1 | zeroed);
}

/* Inside. When Java has no memory: some may lie free in magazines and between them. False: none does, or not enough. */
static bool give_back_what_is_kept(struct thread *self, size_t size) {
    uint64_t blocks, bytes;
    if (!magazine_is_on() || size > bridge.region_bytes)
        return false;
    depot_kept(&blocks, &bytes);
    if (blocks == 0)
        return false;
    magazine_flush_all(self);
    return true;
}

static __attribute__((noinline)) void *allocate_once_more(struct thread *self, size_t size, size_t alignment,
                                                          bool zeroed) {
    return give_back_what_is_kept(self, size) ? allocate_in_java(self, size, alignment, zeroed) : NULL;
}

void *route_allocate(enum operation op, size_t size, size_t alignment, bool zeroed) {
    struct thread *self = &thread_self;
    if (unlikely(self->kind == THREAD_NEW) && alignment <= _Alignof(max_align_t)) {
        void *ready = take_inherited(self, op, size, zeroed);
        if (ready != NULL)
            return ready;
    }
    enum route route = route_of(self);
    if (unlikely(route != ROUTE_JAVA)) {
        counters_count(route, op);
        void *block = libc_allocate(self, size, alignment, zeroed);
        if (unlikely(block == NULL))
            errno = ENOMEM;
        return block;
    }
    self->counters->calls[java_route(self)][op]++;
    drain_if_any(self);
    void *block = allocate_in_java(self, size, alignment, zeroed);
    if (unlikely(block == NULL))
        block = allocate_once_more(self, size, alignment, zeroed);
    leave(self);
    if (unlikely(block == NULL))
        errno = ENOMEM;
    return block;
}

/* What Java has freed may leave pages that nobody uses. */
static inline void watch_pages(void) {
    if (bridge.class_bytes[1] != 0)
        helper_purge_soon();
}

/* A Java block in the hands of a caller that may not call Java: its contents move to libc memory. */
static void *resize_without_java(struct thread *self, enum route route, void *block, size_t size, size_t kept) {
    void *copy = libc_allocate(self, size, _Alignof(max_align_t), false);
    if (copy == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    region_copy_from(copy, block, kept);
    if (gate_state() == GATE_LOST) {
        counters_count(route, OP_REALLOC);
    } else {
        counters_count(ROUTE_DEFERRED, OP_REALLOC);
        defer(self, block);
    }
    return copy;
}

static void *resize_outside_region(struct thread *self, void *block, size_t size) {
    enum route route = bridge.outside == 0 ? ROUTE_LIBC : route_of(self);
    if (route == ROUTE_JAVA) {
        drain_if_any(self);
        intptr_t moved = call_java(self, bridge.resize, (uintptr_t)block, size, place_of_caller(self));
        if (moved != JAVALLOC_NOT_MINE) {
            counters_count(java_route(self), OP_REALLOC);
            if (moved == 0)
                errno = ENOMEM;
            return (void *)moved;
        }
    } else if (is_heaps_later(route)) {
        size_t usable = libc_usable_size(block);
        return resize_without_java(self, route, block, size, usable < size ? usable : size);
    }
    counters_count(thread_runs_jvm(self) ? ROUTE_JVM : ROUTE_LIBC, OP_REALLOC);
    return libc_resize(self, block, size);
}

/* A block of the region, for which there is no room in a magazine. */
static void release_block(struct thread *self, void *block, bool is_counted) {
    enum route route = route_of(self);
    if (likely(route == ROUTE_JAVA)) {
        self->counters->calls[java_route(self)][OP_FREE] += is_counted;
        drain_if_any(self);
        if (!magazine_is_on() || !magazine_make_room(self, block))
            operate(self, bridge.release, (uintptr_t)block, 0, 0);
        leave(self);
        watch_pages();
    } else if (gate_state() == GATE_LOST) {
        counters_count(route, OP_FREE);
    } else {
        counters_count(ROUTE_DEFERRED, OP_FREE);
        defer(self, block);
    }
}

/* The bytes of a block that moves from one magazine to another; 0: Java has to say what it is. */
static size_t bytes_to_move(const void *block) {
    return !magazine_is_on() || magazine_has(block) ? 0 : magazine_usable_size(block);
}

/* What a block has in it goes to another one, and the block into a magazine. */
static void *move_into(struct thread *self, void *moved, void *block, size_t bytes) {
    memcpy(moved, block, bytes);
    if (!magazine_give(self, block, false))
        release_block(self, block, false);
    return moved;
}

/* Inside, and leaves. From one class to another Java only fills the magazine. */
static void *resize_in_java(struct thread *self, void *block, size_t size) {
    size_t usable = bytes_to_move(block);
    void *moved = usable == 0 ? NULL : magazine_fill(self, size);
    if (moved != NULL) {
        leave(self);
        return move_into(self, moved, block, usable < size ? usable : size);
    }
    if (unlikely(magazine_has(block)))
        magazine_flush(self); /* so that Java knows that it is free */
    uintptr_t place = place_of_caller(self);
    moved = (void *)operate(self, bridge.resize, (uintptr_t)block, size, place);
    if (unlikely(moved == NULL) && give_back_what_is_kept(self, size))
        moved = (void *)operate(self, bridge.resize, (uintptr_t)block, size, place);
    leave(self);
    watch_pages();
    if (unlikely(moved == NULL))
        errno = ENOMEM;
    return moved;
}

void *route_resize(void *block, size_t size) {
    struct thread *self = &thread_self;
    if (unlikely(!region_contains(block)))
        return resize_outside_region(self, block, size);
    if (magazine_stays(block, size) && !magazine_has(block)) {
        counters_count(ROUTE_JAVA, OP_REALLOC);
        return block;
    }
    size_t usable = bytes_to_move(block);
    void *ready = usable == 0 ? NULL : magazine_take(self, size, OP_REALLOC);
    if (ready != NULL)
        return move_into(self, ready, block, usable < size ? usable : size);
    enum route route = route_of(self);
    if (unlikely(route != ROUTE_JAVA)) {
        usable = magazine_usable_size(block);
        return resize_without_java(self, route, block, size, usable != 0 && usable < size ? usable : size);
    }
    self->counters->calls[java_route(self)][OP_REALLOC]++;
    drain_if_any(self);
    return resize_in_java(self, block, size);
}

static __attribute__((noinline)) void free_outside_region(struct thread *self, void *block) {
    enum route route = route_of(self);
    if (route == ROUTE_JAVA && bridge.outside == 0) {
        leave(self); /* who looks at what is no memory at all faults, as libc would: the fault is the program's */
        route = foreign_is(self, block) ? route_of(self) : ROUTE_LIBC;
    }
    if (route == ROUTE_JAVA) {
        drain_if_any(self);
        bool is_heaps = release(self, block);
        leave(self);
        if (is_heaps) {
            counters_count(java_route(self), OP_FREE);
            return;
        }
    } else if (is_heaps_later(route)) {
        counters_count(ROUTE_DEFERRED, OP_FREE);
        defer(self, block);
        return;
    }
    counters_count(route == ROUTE_JAVA ? ROUTE_LIBC : route, OP_FREE);
    libc_free(self, block);
}

void route_free(void *block) {
    struct thread *self = &thread_self;
    if (unlikely(!region_contains(block)))
        free_outside_region(self, block);
    else
        release_block(self, block, true);
}

/* Where the size can be right, and no more than that is known, it is a free as any other. */
void route_free_sized(void *block, size_t size, size_t alignment) {
    struct thread *self = &thread_self;
    bool is_in_region = region_contains(block);
    unsigned class = is_in_region && alignment == 0 ? magazine_class_of(size) : 0;
    bool is_plain = !is_in_region || (magazine_is_on() && class != 0 && class == region_class_around(block));
    enum route route = is_plain ? ROUTE_LIBC : route_of(self);
    if (route != ROUTE_JAVA) {
        if (!is_in_region || !magazine_give(self, block, true))
            route_free(block);
        return;
    }
    self->counters->calls[java_route(self)][OP_FREE]++;
    drain_if_any(self);
    if (unlikely(magazine_has(block)))
        magazine_flush(self); /* so that Java knows that it is free */
    call_java(self, bridge.release, (uintptr_t)block, size, alignment);
    watch_pages();
}

size_t route_usable_size(void *block) {
    struct thread *self = &thread_self;
    bool is_in_region = region_contains(block);
    if (!is_in_region && bridge.outside == 0)
        return libc_usable_size(block);
    intptr_t usable = is_in_region ? (intptr_t)magazine_usable_size(block) : 0;
    if (usable != 0 && (magazine_is_on() || gate_state() == GATE_LOST))
        return (size_t)usable;
    usable = JAVALLOC_NOT_MINE;
    if (route_of_question(self) == ROUTE_JAVA)
        usable = call_java(self, bridge.usable_size, (uintptr_t)block, 0, 0);
    else if (is_in_region)
        usable = 0; /* no byte is promised by a side that does not know the block */
    return usable == JAVALLOC_NOT_MINE ? libc_usable_size(block) : (size_t)usable;
}

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
    return answer - (intptr_t)(what == JAVALLOC_LIVE_BLOCKS ? blocks : what == JAVALLOC_LIVE_BYTES ? bytes : 0);
}

void route_flush(bool all) {
    struct thread *self = &thread_self;
    if (!magazine_is_on() || route_of(self) != ROUTE_JAVA)
        return;
    if (all)
        magazine_flush_all(self);
    else
        magazine_flush(self);
    leave(self);
}

bool route_inspect(int what, uintptr_t argument, uintptr_t another, intptr_t *answer) {
    struct thread *self = &thread_self;
    if (route_of_question(self) != ROUTE_JAVA)
        return false;
    drain_if_any(self);
    *answer = call_java(self, bridge.inspect, (uintptr_t)what, argument, another);
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
    leave(self);
    return is_plain ? times : 0;
}

void route_forget_deferred(void) { atomic_store_explicit(&deferred_blocks, NULL, memory_order_relaxed); }

bool route_prepare(void) {
    if (!gate_prepare() || !reserve_prepare())
        return false;
    foreign_prepare();
    return true;
}
