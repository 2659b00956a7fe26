/*
 * limits.c: RLIMIT_AS and RLIMIT_DATA, in a process whose malloc and JVM have mapped far more than the program knows
 * of.
 *
 * The kernel enforces them, and we keep away from them by a little: a JVM that gets no memory to compile or to
 * deoptimise with ends the process. RLIMIT_AS counts what is reserved, too, so the kernel sees no growth of the heap:
 * that is checked here, when the heap grows. There are three cases:
 *   - The limit was there before the program started: the region and the JVM are fitted into it, or libc serves.
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

/* What is mapped for the start that RLIMIT_DATA counts: the JVM's heap, its stacks and code, the reserve, and a little.
 */
#define JVM_DATA ((size_t)160 << 20)

/* Of each it is asked what it is at the start, and when the program has set one: a sandbox that it enters may forbid to
 * ask. */
static struct limit {
    int resource;
    int field;                /* of /proc/self/statm: what it counts, or nearly so */
    size_t used_before, ours; /* when the JVM started; what the start added */
    struct rlimit asked;      /* in the third case */
    bool is_raised;           /* the kernel's limit is not what was asked for */
    _Atomic size_t known;     /* the kernel's; SIZE_MAX: none */
} address_space = {.resource = RLIMIT_AS, .field = 0, .known = SIZE_MAX},
  data = {.resource = RLIMIT_DATA, .field = 5, .known = SIZE_MAX};

static void learn(struct limit *limit) {
    struct rlimit now;
    if (syscall(SYS_prlimit64, 0, limit->resource, NULL, &now) == 0)
        limit->known = now.rlim_cur == RLIM_INFINITY ? SIZE_MAX : now.rlim_cur;
}

/* As the program knows it. */
static size_t bytes_of(const struct limit *limit) { return limit->is_raised ? limit->asked.rlim_cur : limit->known; }

size_t limits_address_space(void) { return bytes_of(&address_space); }

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

static bool fits(size_t used, size_t bytes, size_t limit) { return used <= limit && bytes <= limit - used; }

/* What is raised is raised by what the JVM needs. `used`: without what the heap uses, and does not share with it. */
static bool allows(const struct limit *limit, size_t bytes, size_t used, size_t of_heap) {
    return limit->is_raised ? fits(less(used, limit->ours) + of_heap, bytes, limit->asked.rlim_cur)
                            : fits(used + of_heap, bytes + JVM_RESERVE, limit->known);
}

static bool address_space_allows(size_t bytes, size_t committed) {
    static size_t limit_seen = SIZE_MAX, committed_then;
    size_t limit = bytes_of(&address_space);
    if (limit != limit_seen) {
        limit_seen = limit;
        committed_then = committed;
    }
    return limit == SIZE_MAX || allows(&address_space, bytes, used_by_process(address_space.field),
                                       address_space.is_raised ? committed : committed - committed_then);
}

static bool data_allows(size_t bytes, size_t committed) {
    return bytes_of(&data) == SIZE_MAX || allows(&data, bytes, less(used_by_process(data.field), committed), committed);
}

bool limits_allow(size_t bytes, size_t committed) {
    return address_space_allows(bytes, committed) && data_allows(bytes, committed);
}

static void look_before(struct limit *limit) {
    limit->used_before = used_by_process(limit->field);
    learn(limit);
}

bool limits_leave_data(void) {
    look_before(&data);
    return data.known == SIZE_MAX || fits(data.used_before, JVM_DATA + JVM_RESERVE, data.known);
}

/* What the JVM does not need is halved between the region and the program's own mappings and stacks. */
size_t limits_largest_region(size_t largest) {
    look_before(&address_space);
    if (address_space.known == SIZE_MAX)
        return largest;
    libc_malloc()->set_option(M_ARENA_MAX, 1); /* glibc would reserve 64 MiB for each of the JVM's threads */
    size_t left = less(less(address_space.known, address_space.used_before), JVM_ADDRESS_SPACE);
    while (largest > left / 2)
        largest /= 2;
    return largest;
}

static void look_after(struct limit *limit) {
    limit->ours = less(used_by_process(limit->field), limit->used_before) + JVM_GROWTH;
}

void limits_started(void) {
    look_after(&address_space);
    look_after(&data);
}

/* ---- the program asks and sets ---- */

static struct limit *limit_of(int resource) {
    return resource == RLIMIT_AS ? &address_space : resource == RLIMIT_DATA ? &data : NULL;
}

static rlim_t raised(const struct limit *limit, rlim_t bytes) {
    return bytes > RLIM_INFINITY - limit->ours ? RLIM_INFINITY : bytes + limit->ours;
}

static int ask_kernel(const struct limit *limit, struct rlimit *now) {
    return (int)syscall(SYS_prlimit64, 0, limit->resource, NULL, now);
}

static int set_kernel(const struct limit *limit, const struct rlimit *wanted) {
    return (int)syscall(SYS_prlimit64, 0, limit->resource, wanted, NULL);
}

static int set(struct limit *limit, const struct rlimit *wanted) {
    if (wanted->rlim_cur > wanted->rlim_max) {
        errno = EINVAL;
        return -1;
    }
    struct rlimit before, real = *wanted;
    if (ask_kernel(limit, &before) != 0)
        return -1;
    bool raises = gate_is_open() && wanted->rlim_cur < used_by_process(limit->field);
    bool exceeds = wanted->rlim_max > (limit->is_raised ? limit->asked.rlim_max : before.rlim_max);
    if (exceeds && set_kernel(limit, &(struct rlimit){before.rlim_cur, RLIM_INFINITY}) != 0)
        return -1; /* only root may */
    if (raises) {
        real = (struct rlimit){raised(limit, wanted->rlim_cur), raised(limit, wanted->rlim_max)};
        if (real.rlim_max > before.rlim_max && !exceeds)
            real.rlim_max = before.rlim_max;
        if (real.rlim_cur > real.rlim_max)
            real.rlim_cur = real.rlim_max;
    }
    if (set_kernel(limit, &real) != 0)
        return -1;
    limit->asked = *wanted;
    limit->is_raised = raises;
    return 0;
}

EXPORTED int prlimit64(pid_t pid, enum __rlimit_resource resource, const struct rlimit64 *wanted,
                       struct rlimit64 *before) {
    bool is_own = pid == 0 || pid == getpid();
    if (is_own && wanted != NULL)
        boot_wait(); /* a JVM that gets no memory while it starts ends the process */
    if (is_own && wanted != NULL && resource == RLIMIT_NPROC)
        fork_complete();
    struct limit *limit = is_own ? limit_of((int)resource) : NULL;
    if (limit == NULL)
        return (int)syscall(SYS_prlimit64, pid, resource, wanted, before);
    struct rlimit old = limit->asked;
    if (!limit->is_raised && ask_kernel(limit, &old) != 0)
        return -1;
    if (wanted != NULL) {
        int failed = set(limit, &(struct rlimit){wanted->rlim_cur, wanted->rlim_max});
        learn(limit);
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
    struct thread *self = &thread_self;
    if (self->blocked_faults == 0 && !self->is_forking)
        return (int)syscall(SYS_execve, path, arguments, environment);
    sigset_t mask;
    signals_hand_on(self, &mask);
    int result = (int)syscall(SYS_execve, path, arguments, environment);
    signals_restore(&mask);
    return result;
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

/* For the program to come: what was asked for. The hard limit stays where it is, in case it cannot be executed. */
static void lower(const struct limit *limit, struct rlimit *before) {
    if (limit->is_raised && ask_kernel(limit, before) == 0)
        set_kernel(limit, &(struct rlimit){limit->asked.rlim_cur, before->rlim_max});
}

static void raise_again(const struct limit *limit, const struct rlimit *before) {
    if (limit->is_raised)
        set_kernel(limit, before);
}

/* What is ours does not go with it. If it cannot be executed (a shell tries each folder of PATH), all is as before. */
static int execute_as_asked(const char *path, char *const arguments[], char *const environment[]) {
    const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
    struct rlimit address_space_before = none, data_before = none;
    /* A JVM thread that gets no memory ends the process, and so does a fault that is ignored. In a child that has not
     * called Java there are none. */
    bool has_jvm = process_is_own() && !gate_is_child() && !gate_is_asleep();
    bool is_stopped = has_jvm && stop_jvm_threads();
    bool is_alone = !has_jvm || (is_stopped && glibc_is_single_threaded());
    if (is_alone)
        dispositions_hand_on();
    lower(&address_space, &address_space_before);
    lower(&data, &data_before);
    int result = execute(path, arguments, environment);
    int saved = errno;
    raise_again(&address_space, &address_space_before);
    raise_again(&data, &data_before);
    if (is_alone)
        dispositions_take_back();
    if (is_stopped) {
        jvm_threads_let_go();
        jvm_threads_end_turn();
    }
    errno = saved;
    return result;
}

/* The other exec functions reach the kernel without us: they pass on what is the kernel's. */
EXPORTED int execve(const char *path, char *const arguments[], char *const environment[]) {
    bool is_as_asked = !address_space.is_raised && !data.is_raised && !dispositions_ignore();
    return (is_as_asked ? execute : execute_as_asked)(path, arguments, environment);
}
