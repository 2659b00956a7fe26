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
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

static char home[JDK_PATH_MAX], java_home[JDK_PATH_MAX];
static long began;
static struct boot_figures figures;

struct boot_figures boot_figures(void) {
    return figures;
}

/* The jar and the AOT cache lie in a folder of the library's name beside it. */
static bool find_home(void) {
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

/* What a JVM takes while it starts, and a little; not counting its files, which the kernel can drop. */
#define JVM_MEMORY_MIB 24

static const char *find_memory(void) {
    static char message[128];
    if (!limits_leave_data())
        return "RLIMIT_DATA (ulimit -d) leaves no room for a JVM and a heap";
    size_t mib = cgroup_memory("/proc/self/cgroup", "/sys/fs/cgroup") >> 20;
    if (mib >= JVM_MEMORY_MIB)
        return NULL;
    snprintf(message, sizeof message, "the control group allows %zu MiB of memory, and a JVM needs %d", mib,
             JVM_MEMORY_MIB);
    return message;
}

static bool trace_places(void) {
    if (places_prepare())
        return true;
    report("JAVALLOC_LEAKS: libgcc_s.so.1, which walks the stack, is missing; leaks are not looked for");
    return false;
}

/* All that needs no JVM. */
static const char *prepare_all(void) {
    if (!find_home())
        return "the library cannot find itself";
    const char *problem = jdk_find(java_home);
    if (problem == NULL)
        problem = find_memory();
    if (problem == NULL)
        problem = prepare();
    if (problem != NULL)
        return problem;
    output_prepare();
    memcpy(bridge.heap, options.heap, sizeof bridge.heap);
    bridge.traced = options.leaks && trace_places();
    return NULL;
}

static void give_up(const char *problem, int exit_status) {
    if (exit_status == EXIT_USAGE || options.strict) {
        report("%s", problem);
        _exit(exit_status);
    }
    report("%s; libc serves this program", problem);
}

/* On the thread that has started the JVM: it was the JVM's until now, and is the program's main, or stays the JVM's. */
static void begin_service(void) {
    if (options.stats[0] != '\0')
        stats_prepare();
    jvm_threads_started();
    image_map(java_home);
    limits_started();
    magazine_prepare();
    if (figures.is_beside) {
        figures.libc_calls = counters_calls_on(ROUTE_LIBC);
    } else {
        thread_self.kind = THREAD_NEW;
        thread_enter(&thread_self);
        counters_reset();
    }
    figures.nanoseconds = process_nanoseconds() - began;
    gate_open();
}

static void at_the_end(void);

/* ---- before the program ---- */

static void boot_before(void) {
    int exit_status = EXIT_UNAVAILABLE;
    process_save();
    const char *problem = jvm_start(home, java_home, &exit_status);
    process_restore(problem == NULL);
    if (problem == NULL)
        begin_service();
    else
        give_up(problem, exit_status);
}

/* ---- beside the program ---- */

/* For the JVM's main thread. */
#define STACK_BESIDE ((size_t)2 << 20)

#define PATIENCE_NANOSECONDS 10000000000L

static _Atomic bool is_under_way, is_loading;

/* In a child there is nobody to wait for. */
static void wait_while(const _Atomic bool *condition) {
    if (!process_is_own() || thread_runs_jvm(&thread_self))
        return;
    const struct timespec moment = {.tv_nsec = 200000};
    long until = process_nanoseconds() + PATIENCE_NANOSECONDS;
    while (*condition && process_nanoseconds() < until)
        syscall(SYS_nanosleep, &moment, NULL); /* libc's is a cancellation point */
}

static void wait_while_loading(void *unused) {
    (void)unused;
    wait_while(&is_loading);
}

/* When the process ends the loader forgets that it has initialized its libraries, and what is loaded after that has
 * those initialized again that it needs: the JVM's, while they are in use. So all are loaded at once, and who ends the
 * process meanwhile waits: in a handler that is called before the loader's, as that is older; libc has set it before
 * main began. */
static void load(void) {
    is_loading = true;
    behind()->at_exit(wait_while_loading, NULL, NULL);
    jvm_load(java_home);
    is_loading = false;
}

static void *boot_thread(void *unused) {
    int exit_status = EXIT_UNAVAILABLE;
    process_part_thread();
    load();
    const char *problem = jvm_start(home, java_home, &exit_status);
    if (problem != NULL)
        give_up(problem, exit_status);
    process_parted();
    if (problem == NULL) {
        begin_service();
        jvm_detach();
    }
    is_under_way = false;
    return unused;
}

/* False: it must be done before. */
static bool boot_beside(void) {
    pthread_attr_t attributes;
    pthread_t thread;
    if (!process_part() || pthread_attr_init(&attributes) != 0)
        return false;
    pthread_attr_setstacksize(&attributes, STACK_BESIDE);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    is_under_way = figures.is_beside = true;
    if (jvm_threads_create(&thread, &attributes, boot_thread, NULL) != 0)
        is_under_way = figures.is_beside = false;
    pthread_attr_destroy(&attributes);
    return figures.is_beside;
}

/* A fork: the thread may hold the loader's lock, which libc does not free in a child; and so the child has Java. */
void boot_wait(void) {
    if (unlikely(is_under_way))
        wait_while(&is_under_way);
}

/* Main's, for the start of a JVM. */
static bool stack_is_short(void) {
    struct rlimit limit;
    return getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur < STACK_BESIDE / 2;
}

static void boot(void) {
    began = process_nanoseconds();
    const char *problem = prepare_all();
    if (problem != NULL) {
        give_up(problem, EXIT_UNAVAILABLE);
        return;
    }
    at_quick_exit(at_the_end); /* it runs no destructors */
    if ((!options.starts_beside && !stack_is_short()) || !boot_beside()) {
        boot_before();
        return;
    }
    thread_self.kind = THREAD_NEW;
    if (!options.starts_beside)
        boot_wait();
}

__attribute__((constructor)) static void library_loaded(void) {
    int saved = errno;
    behind_find();
    libc_malloc_find(); /* no later: it wants the loader's lock, too */
    options_read();
    if (options.exec_is_ignored)
        process_hide_preload();
    if (options.off || jvm_is_loaded()) {
        /* A JVM that loaded us wants the host mode and will say so. */
    } else if (jvm_is_launcher()) {
        report("%s is a JVM itself and is left alone", program_invocation_short_name);
    } else {
        thread_self.kind = THREAD_INSIDE; /* code of the JVM runs on it */
        boot();
        if (thread_self.kind == THREAD_INSIDE)
            thread_self.kind = THREAD_NEW; /* and no more, whatever has become of it */
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
    if (is_over || figures.nanoseconds == 0 || gate_is_child() || gate_is_asleep() || !process_is_own())
        return;
    is_over = true;
    route_flush(true); /* what has been freed twice is seen at last */
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

/* The JVM's own malloc would be ours. */
static bool serves_whole_process(void) {
    Dl_info its, ours;
    return dladdr(dlsym(RTLD_DEFAULT, "malloc"), &its) != 0 && dladdr(&bridge, &ours) != 0 &&
           its.dli_fbase == ours.dli_fbase;
}

EXPORTED struct javalloc_bridge *javalloc_host_prepare(const char *heap) {
    if (gate_is_open() || strlen(heap) >= sizeof bridge.heap || serves_whole_process())
        return NULL;
    if (bridge.region_base == 0 && prepare() != NULL)
        return NULL;
    strcpy(bridge.heap, heap);
    return &bridge;
}

EXPORTED void javalloc_host_ready(void) {
    if (!jvm_adopt())
        return;
    magazine_prepare();
    gate_open();
}
