/* watch.h: what a program that forks and starts threads is at, in memory that all its processes share; and a process
 * that watches it: says how it goes, what hangs, and how to do it again when it fails. Nothing here allocates.
 *
 *   KEEP=1   what hangs, or has got a fault that it does not expect, is left alive for a debugger
 */
#ifndef WATCH_H
#define WATCH_H

#include "check.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>

enum { ACTS = 256, HANG_SECONDS = 30, PROGRESS_SECONDS = 2 };

/* What a thread is at. */
struct act {
    _Atomic pid_t process; /* 0: the place is free */
    pid_t thread;
    unsigned step;
    char what[40];
    _Atomic double since; /* 0: not yet, or no longer */
};

static struct watched {
    double until;
    _Atomic bool is_at_end;
    _Atomic unsigned steps, threads, children, on_libc, signals, faults, jumps;
    struct act acts[ACTS];
} * watched;

static inline double watch_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static inline bool watch_is_over(void) { return watch_seconds() > watched->until; }

static inline struct act *watch_begin(const char *what) {
    for (struct act *act = watched->acts; act < watched->acts + ACTS; act++) {
        pid_t free_place = 0;
        if (!__atomic_compare_exchange_n((pid_t *)&act->process, &free_place, getpid(), false, __ATOMIC_ACQ_REL,
                                         __ATOMIC_RELAXED))
            continue;
        act->thread = gettid();
        act->step = watched->steps;
        snprintf(act->what, sizeof act->what, "%s", what);
        act->since = watch_seconds();
        return act;
    }
    return NULL; /* is not watched */
}

static inline void watch_end(struct act *act) {
    if (act == NULL)
        return;
    act->since = 0;
    act->process = 0;
}

/* Of a process that is gone. */
static inline void watch_end_all(pid_t process) {
    for (struct act *act = watched->acts; act < watched->acts + ACTS; act++)
        if (act->process == process)
            watch_end(act);
}

static inline void watch_say_how_to_repeat(double seconds) {
    static const char *const names[] = {"LD_PRELOAD",        "JAVALLOC_HEAP",   "JAVALLOC_STRICT",
                                        "JAVALLOC_CHILDREN", "EXPECT_JAVALLOC", "SCALE"};
    fprintf(stderr, "%s: failed with seed %llu; again:", check_name, (unsigned long long)check_seed);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (getenv(names[i]) != NULL)
            fprintf(stderr, " %s='%s'", names[i], getenv(names[i]));
    fprintf(stderr, " %s %llu %g\n", program_invocation_name, (unsigned long long)check_seed, seconds);
}

static inline bool watch_reports_hangs(double limit) {
    bool some_hang = false;
    double now = watch_seconds();
    for (struct act *act = watched->acts; act < watched->acts + ACTS; act++) {
        double since = act->since;
        if (since == 0 || now - since < limit)
            continue;
        if (kill(act->process, 0) != 0) {
            watch_end(act);
            continue;
        }
        fprintf(stderr, "%s: hangs at step %u: %s (pid %d, thread %d)\n", check_name, act->step, act->what,
                act->process, act->thread);
        some_hang = true;
    }
    return some_hang;
}

static inline void watch_say_how_it_goes(void) {
    fprintf(stderr, "%s: %u steps, %u threads, %u children (%u on libc), %u signals, %u faults, %u jumps\n", check_name,
            watched->steps, watched->threads, watched->children, watched->on_libc, watched->signals, watched->faults,
            watched->jumps);
}

static inline _Noreturn void watch(pid_t runner, double seconds) {
    const char *patience = getenv("PATIENCE");
    double limit = HANG_SECONDS * (patience == NULL ? 1 : strtod(patience, NULL));
    for (double next = watch_seconds() + PROGRESS_SECONDS;; usleep(20000)) {
        if (getppid() != runner) {
            if (!watched->is_at_end)
                watch_say_how_to_repeat(seconds);
            _exit(1);
        }
        if (watch_seconds() > next) {
            watch_say_how_it_goes();
            next += PROGRESS_SECONDS;
        }
        if (watch_reports_hangs(limit)) {
            watch_say_how_to_repeat(seconds);
            if (!check_env("KEEP"))
                kill(runner, SIGKILL);
            _exit(1);
        }
    }
}

/* Before anything else. The calling process runs for so many seconds. */
static inline void watch_start(double seconds) {
    watched = mmap(NULL, sizeof *watched, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(watched != MAP_FAILED);
    watched->until = watch_seconds() + seconds;
    pid_t runner = getpid(), watcher = fork();
    CHECK(watcher >= 0);
    if (watcher == 0)
        watch(runner, seconds);
}

#endif
