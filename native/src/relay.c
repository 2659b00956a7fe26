/*
 * relay.c: operations for callers whose stack cannot serve Java: threads with small stacks, fibers, signal handlers on
 * a stack of their own, deep recursions. HotSpot knows one stack of a thread, from the attach to the detach, and takes
 * every other place for an overflow. Such a thread gets a stack for Java alone: it detaches, attaches again over there,
 * and from then on all of its operations are done there.
 *
 * No second thread is involved, so the caller waits for nobody, whatever it holds: what could deadlock is what could do
 * so on its own stack. A caller that interrupted an operation does not come here (thread_runs_jvm). A fork waits until
 * nobody takes or gives a stack (thread.c's travellers), so the lock is free in the child.
 *
 * HotSpot's stack checks compare with the low end of the stack that it knows. While the thread detaches it runs over
 * there and is known here: it passes, or what Java code the detach would run ends with a StackOverflowError that
 * DetachCurrentThread swallows. It runs Thread.exit(), which has nothing to tidy: the thread never was in Java's hands.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

/* HotSpot's guard and shadow pages (100 KiB), its slow paths, and a signal handler of the program's on top of them.
 * Pages that are not touched cost nothing. */
#define STACK_BYTES ((size_t)512 << 10)

/* Lies at the top of a stack that nobody uses. */
struct spare {
    struct spare *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct spare *spares;

static uintptr_t top_of(void *low) { return (uintptr_t)low + STACK_BYTES - sizeof(struct spare) - 8; }

static uintptr_t take_stack(void) {
    pthread_mutex_lock(&lock);
    struct spare *spare = spares;
    if (spare != NULL)
        spares = spare->next;
    pthread_mutex_unlock(&lock);
    if (spare != NULL)
        return (uintptr_t)spare;
    void *low =
        mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    return low == MAP_FAILED ? 0 : top_of(low);
}

static void give_stack(uintptr_t top) {
    struct spare *spare = (struct spare *)top;
    pthread_mutex_lock(&lock);
    spare->next = spares;
    spares = spare;
    pthread_mutex_unlock(&lock);
}

#if defined(__x86_64__)

static bool is_possible(void) { return true; }

/* Does an operation on the stack that ends at `top`. The frame pointer stays, so debuggers and unwinders find their way
 * back. */
static inline __attribute__((always_inline)) intptr_t relay_call(uintptr_t top, javalloc_operation operation,
                                                                 uintptr_t a, uintptr_t b, uintptr_t c) {
    intptr_t answer;
    __asm__ volatile("movq %%rsp, %%rbx\n\t"
                     "movq %[top], %%rsp\n\t"
                     "callq *%[operation]\n\t"
                     "movq %%rbx, %%rsp"
                     : "=a"(answer), "+D"(a), "+S"(b), "+d"(c)
                     : [top] "r"(top), [operation] "r"(operation)
                     : "rbx", "rcx", "r8", "r9", "r10", "r11", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6",
                       "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "mm0", "mm1",
                       "mm2", "mm3", "mm4", "mm5", "mm6", "mm7", "st", "memory", "cc");
    return answer;
}

#else

/* Written for one processor so far. On others libc serves these callers. */
static bool is_possible(void) { return false; }

static intptr_t relay_call(uintptr_t top, javalloc_operation operation, uintptr_t a, uintptr_t b, uintptr_t c) {
    (void)top;
    return operation(a, b, c);
}

#endif

static intptr_t attach(uintptr_t self, uintptr_t unused, uintptr_t unused_too) {
    (void)unused, (void)unused_too;
    return jvm_attach(&((struct thread *)self)->attached);
}

static intptr_t detach(uintptr_t unused, uintptr_t unused_too, uintptr_t unused_as_well) {
    (void)unused, (void)unused_too, (void)unused_as_well;
    jvm_detach();
    return 0;
}

static intptr_t detach_from_own(uintptr_t self, uintptr_t unused, uintptr_t unused_too) {
    (void)unused, (void)unused_too;
    thread_detach_here((struct thread *)self);
    return 0;
}

bool relay_attach(struct thread *self) {
    uintptr_t top = is_possible() ? take_stack() : 0;
    if (top == 0)
        return false;
    if (self->attached)
        relay_call(top, detach_from_own, (uintptr_t)self, 0, 0);
    self->relay_stack = top;
    relay_call(top, attach, (uintptr_t)self, 0, 0);
    if (self->attached)
        return true;
    self->relay_stack = 0; /* no memory, or a host's thread, which is known to Java already */
    give_stack(top);
    return false;
}

void relay_detach(struct thread *self) {
    relay_call(self->relay_stack, detach, 0, 0, 0);
    give_stack(self->relay_stack);
    self->relay_stack = 0;
}

int relay_describe(const struct thread *self, pthread_attr_t *attributes) {
    int error = pthread_attr_init(attributes);
    uintptr_t low = self->relay_stack - top_of(NULL);
    return error != 0 ? error : pthread_attr_setstack(attributes, (void *)low, STACK_BYTES);
}

/* ---- from a signal stack ----
 *
 * The kernel looks at the stack pointer to see whether the signal stack is in use. Over there it sees nothing of the
 * handler that has called us, and would put the next one on top of its frames. So it is told of no signal stack
 * meanwhile, and signals wait while it is told; the faults, which HotSpot needs, then come where we are. */

struct call {
    javalloc_operation operation;
    uintptr_t a, b, c;
};

static intptr_t operate_without_signal_stack(uintptr_t given, uintptr_t unused, uintptr_t unused_too) {
    (void)unused, (void)unused_too;
    const struct call *call = (const struct call *)given;
    const stack_t none = {.ss_flags = SS_DISABLE};
    stack_t of_program;
    syscall(SYS_sigaltstack, &none, &of_program);
    intptr_t answer = call->operation(call->a, call->b, call->c);
    syscall(SYS_sigaltstack, &of_program, NULL);
    return answer;
}

/* Inlined, and so is relay_call: between the flag and the other stack nothing may be pushed, which could fault. */
static inline __attribute__((always_inline)) intptr_t go(struct thread *self, javalloc_operation operation, uintptr_t a,
                                                         uintptr_t b, uintptr_t c) {
    self->is_on_relay_stack = true;
    atomic_signal_fence(memory_order_seq_cst);
    intptr_t answer = relay_call(self->relay_stack, operation, a, b, c);
    atomic_signal_fence(memory_order_seq_cst);
    self->is_on_relay_stack = false;
    return answer;
}

intptr_t relay_operate(struct thread *self, javalloc_operation operation, uintptr_t a, uintptr_t b, uintptr_t c) {
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    if (likely(here - self->signal_stack_low >= self->signal_stack_bytes))
        return go(self, operation, a, b, c);
    struct call call = {operation, a, b, c};
    sigset_t before;
    signals_block_all_but_faults(&before);
    intptr_t answer = go(self, operate_without_signal_stack, (uintptr_t)&call, 0, 0);
    signals_restore(&before);
    return answer;
}

/* So that it is known where it lies, without a system call per operation. */
EXPORTED int sigaltstack(const stack_t *wanted, stack_t *before) {
    long result = syscall(SYS_sigaltstack, wanted, before);
    if (result == 0 && wanted != NULL) {
        bool is_none = (wanted->ss_flags & SS_DISABLE) != 0;
        thread_self.signal_stack_low = (uintptr_t)wanted->ss_sp;
        thread_self.signal_stack_bytes = is_none ? 0 : wanted->ss_size;
    }
    return (int)result;
}
