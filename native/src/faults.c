/*
 * faults.c: whose fault it is. HotSpot raises SIGSEGV, SIGBUS, SIGFPE and SIGILL in Java code on purpose, and handles
 * them; on a thread that is outside of every operation a fault is the program's own, and ends as it would without
 * javalloc: in the program's handler, or with the process. Before that the heap is asked about the address,
 * because some heaps protect memory so that who touches it is stopped at once.
 *
 * What somebody sends is the program's, wherever it arrives: HotSpot sends none of these.
 *
 * A fault in Java code at an address of the region is neither: HotSpot has nothing there. It is the heap's mistake, and
 * said so.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include "internal.h"

/* How far below the stack pointer Java code touches the stack, to see whether there is room for a call. */
#define BANGED ((uintptr_t)256 << 10)

static struct sigaction of_hotspot[NSIG];

static void explain(int signal, const siginfo_t *info) {
    if (info->si_code <= 0 || !region_contains(info->si_addr))
        return;            /* sent by somebody, or nothing to do with the heap */
    signals_allow(signal); /* Java code may fault on its way to the answer */
    intptr_t is_known;
    if (route_inspect(JAVALLOC_EXPLAIN, (uintptr_t)info->si_addr, 0, &is_known) && is_known)
        report("%s", bridge.message);
}

/* Whether an operation of the heap touched memory of its own that it may not touch. */
static bool is_of_heap(const siginfo_t *info) {
    return thread_self.kind == THREAD_READY && info->si_code > 0 && region_contains(info->si_addr);
}

static _Noreturn void name_the_heap(const siginfo_t *info) {
    uintptr_t offset = (uintptr_t)info->si_addr - bridge.region_base;
    report("the heap %s reads or writes %p, byte 0x%zx of its region, which is %s; try: javalloc check --heap '%s'",
           bridge.heap, info->si_addr, (size_t)offset, offset < region_committed() ? "protected" : "not committed",
           bridge.heap);
    abort();
}

/* On main's stack HotSpot has no guard pages that would make a StackOverflowError of this: compiled code runs to the
 * end. */
static bool is_end_of_main_stack(const siginfo_t *info, uintptr_t stack_pointer) {
    uintptr_t address = (uintptr_t)info->si_addr;
    bool is_end = thread_self.kind == THREAD_READY && thread_self.relay_stack == 0 && info->si_code > 0 &&
                  address < stack_pointer && stack_pointer - address < BANGED;
    return is_end && gettid() == getpid(); /* last: HotSpot faults to stop a thread, and that is no reason to ask */
}

/* Inside, but still on the caller's stack, which may end there. */
static bool is_on_the_way_to_relay(const struct thread *self) {
    return self->kind == THREAD_READY && self->relay_stack != 0 && self->stack_window == 0 &&
           self->window_before_libc == 0 && !self->is_on_relay_stack;
}

static uintptr_t program_counter(const void *context) {
#if defined(__x86_64__)
    return (uintptr_t)((const ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
#else
    (void)context;
    return 0;
#endif
}

/* The system gives what is sent to the process to any thread that does not block it. A program's handler does not run
 * on one of the JVM's. */
static void pass_to_program(int signal, const siginfo_t *info) {
    for (const struct counters *record = counters_all(); record != NULL; record = record->next)
        if (record->thread != NULL && signals_send(record->id, signal, info))
            return;
    signals_send(getpid(), signal, info);
}

static void on_fault(int signal, siginfo_t *info, void *context) {
    int saved = errno;
    uintptr_t stack_pointer = dispositions_stack_pointer(context);
    struct thread *self = &thread_self;
    bool is_sent = info->si_code <= 0, is_on_the_way = !is_sent && is_on_the_way_to_relay(self);
    bool is_inside = !is_sent && thread_runs_jvm(self) && !is_on_the_way;
    /* A handler of the program's may have interrupted the operation: the fault is its own if no code of the JVM's is at
     * work. */
    bool is_in_jvm = is_inside && (self->kind == THREAD_JVM || jvm_has_code_at(program_counter(context)));
    bool is_elsewhere = is_sent && self->kind == THREAD_JVM && dispositions_have_handler(signal);
    if (is_elsewhere)
        pass_to_program(signal, info);
    if (is_elsewhere || (is_sent && pending_keep(self, signal, info, &((const ucontext_t *)context)->uc_sigmask))) {
        errno = saved;
        return;
    }
    if (is_inside && is_of_heap(info))
        name_the_heap(info);
    if (is_in_jvm && is_end_of_main_stack(info, stack_pointer))
        report_and_abort("the heap has used up the stack of main: does it call itself for ever?");
    if (is_in_jvm) {
        of_hotspot[signal].sa_sigaction(signal, info, context);
        errno = saved;
        return;
    }
    explain(signal, info);
    if (is_on_the_way)
        thread_outside(self); /* who handles it may call malloc, and may never return */
    bool is_called = dispositions_call(signal, info, context);
    if (is_on_the_way)
        thread_inside(self);
    if (!is_called) {
        behind()->action(signal, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
        if (is_sent)
            raise(signal); /* it comes when this handler has returned; a real fault comes by itself */
    }
    errno = saved;
}

struct sigaction faults_divide(int signal, const struct sigaction *wanted) {
    struct sigaction ours = *wanted;
    of_hotspot[signal] = *wanted;
    ours.sa_sigaction = on_fault;
    return ours;
}
