/*
 * serve.c: blocks are allocated, resized and freed: by Java, where the route leads there, with the help of magazines
 * where there are such; else by libc, or later.
 */
#include <errno.h>
#include <string.h>

#include "internal.h"
#include "route.h"

/* ---- what the dynamic loader gives back ----
 *
 * It frees and resizes what a thread's table of thread-local storage is made of while it changes that table
 * (_dl_update_slotinfo, _dl_resize_dtv). libjvm looks into the table with each call, finds it out of date, and has the
 * loader change it, inside of the change: the same would be freed twice. So this does not go to Java there and then. */

/* The functions of calls.c and interpose.c jump to those here: who calls them calls us. */
#define caller_is_loader() unlikely(glibc_is_loader(__builtin_return_address(0)))

static inline enum route route_unless(bool is_for_loader, struct thread *self) {
    return is_for_loader ? ROUTE_LIBC : route_of(self);
}

/* ---- blocks outside of the region: libc's, unless the heap has some there, too (bridge.outside) ---- */

/* Inside: frees a block if it is the heap's; false if it is libc's. */
static bool release(struct thread *self, void *block) {
    return route_operate(self, bridge.release, (uintptr_t)block, 0, 0) != JAVALLOC_NOT_MINE;
}

/* Whether a block that is not in the region may be the heap's although this thread cannot ask now. What code of the JVM
 * frees is libc's; and in a forked child all that is not in the region is. */
static bool is_heaps_later(enum route route) { return bridge.outside != 0 && route == ROUTE_LIBC && gate_is_open(); }

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
    return (void *)route_operate(self, bridge.allocate, size, alignment, place << 1 | zeroed);
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

/* Inside, and leaves. */
static inline __attribute__((always_inline)) void *allocate_by_java(struct thread *self, enum operation op, size_t size,
                                                                    size_t alignment, bool zeroed) {
    self->served[op]++;
    route_drain_if_any(self);
    void *block = allocate_in_java(self, size, alignment, zeroed);
    if (unlikely(block == NULL))
        block = allocate_once_more(self, size, alignment, zeroed);
    route_leave(self);
    if (unlikely(block == NULL))
        errno = ENOMEM;
    return block;
}

/* For who has not been let in at once. */
static __attribute__((noinline)) void *allocate_refused(struct thread *self, enum operation op, size_t size,
                                                        size_t alignment, bool zeroed) {
    if (self->kind == THREAD_NEW && alignment <= _Alignof(max_align_t)) {
        void *ready = take_inherited(self, op, size, zeroed);
        if (ready != NULL)
            return ready;
    }
    enum route route = route_of(self);
    if (route == ROUTE_JAVA)
        return allocate_by_java(self, op, size, alignment, zeroed);
    counters_count(route, op);
    void *block = libc_allocate(self, size, alignment, zeroed);
    if (unlikely(block == NULL))
        errno = ENOMEM;
    return block;
}

static inline __attribute__((always_inline)) void *allocate(enum operation op, size_t size, size_t alignment,
                                                            bool zeroed) {
    struct thread *self = &thread_self;
    return likely(route_enter(self)) ? allocate_by_java(self, op, size, alignment, zeroed)
                                     : allocate_refused(self, op, size, alignment, zeroed);
}

/* The compiler makes of this a shorter way than of any operation. */
void *serve_malloc(size_t size) { return allocate(OP_MALLOC, size, _Alignof(max_align_t), false); }

void *serve_allocate(enum operation op, size_t size, size_t alignment, bool zeroed) {
    return allocate(op, size, alignment, zeroed);
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
        route_defer(self, block);
    }
    return copy;
}

static void *resize_outside_region(struct thread *self, void *block, size_t size, bool is_for_loader) {
    enum route route = route_unless(is_for_loader || bridge.outside == 0, self);
    if (route == ROUTE_JAVA) {
        route_drain_if_any(self);
        intptr_t moved = route_call(self, bridge.resize, (uintptr_t)block, size, place_of_caller(self));
        if (moved != JAVALLOC_NOT_MINE) {
            self->served[OP_REALLOC]++;
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

/* Inside, and leaves: a block of the region, for which the thread's magazine has no room, if there are magazines. */
static inline __attribute__((always_inline)) void free_by_java(struct thread *self, void *block, bool is_counted) {
    self->served[OP_FREE] += is_counted;
    route_drain_if_any(self);
    if (!magazine_is_on() || !magazine_make_room(self, block))
        route_operate(self, bridge.release, (uintptr_t)block, 0, 0);
    route_leave(self);
    watch_pages();
}

/* As free_by_java, for who is not inside. */
static __attribute__((noinline)) void free_from_outside(struct thread *self, void *block, bool is_counted,
                                                        bool is_for_loader) {
    enum route route = route_unless(is_for_loader, self);
    if (route == ROUTE_JAVA) {
        free_by_java(self, block, is_counted);
    } else if (gate_state() == GATE_LOST) {
        counters_count(route, OP_FREE);
    } else {
        counters_count(ROUTE_DEFERRED, OP_FREE);
        route_defer(self, block);
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
        free_from_outside(self, block, false, false);
    return moved;
}

/* Inside, and leaves. From one class to another Java only fills the magazine. */
static void *resize_in_java(struct thread *self, void *block, size_t size) {
    size_t usable = bytes_to_move(block);
    void *moved = usable == 0 ? NULL : magazine_fill(self, size);
    if (moved != NULL) {
        route_leave(self);
        return move_into(self, moved, block, usable < size ? usable : size);
    }
    if (unlikely(magazine_has(block)))
        magazine_flush(self); /* so that Java knows that it is free */
    uintptr_t place = place_of_caller(self);
    moved = (void *)route_operate(self, bridge.resize, (uintptr_t)block, size, place);
    if (unlikely(moved == NULL) && give_back_what_is_kept(self, size))
        moved = (void *)route_operate(self, bridge.resize, (uintptr_t)block, size, place);
    route_leave(self);
    watch_pages();
    if (unlikely(moved == NULL))
        errno = ENOMEM;
    return moved;
}

void *serve_resize(void *block, size_t size) {
    struct thread *self = &thread_self;
    if (unlikely(!region_contains(block)))
        return resize_outside_region(self, block, size, caller_is_loader());
    if (magazine_stays(block, size) && !magazine_has(block)) {
        counters_count(ROUTE_JAVA, OP_REALLOC);
        return block;
    }
    size_t usable = bytes_to_move(block);
    void *ready = usable == 0 ? NULL : magazine_take(self, size, OP_REALLOC);
    if (ready != NULL)
        return move_into(self, ready, block, usable < size ? usable : size);
    enum route route = route_unless(caller_is_loader(), self);
    if (unlikely(route != ROUTE_JAVA)) {
        usable = magazine_usable_size(block);
        return resize_without_java(self, route, block, size, usable != 0 && usable < size ? usable : size);
    }
    self->served[OP_REALLOC]++;
    route_drain_if_any(self);
    return resize_in_java(self, block, size);
}

static __attribute__((noinline)) void free_outside_region(struct thread *self, void *block, bool is_for_loader) {
    enum route route = route_unless(is_for_loader, self);
    if (route == ROUTE_JAVA && bridge.outside == 0) {
        route_leave(self); /* who looks at what is no memory at all faults, as libc would: the fault is the program's */
        route = foreign_is(self, block) ? route_of(self) : ROUTE_LIBC;
    }
    if (route == ROUTE_JAVA) {
        route_drain_if_any(self);
        bool is_heaps = release(self, block);
        route_leave(self);
        if (is_heaps) {
            self->served[OP_FREE]++;
            return;
        }
    } else if (is_heaps_later(route)) {
        counters_count(ROUTE_DEFERRED, OP_FREE);
        route_defer(self, block);
        return;
    }
    counters_count(route == ROUTE_JAVA ? ROUTE_LIBC : route, OP_FREE);
    libc_free(self, block);
}

void serve_free(void *block) {
    struct thread *self = &thread_self;
    bool is_for_loader = caller_is_loader();
    if (likely(!is_for_loader) && likely(route_enter(self)))
        free_by_java(self, block, true);
    else
        free_from_outside(self, block, true, is_for_loader);
}

void serve_free_outside(void *block) { free_outside_region(&thread_self, block, caller_is_loader()); }

static void free_without_size(struct thread *self, void *block) {
    if (!region_contains(block))
        free_outside_region(self, block, false);
    else if (!magazine_give(self, block, true))
        free_from_outside(self, block, true, false);
}

/* Where the size can be right, and no more than that is known, it is a free as any other. */
void serve_free_sized(void *block, size_t size, size_t alignment) {
    struct thread *self = &thread_self;
    bool is_in_region = region_contains(block);
    unsigned class = is_in_region && alignment == 0 ? magazine_class_of(size) : 0;
    bool can_be = !is_in_region || (magazine_is_on() && class != 0 && class == region_class_around(block));
    if (can_be || route_of(self) != ROUTE_JAVA) {
        free_without_size(self, block);
        return;
    }
    self->served[OP_FREE]++;
    route_drain_if_any(self);
    if (unlikely(magazine_has(block)))
        magazine_flush(self); /* so that Java knows that it is free */
    route_call(self, bridge.release, (uintptr_t)block, size, alignment);
    watch_pages();
}

size_t serve_usable_size(void *block) {
    struct thread *self = &thread_self;
    bool is_in_region = region_contains(block);
    if (!is_in_region && bridge.outside == 0)
        return libc_usable_size(block);
    intptr_t usable = is_in_region ? (intptr_t)magazine_usable_size(block) : 0;
    if (usable != 0 && (magazine_is_on() || gate_state() == GATE_LOST))
        return (size_t)usable;
    usable = JAVALLOC_NOT_MINE;
    if (route_of_question(self) == ROUTE_JAVA) {
        self->counters->questions++;
        usable = route_call(self, bridge.usable_size, (uintptr_t)block, 0, 0);
    } else if (is_in_region) {
        usable = 0; /* no byte is promised by a side that does not know the block */
    }
    return usable == JAVALLOC_NOT_MINE ? libc_usable_size(block) : (size_t)usable;
}
