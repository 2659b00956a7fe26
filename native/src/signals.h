/*
 * signals.h: masks, handlers and faults: the program's and the JVM's. One section per file.
 */
#ifndef JAVALLOC_SIGNALS_H
#define JAVALLOC_SIGNALS_H

#include "internal.h"
#include "thread.h"

/* ---- signals.c: masks ---- */

/* What HotSpot raises on purpose. */
#define FAULTS 4
OURS extern const int signals_faults[FAULTS];
size_t signals_number_of(int signal); /* FAULTS if it is none */

void signals_block_all(sigset_t *before);
void signals_block_all_but_faults(sigset_t *before);
void signals_restore(const sigset_t *before);
/* Puts a program's mask back, less the faults that HotSpot needs. */
void signals_restore_for_java(struct thread *self, const sigset_t *before);

/* Around libc's fork: nothing comes in between, and the program's handlers of it find and change the mask that they
 * would without us. So does a thread that one of them creates: signals_begin_thread, on it, with that mask. */
void signals_begin_fork(struct thread *self);
void signals_end_fork(struct thread *self);
void signals_begin_thread(uint64_t mask);
/* For another program that is about to be executed: what the program has blocked is. */
void signals_hand_on(const struct thread *self, sigset_t *before);

/* Unblocks a fault while its handler runs. */
void signals_allow(int signal);
/* Takes the faults out of a set, and returns those that were in it as bits; and puts them back. */
unsigned signals_take_faults(sigset_t *set);
void signals_add_faults(sigset_t *set, unsigned faults);
/* Whether the program has blocked the fault on this thread, as far as it knows; `mask` is the kernel's. */
bool signals_is_blocked(const struct thread *self, int signal, const sigset_t *mask);
/* Sends a signal that has arrived here to a thread of the process; false: there is no such thread. */
bool signals_send(pid_t thread, int signal, const siginfo_t *info);
/* The mask of a handler of a fault; such a thread's children are without the mark. */
void signals_mark(sigset_t *set);
void signals_unmark(void);
/* Forgets a handler of a fault that was left by a jump. `mask`: the kernel's; NULL: that of now. */
void signals_settle(struct thread *self, const sigset_t *mask);

/* ---- pending.c: faults that are sent while they are blocked ---- */

/* Keeps a fault that was sent, if the thread has blocked it; and sends what has been kept and is blocked no longer. */
bool pending_keep(struct thread *self, int signal, const siginfo_t *info, const sigset_t *mask);
void pending_deliver(struct thread *self);
void pending_child(void); /* in a forked one: what was sent to the parent is the parent's */

/* ---- dispositions.c: what the program wants done with the signals that HotSpot needs ---- */

/* After the JVM has set its own: what there was before, and the program's are kept; all as it was, if it is not up. */
void dispositions_restore(const struct sigaction before[NSIG], bool is_up);
/* Beside the program, from now on: what the JVM wants is done then and there. */
void dispositions_expect_jvm(void);
/* Does what the program wants done; false: it wants the default, which for a fault is the end. */
bool dispositions_call(int signal, siginfo_t *info, void *context);
bool dispositions_have_handler(int signal); /* of the program's */
/* Whether the program ignores one that HotSpot needs. For another program that is about to be executed: that is what
 * the kernel does with it, until `dispositions_take_back`. Not where a thread may fault in Java. */
bool dispositions_ignore(void);
void dispositions_hand_on(void);
void dispositions_take_back(void);
/* The stack pointer of what a signal has interrupted. */
uintptr_t dispositions_stack_pointer(const void *context);

/* ---- faults.c: SIGSEGV and its like, the program's and HotSpot's ---- */

/* The handler that stands for the JVM's and the program's, when the JVM wants this one. */
struct sigaction faults_divide(int signal, const struct sigaction *wanted);

#endif
