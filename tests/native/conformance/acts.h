/* acts.h: what one thread of life.c can do by itself: be interrupted, fault, jump out of handlers, run fibers, go deep.
 */
#ifndef ACTS_H
#define ACTS_H

#include "parcels.h"
#include "watch.h"

#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>

static void have_a_child(uint64_t *random); /* life.c */

static bool handlers_may_allocate; /* more than any standard asks for */

static _Thread_local struct {
    uint64_t random_of_handlers;
    sigjmp_buf back, back_from_fault;
    volatile sig_atomic_t may_jump, expects_fault;
    const char *stack_floor; /* the thread may go down to here */
    struct fiber *fiber;     /* that begins */
} self;

/* ---- handlers ---- */

static void fork_in_a_handler(void) {
    pid_t child = _Fork();
    CHECK(child >= 0);
    if (child == 0)
        _exit(40);
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 40, "a handler's child: wait status 0x%x", (unsigned)status);
}

/* On whatever it interrupts. */
static void on_signal(int number) {
    (void)number;
    int saved = errno;
    bool may_jump = self.may_jump;
    self.may_jump = 0; /* or another handler would, out of this one */
    watched->signals++;
    if (handlers_may_allocate)
        parcels_churn(&self.random_of_handlers, random_below(&self.random_of_handlers, 12));
    if (random_below(&self.random_of_handlers, 60) == 0)
        fork_in_a_handler();
    errno = saved;
    if (may_jump)
        siglongjmp(self.back, 1);
}

static void on_fault(int number) {
    if (!self.expects_fault) {
        static const char message[] = "a fault that the program does not expect\n";
        if (write(STDERR_FILENO, message, sizeof message - 1) < 0 || check_env("KEEP"))
            pause();
        signal(number, SIG_DFL); /* it comes again */
        return;
    }
    self.expects_fault = 0;
    watched->faults++;
    parcels_churn(&self.random_of_handlers, 6);
    siglongjmp(self.back_from_fault, 1);
}

static void set_handlers(void) {
    const int signals[] = {SIGALRM, SIGPROF, SIGUSR1}, faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    struct sigaction of_signals = {.sa_handler = on_signal, .sa_flags = SA_RESTART | SA_ONSTACK};
    struct sigaction of_faults = {.sa_handler = on_fault, .sa_flags = SA_ONSTACK};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        CHECK_EQ(sigaction(signals[i], &of_signals, NULL), 0);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        CHECK_EQ(sigaction(faults[i], &of_faults, NULL), 0);
}

static void set_a_timer(uint64_t *random) {
    bool is_real = random_below(random, 3) > 0;
    suseconds_t interval = random_below(random, 4) == 0 ? 0 : 3000 + (suseconds_t)random_below(random, 20000);
    struct itimerval timer = {{0, interval}, {0, interval}};
    CHECK_EQ(setitimer(is_real ? ITIMER_REAL : ITIMER_PROF, &timer, NULL), 0);
}

/* A stack for the handlers; NULL: they run on the thread's own. */
static void *set_signal_stack(uint64_t *random) {
    const size_t bytes = 64 << 10;
    if (random_below(random, 2) == 0)
        return NULL;
    stack_t stack = {.ss_sp = malloc(bytes), .ss_size = bytes};
    CHECK(stack.ss_sp != NULL);
    CHECK_EQ(sigaltstack(&stack, NULL), 0);
    return stack.ss_sp;
}

static void unset_signal_stack(void *memory) {
    CHECK_EQ(sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL), 0);
    free(memory);
}

/* ---- jumps ---- */

/* Where nothing but arithmetic is interrupted, so that nothing is left half done. */
static __attribute__((noinline)) void compute(size_t rounds) {
    for (volatile size_t i = 0; i < rounds && self.may_jump; i++)
        continue;
}

static void jump_out_of_handlers(uint64_t *random) {
    size_t rounds = 1 + random_below(random, 20);
    for (volatile size_t i = 0; i < rounds; i++) {
        parcels_churn(random, 5);
        volatile bool is_sent = random_below(random, 4) > 0;
        if (sigsetjmp(self.back, 1) == 0) {
            self.may_jump = 1;
            if (is_sent)
                raise(SIGUSR1);
            else
                compute(1000000);
            self.may_jump = 0;
        } else {
            watched->jumps++;
        }
    }
}

static __attribute__((noinline)) void fault(size_t kind) {
    static volatile int zero, one = 1;
    if (kind == 0)
        zero = one / zero;
    else if (kind == 1)
        __builtin_trap();
    else
        *(volatile char *)escape((void *)(uintptr_t)(kind * 8)) = 1;
}

static void catch_faults(uint64_t *random) {
    size_t rounds = 1 + random_below(random, 30);
    for (volatile size_t i = 0; i < rounds; i++) {
        parcels_churn(random, random_below(random, 10));
        volatile size_t kind = random_below(random, 8);
        if (sigsetjmp(self.back_from_fault, 1) == 0) {
            self.expects_fault = 1;
            fault(kind);
            CHECK(false, "no fault of kind %zu", kind);
        }
    }
}

/* ---- fibers ---- */

struct fiber {
    ucontext_t context, resumer;
    uint64_t random;
    char *stack;
    size_t stack_bytes;
    bool is_mapped, is_over;
};

/* Others run meanwhile; and it may be another thread that goes on. */
static __attribute__((noinline)) void yield(struct fiber *fiber) {
    CHECK_EQ(swapcontext(&fiber->context, &fiber->resumer), 0);
}

static void live_on_a_fiber(void) {
    struct fiber *fiber = self.fiber;
    for (size_t turns = random_below(&fiber->random, 8); turns > 0; turns--) {
        struct parcel *parcel = parcel_make(&fiber->random);
        parcels_churn(&fiber->random, random_below(&fiber->random, 30));
        yield(fiber);
        parcel_drop(parcel);
        if (fiber->stack_bytes > 128 << 10 && random_below(&fiber->random, 20) == 0)
            have_a_child(&fiber->random);
    }
    fiber->is_over = true;
    yield(fiber);
}

static struct fiber *make_fiber(uint64_t *random) {
    struct fiber *fiber = calloc(1, sizeof *fiber);
    CHECK(fiber != NULL);
    fiber->random = random_next(random);
    fiber->stack_bytes = (size_t)32 << 10 << random_below(random, 5);
    fiber->is_mapped = random_below(random, 2);
    fiber->stack = fiber->is_mapped
                       ? mmap(NULL, fiber->stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                       : malloc(fiber->stack_bytes);
    CHECK(fiber->stack != NULL && fiber->stack != MAP_FAILED);
    CHECK_EQ(getcontext(&fiber->context), 0);
    fiber->context.uc_stack.ss_sp = fiber->stack;
    fiber->context.uc_stack.ss_size = fiber->stack_bytes;
    makecontext(&fiber->context, live_on_a_fiber, 0);
    return fiber;
}

static void free_fiber(struct fiber *fiber) {
    if (fiber->is_mapped)
        munmap(fiber->stack, fiber->stack_bytes);
    else
        free(fiber->stack);
    free(fiber);
}

struct fibers {
    uint64_t random;
    size_t turns;
    struct fiber *all[8];
};

static void *run_fibers(void *given) {
    struct fibers *fibers = given;
    const char *floor_of_thread = self.stack_floor;
    for (; fibers->turns > 0; fibers->turns--) {
        struct fiber **one = &fibers->all[random_below(&fibers->random, 8)];
        if (*one == NULL)
            *one = make_fiber(&fibers->random);
        self.fiber = *one;
        self.stack_floor = (*one)->stack + (*one)->stack_bytes / 4 + (24 << 10);
        CHECK_EQ(swapcontext(&(*one)->resumer, &(*one)->context), 0);
        if ((*one)->is_over) {
            free_fiber(*one);
            *one = NULL;
        }
    }
    self.stack_floor = floor_of_thread;
    return NULL;
}

/* They begin on this thread, go on on another one, and end on this again; or are given up in the middle. */
static void have_fibers(uint64_t *random) {
    struct fibers fibers = {.random = random_next(random)};
    pthread_t thread;
    fibers.turns = random_below(random, 30);
    run_fibers(&fibers);
    fibers.turns = random_below(random, 30);
    CHECK_EQ(pthread_create(&thread, NULL, run_fibers, &fibers), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    fibers.turns = random_below(random, 30);
    run_fibers(&fibers);
    for (size_t i = 0; i < 8; i++)
        if (fibers.all[i] != NULL)
            free_fiber(fibers.all[i]);
}

/* ---- recursion ---- */

static __attribute__((noinline)) void descend(uint64_t *random, size_t frames) {
    char frame[1500];
    escape(frame);
    struct parcel *parcel = random_below(random, 4) == 0 ? parcel_make(random) : NULL;
    if (frames > 0 && frame > self.stack_floor)
        descend(random, frames - 1);
    parcel_drop(parcel);
}

static void go_deep(uint64_t *random) { descend(random, random_size(random, 2500)); }

#endif
