/* errno-and-state.c: when main starts, the process is as it would be without javalloc.
 * What only the driver can know comes in the environment: EXPECT_NOFILE (soft limit), EXPECT_FD3=1 (3 is free),
 * EXPECT_CWD, EXPECT_UMASK (octal).
 * That nothing else is printed, the driver must see: "ok errno-and-state" is the whole output.
 * hosted: no */
#include "check.h"

#include <locale.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <xmmintrin.h>

extern char **environ;

static void errno_is_zero(int at_start) { CHECK_EQ(at_start, 0); }

static void the_locale_is_C(void) {
    const char *locale = setlocale(LC_ALL, NULL);
    CHECK(strcmp(locale, "C") == 0, "%s", locale);
    CHECK_EQ(MB_CUR_MAX, 1);
}

static void floating_point_is_as_the_ABI_says(void) {
    uint16_t x87;
    __asm__ volatile("fnstcw %0" : "=m"(x87));
    CHECK_EQ(x87, 0x37f);
    CHECK_EQ(_mm_getcsr() & 0xffc0, 0x1f80); /* masks, rounding, no flush to zero; not the sticky flags */
}

/* Also of the start itself, which computes. */
static void no_floating_point_exception_was_raised(unsigned at_start) { CHECK_EQ(at_start, 0x1f80); }

/* A thread's first call raises no exception, and does not stumble over one that is trapped. */
static void *trap_all(void *unused) {
    _mm_setcsr(0x0000);
    void *block = malloc(100);
    unsigned now = _mm_getcsr();
    _mm_setcsr(0x1f80);
    CHECK_EQ(now, 0);
    free(block);
    return unused;
}

static void floating_point_is_the_threads_own(void) {
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, NULL, trap_all, NULL), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
}

static unsigned core_filter(const char *of) {
    unsigned filter = 0;
    FILE *file = fopen(of, "r");
    CHECK(file != NULL && fscanf(file, "%x", &filter) == 1);
    fclose(file);
    return filter;
}

/* What a core dump has in it is inherited. */
static void core_dumps_are_unchanged(void) {
    char parents[40];
    snprintf(parents, sizeof parents, "/proc/%d/coredump_filter", (int)getppid());
    CHECK_EQ(core_filter("/proc/self/coredump_filter"), core_filter(parents));
}

static void no_signal_is_blocked(void) {
    sigset_t mask;
    CHECK_EQ(sigprocmask(SIG_BLOCK, NULL, &mask), 0);
    for (int number = 1; number < NSIG; number++)
        CHECK(sigismember(&mask, number) != 1, "signal %d", number);
}

/* The SigIgn line of the parent: a signal that it ignores is inherited so. */
static uint64_t ignored_by_the_parent(void) {
    char path[40], status[4096];
    snprintf(path, sizeof path, "/proc/%d/status", (int)getppid());
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return ~(uint64_t)0;
    ssize_t length = read(descriptor, status, sizeof status - 1);
    close(descriptor);
    status[length > 0 ? length : 0] = 0;
    const char *line = strstr(status, "SigIgn:");
    return line == NULL ? ~(uint64_t)0 : strtoull(line + 7, NULL, 16);
}

static void every_signal_has_its_default_disposition(void) {
    uint64_t ignored = ignored_by_the_parent();
    int wrong = 0;
    for (int number = 1; number < NSIG; number++) {
        struct sigaction action;
        if (sigaction(number, NULL, &action) != 0)
            continue; /* 32 and 33: glibc's own */
        if (action.sa_handler == SIG_DFL)
            continue;
        if (action.sa_handler == SIG_IGN && (ignored >> (number - 1) & 1) != 0)
            continue;
        fprintf(stderr, "signal %d (%s) has the handler %p\n", number, strsignal(number), (void *)action.sa_handler);
        wrong++;
    }
    CHECK_EQ(wrong, 0);
}

static void no_timer_runs(void) {
    for (int which = ITIMER_REAL; which <= ITIMER_PROF; which++) {
        struct itimerval timer;
        CHECK_EQ(getitimer((__itimer_which_t)which, &timer), 0);
        CHECK(timer.it_value.tv_sec == 0 && timer.it_value.tv_usec == 0, "timer %d", which);
    }
}

static void the_limits_are_unchanged(void) {
    const char *expected = getenv("EXPECT_NOFILE");
    struct rlimit limit;
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (expected != NULL)
        CHECK_EQ(limit.rlim_cur, strtoull(expected, NULL, 10));
}

static void the_first_descriptor_is_3(void) {
    int descriptor = open("/dev/null", O_RDONLY);
    CHECK(descriptor >= 0);
    if (check_env("EXPECT_FD3"))
        CHECK_EQ(descriptor, 3);
    close(descriptor);
}

static void directory_umask_and_name_are_unchanged(const char *program) {
    char directory[4096];
    const char *expected = getenv("EXPECT_CWD");
    CHECK(getcwd(directory, sizeof directory) != NULL);
    if (expected != NULL)
        CHECK(strcmp(directory, expected) == 0, "%s", directory);

    mode_t mask = umask(0);
    umask(mask);
    expected = getenv("EXPECT_UMASK");
    if (expected != NULL)
        CHECK_EQ(mask, strtoul(expected, NULL, 8));

    char thread_name[17] = "";
    const char *slash = strrchr(program, '/');
    CHECK_EQ(prctl(PR_GET_NAME, thread_name), 0);
    CHECK(strncmp(thread_name, slash ? slash + 1 : program, 15) == 0, "the main thread is called %s", thread_name);
}

/* /proc/self/environ is what the kernel was given. Includes JAVA_TOOL_OPTIONS, if it was there. */
static void the_environment_is_unchanged(void) {
    static char given[1 << 20];
    int descriptor = open("/proc/self/environ", O_RDONLY | O_CLOEXEC);
    CHECK(descriptor >= 0);
    size_t length = 0;
    for (ssize_t got; (got = read(descriptor, given + length, sizeof given - 1 - length)) > 0;)
        length += (size_t)got;
    close(descriptor);
    char **variable = environ;
    for (const char *at = given; at < given + length; at += strlen(at) + 1, variable++) {
        CHECK(*variable != NULL, "%s is gone", at);
        CHECK(strcmp(*variable, at) == 0, "%s instead of %s", *variable, at);
    }
    CHECK(*variable == NULL, "%s is new", *variable);
}

int main(int argc, char **argv) {
    int at_start = errno;
    unsigned floating_at_start = _mm_getcsr();
    the_environment_is_unchanged(); /* before anything that could allocate, too */
    check_begin("errno-and-state", argc, argv);
    errno_is_zero(at_start);
    no_floating_point_exception_was_raised(floating_at_start);
    for (int after_use = 0; after_use < 2; after_use++) { /* and as well when the heap has been used */
        the_locale_is_C();
        floating_point_is_as_the_ABI_says();
        no_signal_is_blocked();
        every_signal_has_its_default_disposition();
        no_timer_runs();
        the_limits_are_unchanged();
        the_first_descriptor_is_3();
        directory_umask_and_name_are_unchanged(argv[0]);
        the_environment_is_unchanged();
        core_dumps_are_unchanged();
        for (size_t size = 1; size < 1000000; size *= 2)
            free(malloc(size));
        floating_point_is_the_threads_own();
    }
    return check_end();
}
