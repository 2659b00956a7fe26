/*
 * boot.c: from the constructor to the running heap, and the ends of a process.
 *
 *   library loaded -> options -> is this process a JVM? -> region -> JVM -> heap -> the route opens
 *
 * Whatever fails on the way leaves the program on libc, with one line that says so; under JAVALLOC_STRICT=1 it ends the
 * program instead (69, as sysexits.h has it for a service that is unavailable). A heap expression that is wrong always
 * ends it (64): the user asked for something that is not there.
 */
#include <dlfcn.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

static double start_milliseconds;

double boot_milliseconds(void) { return start_milliseconds; }

/* The jar and the AOT cache lie in a folder of the library's name beside it. */
static bool find_home(char home[JDK_PATH_MAX]) {
    Dl_info info;
    char path[PATH_MAX];
    if (dladdr((void *)find_home, &info) == 0 || realpath(info.dli_fname, path) == NULL)
        return false;
    return (size_t)snprintf(home, JDK_PATH_MAX, "%s/javalloc", dirname(path)) < JDK_PATH_MAX;
}

static const char *prepare(void) {
    if (!route_prepare() || !thread_prepare() || !fork_prepare())
        return "the process has no room for the library's own state";
    process_settle();
    return region_reserve() ? NULL : "RLIMIT_AS (ulimit -v) leaves no room for a JVM and a heap";
}

static bool trace_places(void) {
    if (places_prepare())
        return true;
    report("JAVALLOC_LEAKS: libgcc_s.so.1, which walks the stack, is missing; leaks are not looked for");
    return false;
}

static const char *start(int *exit_status) {
    static char home[JDK_PATH_MAX], java_home[JDK_PATH_MAX];
    if (!find_home(home))
        return "the library cannot find itself";
    const char *problem = jdk_find(java_home);
    if (problem == NULL)
        problem = prepare();
    if (problem != NULL)
        return problem;
    output_prepare();
    memcpy(bridge.heap, options.heap, sizeof bridge.heap);
    bridge.traced = options.leaks && trace_places();
    process_save();
    problem = jvm_start(home, java_home, exit_status);
    process_restore();
    return problem;
}

static void give_up(const char *problem, int exit_status) {
    if (exit_status == EXIT_USAGE || options.strict) {
        report("%s", problem);
        _exit(exit_status);
    }
    report("%s; libc serves this program", problem);
}

static void at_the_end(void);

static void boot(void) {
    long began = process_nanoseconds();
    int exit_status = EXIT_UNAVAILABLE;
    thread_self.kind = THREAD_INSIDE;
    const char *problem = start(&exit_status);
    if (problem != NULL) {
        give_up(problem, exit_status);
        return;
    }
    if (options.stats[0] != '\0')
        stats_prepare();
    thread_self.kind = THREAD_NEW;
    thread_enter(&thread_self);
    thread_counts_reset();
    limits_started();
    at_quick_exit(at_the_end); /* it runs no destructors */
    route_open();
    start_milliseconds = (double)(process_nanoseconds() - began) / 1e6;
}

__attribute__((constructor)) static void library_loaded(void) {
    int saved = errno;
    behind_find();
    options_read();
    if (options.exec_is_ignored)
        process_hide_preload();
    if (options.off || jvm_is_loaded()) {
        /* A JVM that loaded us wants the host mode and will say so. */
    } else if (jvm_is_launcher()) {
        report("%s is a JVM itself and is left alone", program_invocation_short_name);
    } else {
        boot();
    }
    errno = saved;
}

/* What the user wants to know at the end of a process, whichever way it ends, and what the heap has to say. Not in a
 * child that shares our memory, or has lost Java, or never called it. What a forked child has not freed is, most of
 * it, its parent's. */
static void at_the_end(void) {
    static bool is_over;
    thread_come_again(); /* main, if it is the last one and has ended as a thread does */
    stats_write();
    if (is_over || start_milliseconds == 0 || route_is_child() || route_is_asleep() || !process_is_own())
        return;
    is_over = true;
    bool failed = bridge.traced != 0 && !fork_is_child() && leaks_write();
    intptr_t answer;
    if (options.verify)
        route_inspect(JAVALLOC_VERIFY, 0, 0, &answer);
    route_inspect(JAVALLOC_AT_EXIT, 0, 0, &answer);
    if (failed)
        _exit(EXIT_LEAKS);
}

__attribute__((destructor)) static void library_unloaded(void) {
    if (options.leaks_fail)
        fflush(NULL); /* as exit would do after us, if we did not end the process here */
    at_the_end();
}

/* ---- ends of a process that run no destructors ---- */

EXPORTED _Noreturn void _exit(int status) {
    at_the_end();
    behind()->exit(status);
    __builtin_unreachable();
}

EXPORTED _Noreturn void _Exit(int status) { _exit(status); }

/* ---- host mode ---- */

EXPORTED const struct javalloc_bridge *javalloc_bridge(void) { return &bridge; }

EXPORTED struct javalloc_bridge *javalloc_host_prepare(const char *heap) {
    if (route_is_open() || strlen(heap) >= sizeof bridge.heap)
        return NULL;
    if (bridge.region_base == 0 && prepare() != NULL)
        return NULL;
    strcpy(bridge.heap, heap);
    return &bridge;
}

EXPORTED void javalloc_host_ready(void) {
    if (jvm_adopt())
        route_open();
}
