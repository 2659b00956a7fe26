/*
 * limits.c: RLIMIT_AS and RLIMIT_DATA, in a process whose malloc and JVM have mapped far more than the program knows
 * of.
 *
 * RLIMIT_DATA is the kernel's to enforce, and ours to keep away from by a little: a JVM that gets no memory to compile
 * or to deoptimise with ends the process. RLIMIT_AS counts what is reserved, too, so the kernel sees no growth of the
 * heap: it is checked here, when the heap grows. There are three cases:
 *   - The limit was there before the program started: the region and the JVM have been fitted into it.
 *   - The program sets it to what it sees in use and a little: what is committed from then on counts on top.
 *   - The program sets it to less than that, not knowing of us: the kernel gets the limit and what is ours, so that
 *     the JVM can live; the program is told what it asked for; what is ours does not count; a program that it execs
 *     gets the limit as it was meant.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

/* What a limit must still allow after the heap has grown. */
#define JVM_RESERVE ((size_t)16 << 20)

/* What the JVM maps and reserves while it starts, and a little: VmPeak with the options of jvm-options.h, less a
 * region. */
#define JVM_ADDRESS_SPACE ((size_t)512 << 20)

/* How long to wait for the JVM's threads to stop. */
#define PATIENCE_NANOSECONDS 100000000L

/* What the JVM may map later: the compilers' memory. */
#define JVM_GROWTH ((size_t)128 << 20)

static size_t used_before, ours; /* address space: when the JVM started; what the start added */

static struct rlimit asked; /* of RLIMIT_AS, in the third case */
static bool is_raised;      /* the kernel's limit is not what was asked for */

/* Both are asked for at the start, and when the program has set one: a sandbox that it enters may forbid to ask. */
static _Atomic size_t known_data = SIZE_MAX, known_address_space = SIZE_MAX;

static void learn_limit(int resource, _Atomic size_t *known) {
    struct rlimit limit;
    if (syscall(SYS_prlimit64, 0, resource, NULL, &limit) == 0)
        *known = limit.rlim_cur == RLIM_INFINITY ? SIZE_MAX : limit.rlim_cur;
}

static void learn_limits(void) {
    learn_limit(RLIMIT_DATA, &known_data);
    learn_limit(RLIMIT_AS, &known_address_space);
}

size_t limits_address_space(void) { return is_raised ? asked.rlim_cur : known_address_space; }

/* What the process uses, in the words of /proc/self/statm: 0 is what RLIMIT_AS counts, 5 nearly what RLIMIT_DATA does.
 */
static size_t used_by_process(int field) {
    char text[128];
    /* Not libc's open, read and close: they are cancellation points, and malloc is none. */
    long file = syscall(SYS_openat, AT_FDCWD, "/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    long length = syscall(SYS_read, file, text, sizeof text - 1);
    syscall(SYS_close, file);
    text[length > 0 ? length : 0] = '\0';
    char *at = text;
    unsigned long pages = 0;
    for (int i = 0; i <= field; i++)
        pages = strtoul(at, &at, 10);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static size_t less(size_t a, size_t b) { return a > b ? a - b : 0; }

static bool fits(size_t used, size_t bytes, size_t limit) {
    return used <= limit && bytes + JVM_RESERVE <= limit - used;
}

static bool address_space_allows(size_t bytes, size_t committed) {
    static size_t limit_seen = SIZE_MAX, committed_then;
    size_t limit = limits_address_space();
    if (limit != limit_seen) {
        limit_seen = limit;
        committed_then = committed;
    }
    if (limit == SIZE_MAX)
        return true;
    size_t used = used_by_process(0);
    return is_raised ? fits(less(used, ours) + committed, bytes, limit)
                     : fits(used + (committed - committed_then), bytes, limit);
}

bool limits_allow(size_t bytes, size_t committed) {
    size_t data = known_data;
    return address_space_allows(bytes, committed) && (data == SIZE_MAX || fits(used_by_process(5), bytes, data));
}

/* What the JVM does not need is halved between the region and the program's own mappings and stacks. */
size_t limits_largest_region(size_t largest) {
    used_before = used_by_process(0);
    learn_limits();
    size_t limit = limits_address_space();
    if (limit == SIZE_MAX)
        return largest;
    __libc_mallopt(M_ARENA_MAX, 1); /* glibc would reserve 64 MiB for each of the JVM's threads */
    size_t left = less(less(limit, used_before), JVM_ADDRESS_SPACE);
    while (largest > left / 2)
        largest /= 2;
    return largest;
}

void limits_started(void) { ours = less(used_by_process(0), used_before) + JVM_GROWTH; }

/* ---- the program asks and sets ---- */

static rlim_t raised(rlim_t limit) { return limit > RLIM_INFINITY - ours ? RLIM_INFINITY : limit + ours; }

static int set_kernel_limit(const struct rlimit *limit) {
    return (int)syscall(SYS_prlimit64, 0, RLIMIT_AS, limit, NULL);
}

static int set_address_space(const struct rlimit *limit) {
    if (limit->rlim_cur > limit->rlim_max) {
        errno = EINVAL;
        return -1;
    }
    is_raised = false;
    if (!gate_is_open() || limit->rlim_cur >= used_by_process(0))
        return set_kernel_limit(limit);
    struct rlimit before, real = {raised(limit->rlim_cur), raised(limit->rlim_max)};
    if (syscall(SYS_prlimit64, 0, RLIMIT_AS, NULL, &before) == 0 && real.rlim_max > before.rlim_max)
        real.rlim_max = before.rlim_max; /* only root may raise it */
    if (real.rlim_cur > real.rlim_max)
        real.rlim_cur = real.rlim_max;
    asked = *limit;
    is_raised = set_kernel_limit(&real) == 0;
    return is_raised ? 0 : -1;
}

EXPORTED int prlimit64(pid_t pid, enum __rlimit_resource resource, const struct rlimit64 *wanted,
                       struct rlimit64 *before) {
    bool is_own = pid == 0 || pid == getpid();
    if (is_own && wanted != NULL)
        boot_wait(); /* a JVM that gets no memory while it starts ends the process */
    if (!is_own || resource != RLIMIT_AS) {
        int result = (int)syscall(SYS_prlimit64, pid, resource, wanted, before);
        if (is_own && wanted != NULL)
            learn_limits();
        return result;
    }
    struct rlimit old = asked, set;
    if (!is_raised && syscall(SYS_prlimit64, 0, RLIMIT_AS, NULL, &old) != 0)
        return -1;
    if (wanted != NULL) {
        set = (struct rlimit){wanted->rlim_cur, wanted->rlim_max};
        int failed = set_address_space(&set);
        learn_limits();
        if (failed)
            return -1;
    }
    if (before != NULL)
        *before = (struct rlimit64){old.rlim_cur, old.rlim_max};
    return 0;
}

/* On x86-64 the 64-bit names are the same functions. */
EXPORTED int prlimit(pid_t pid, enum __rlimit_resource resource, const struct rlimit *wanted, struct rlimit *before) {
    return prlimit64(pid, resource, (const struct rlimit64 *)wanted, (struct rlimit64 *)before);
}
EXPORTED int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit) {
    return prlimit(0, resource, limit, NULL);
}
EXPORTED int setrlimit64(__rlimit_resource_t resource, const struct rlimit64 *limit) {
    return prlimit64(0, resource, limit, NULL);
}
EXPORTED int getrlimit(__rlimit_resource_t resource, struct rlimit *limit) { return prlimit(0, resource, NULL, limit); }
EXPORTED int getrlimit64(__rlimit_resource_t resource, struct rlimit64 *limit) {
    return prlimit64(0, resource, NULL, limit);
}

/* ---- another program ---- */

static int execute(const char *path, char *const arguments[], char *const environment[]) {
    return (int)syscall(SYS_execve, path, arguments, environment);
}

static bool stop_jvm_threads(void) {
    long until = process_nanoseconds() + PATIENCE_NANOSECONDS;
    if (!jvm_threads_take_turn(until))
        return false;
    if (jvm_threads_stop(true, until))
        return true;
    jvm_threads_end_turn();
    return false;
}

/* What is ours does not go with it. If it cannot be executed (a shell tries each folder of PATH), all is as before; for
 * that the hard limit stays where it is. */
static int execute_with_limit_asked(const char *path, char *const arguments[], char *const environment[]) {
    struct rlimit raised_limit;
    if (syscall(SYS_prlimit64, 0, RLIMIT_AS, NULL, &raised_limit) != 0)
        return execute(path, arguments, environment);
    /* A JVM thread that gets no memory ends the process. In a child that has not called Java there are none. */
    bool with_jvm = process_is_own() && !gate_is_child() && !gate_is_asleep() && stop_jvm_threads();
    set_kernel_limit(&(struct rlimit){asked.rlim_cur, raised_limit.rlim_max});
    int result = execute(path, arguments, environment);
    int saved = errno;
    set_kernel_limit(&raised_limit);
    if (with_jvm) {
        jvm_threads_let_go();
        jvm_threads_end_turn();
    }
    errno = saved;
    return result;
}

/* The other exec functions reach the kernel without us: they pass on the larger limit. */
EXPORTED int execve(const char *path, char *const arguments[], char *const environment[]) {
    return is_raised ? execute_with_limit_asked(path, arguments, environment) : execute(path, arguments, environment);
}
