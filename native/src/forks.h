/*
 * forks.h: what becomes of the JVM in a forked child. One section per file.
 */
#ifndef JAVALLOC_FORKS_H
#define JAVALLOC_FORKS_H

#include "internal.h"
#include "thread.h"

/* ---- glibc.c: what we know of glibc's insides ---- */

/* Once, with libc's place for the id of a thread that has a stack of its own (see PR_GET_TID_ADDRESS), or NULL. */
void glibc_find(const _Atomic pid_t *id);
/* Whether an address lies in the dynamic loader's code; false before it has been found. */
OURS extern struct glibc_range { uintptr_t low, bytes; } glibc_loader;
static inline bool glibc_is_loader(const void *address) {
    return (uintptr_t)address - glibc_loader.low < glibc_loader.bytes;
}
/* Whether it was at work where a signal's handler has interrupted it, and may hold locks; not, if it only waited. */
bool glibc_is_at_work(const void *context);
void glibc_count_threads(int more);
bool glibc_is_single_threaded(void); /* but for the JVM's threads; false if that is unknown */
/* One that it does not know of in this process: a call like setuid is for it, too. */
void glibc_list_thread(const _Atomic pid_t *id);

/* ---- jvm-threads.c: the JVM's own threads ---- */

/* A real-time signal in the place of SIGUSR2. HotSpot suspends its threads with it. */
#define SUSPEND_SIGNAL      63
#define SUSPEND_SIGNAL_TEXT "63"

/* The handler that stands for the JVM's and the program's, when the JVM wants this one. */
struct sigaction jvm_threads_divide(const struct sigaction *wanted);
void jvm_threads_started(void); /* once the JVM is up */
/* As pthread_create. */
int jvm_threads_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*routine)(void *), void *argument);
/* Who stops them takes a turn; false if nobody gives it up until then, or if it is the caller's own. */
bool jvm_threads_take_turn(long until);
bool jvm_threads_is_my_turn(void);
void jvm_threads_end_turn(void);
/* Stops them: wherever they are, and then the caller makes system calls and nothing else; or outside of libc. Those
 * that have stopped go on if not all do so in time. */
bool jvm_threads_stop(bool anywhere, long until);
void jvm_threads_let_go(void);
void jvm_threads_let_go_soon(void); /* within milliseconds, unless they are stopped again before */
/* In a forked child, of those that were stopped then. */
void jvm_threads_are_memory_only(void);
bool jvm_threads_bring_back(void);  /* within milliseconds; false if the system refuses */
void jvm_threads_await(long until); /* until all are back */

/* ---- fork.c: what becomes of Java in a forked child ---- */

struct fork_figures {
    uint64_t with_java, without_java; /* children of this process */
};
bool fork_prepare(void);
/* In a child: whether Java can serve there; at the latest at its first call. */
void fork_decide(void);
/* Wakes a JVM that came along. */
void fork_wake(void);
/* Before the process may be kept from making threads: if those of the JVM are wanted, they are there. */
void fork_complete(void);
bool fork_is_child(void); /* of either kind */
struct fork_figures fork_figures(void);

#endif
