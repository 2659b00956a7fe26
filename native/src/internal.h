/*
 * internal.h: what all files of the shim have in common; and, at its end, what they know of each other, a header for
 * each of their concerns.
 */
#ifndef JAVALLOC_INTERNAL_H
#define JAVALLOC_INTERNAL_H

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <threads.h>

#include "javalloc/bridge.h"
#include "javalloc/javalloc.h"

#if !defined(__OPTIMIZE__)
#error "not without optimisation: the loader is known by who calls, and that is lost if last calls are not made jumps"
#endif

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* Everything is hidden (-fvisibility=hidden) but what this marks. */
#define EXPORTED __attribute__((visibility("default")))

/* For data of ours: it is reached without the loader's table. */
#define OURS __attribute__((visibility("hidden")))

/* The library is loaded before the program starts, or by a host that wants it: its few thread-local words may live in
 * the static TLS block, where reaching them is one instruction and never allocates. */
#define THREAD_LOCAL _Thread_local __attribute__((tls_model("initial-exec")))

/* ---- behind.c: the functions behind those that we define ---- */

typedef void (*handler_function)(int signal);

struct behind {
    void (*exit)(int status);
    pid_t (*fork)(void), (*fork_quietly)(void); /* the second is _Fork */
    int (*clone)(int (*routine)(void *), void *stack, int flags, void *argument, ...);
    long (*system_call)(long number, ...);
    int (*control)(int option, ...);
    int (*getattr)(pthread_t thread, pthread_attr_t *attributes);
    int (*create)(pthread_t *thread, const pthread_attr_t *attributes, void *(*routine)(void *), void *argument);
    int (*create_c11)(thrd_t *thread, thrd_start_t routine, void *argument);
    int (*wait)(pthread_cond_t *condition, pthread_mutex_t *mutex);
    int (*timed_wait)(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *until);
    int (*sleep)(const struct timespec *time, struct timespec *rest);
    int (*action)(int signal, const struct sigaction *wanted, struct sigaction *before); /* __sigaction */
    handler_function (*signal_bsd)(int signal, handler_function handler);                /* signal */
    handler_function (*signal_sysv)(int signal, handler_function handler);               /* sysv_signal */
    int (*suspend)(const sigset_t *mask);
    int (*await_signal_until)(const sigset_t *wanted, siginfo_t *info, const struct timespec *time);
    int (*await_signal)(const sigset_t *wanted, int *signal);
    int (*poll)(struct pollfd *files, nfds_t count, const struct timespec *time, const sigset_t *mask);
    int (*poll_checked)(struct pollfd *files, nfds_t count, const struct timespec *time, const sigset_t *mask,
                        size_t bytes);
    int (*select)(int count, fd_set *readable, fd_set *writable, fd_set *failed, const struct timespec *time,
                  const sigset_t *mask);
    int (*epoll)(int file, struct epoll_event *events, int room, int time, const sigset_t *mask);
    int (*epoll_finely)(int file, struct epoll_event *events, int room, const struct timespec *time,
                        const sigset_t *mask); /* epoll_pwait2; NULL: libc is older */
    char *(*getenv)(const char *name), *(*secure_getenv)(const char *name);
    int (*setenv)(const char *name, const char *value, int replace), (*unsetenv)(const char *name);
    int (*putenv)(char *entry), (*clearenv)(void);
    char *(*setlocale)(int category, const char *name);
    FILE *(*open)(const char *path, const char *mode);
    void *(*load)(const char *path, int flags); /* dlopen */
    ssize_t (*read_at)(int file, void *target, size_t bytes, off64_t from);
    int (*at_exit)(void (*handler)(void *), void *argument, void *library);
    _Atomic unsigned *threads; /* how many libc counts: the last of them ends the process. NULL: unknown */
};

extern struct behind behind_found;

void behind_find(void);

/* They are looked up when the library is loaded; other libraries' constructors may have called it before. */
static inline const struct behind *behind(void) {
    if (unlikely(behind_found.exit == NULL))
        behind_find();
    return &behind_found;
}

/* glibc's own allocator. Not under the names that begin with __libc_, which tcmalloc and mimalloc define, too: a
 * program may be linked with one of them behind us. */
struct libc_malloc {
    void *(*malloc)(size_t size);
    void *(*calloc)(size_t count, size_t size);
    void *(*realloc)(void *block, size_t size);
    void *(*memalign)(size_t alignment, size_t size);
    void (*free)(void *block);
    size_t (*usable_size)(void *block);
    int (*trim)(size_t bytes);
    int (*set_option)(int option, int value); /* mallopt */
};

extern struct libc_malloc libc_malloc_found;

void libc_malloc_find(void);

/* The first call may come before the library's constructor. */
static inline const struct libc_malloc *libc_malloc(void) {
    if (unlikely(libc_malloc_found.free == NULL))
        libc_malloc_find();
    return &libc_malloc_found;
}

#include "forks.h"
#include "magazine.h"
#include "region.h"
#include "reports.h"
#include "signals.h"
#include "start.h"
#include "thread.h"

#endif
