/*
 * stack.c: where a thread's own stack lies, and how much of it Java can be called on.
 */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "internal.h"

/* Stack that an operation may need: HotSpot's guard and shadow pages (96 KiB) and room for its slow paths. */
#define STACK_MARGIN ((size_t)160 << 10)
/* Less than this above the margin is not worth an attach. */
#define STACK_WORTH ((size_t)64 << 10)

/* What the JVM takes main's stack to be, at most: -Xss in jvm-options.h. */
#define JVM_STACK ((size_t)8 << 20)

static bool ask_for_stack(void **low, size_t *size) {
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0)
        return false;
    int failed = pthread_attr_getstack(&attributes, low, size);
    pthread_attr_destroy(&attributes);
    return !failed;
}

extern void *__libc_stack_end;

/* Without /proc libc does not know main's stack. It may grow as far as its limit. */
static bool guess_main_stack(void **low, size_t *size) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_STACK, &limit) != 0)
        return false;
    *size = limit.rlim_cur > JVM_STACK ? JVM_STACK : limit.rlim_cur;
    *low = (char *)__libc_stack_end - *size;
    return true;
}

bool stack_measure(struct thread *self) {
    void *low;
    size_t size;
    bool is_main = gettid() == getpid();
    if (!ask_for_stack(&low, &size) && !(is_main && guess_main_stack(&low, &size)))
        return false;
    if (is_main && size > JVM_STACK) {
        low = (char *)low + (size - JVM_STACK);
        size = JVM_STACK;
    }
    self->own_low = (uintptr_t)low;
    self->own_bytes = size;
    if (size < STACK_MARGIN + STACK_WORTH)
        return false;
    self->stack_low = (uintptr_t)low + STACK_MARGIN;
    self->stack_usable = size - STACK_MARGIN;
    return (uintptr_t)__builtin_frame_address(0) - self->stack_low < self->stack_usable;
}

/* HotSpot takes its guard pages off by making them inaccessible, because its own threads give their stacks up then. */
void stack_unguard(const struct thread *thread) {
    if (thread->own_low != 0)
        mprotect((void *)thread->own_low, STACK_MARGIN, PROT_READ | PROT_WRITE);
}

/* HotSpot asks for the bounds of the stack that it is called on. The program is told the truth.
 *
 * glibc allocates in here while it holds the thread's lock, and attaching the thread would want that lock again:
 * whoever allocates for the first time here must not attach yet. */
EXPORTED int pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes) {
    if (thread_self.relay_stack != 0 && thread_runs_jvm(&thread_self))
        return relay_describe(&thread_self, attributes);
    enum thread_kind kind = thread_self.kind;
    if (kind == THREAD_NEW)
        thread_self.kind = THREAD_INSIDE;
    int error = behind()->getattr(thread, attributes);
    thread_self.kind = kind;
    return error;
}
