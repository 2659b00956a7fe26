/* beside.c: what a program sees, and must not see, of a JVM that starts beside it (JAVALLOC_START=async): it allocates
 * from the first moment on, and its blocks are good on whichever side; its handlers, masks, locale, environment and
 * descriptors are its own in every moment; it may end in every moment, in all ways, and fork. Each case is this program
 * again, with a moment that is different each time. hosted: no */
#include "check.h"
#include "of-java.h"
#include "respawn.h"

#include <dirent.h>
#include <dlfcn.h>
#include <locale.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

enum { MOMENTS = 40, LONGEST_MILLISECONDS = 120, UP_SECONDS = 60 };

static unsigned moment;

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Allocates until the moment, the sides changing underneath. */
static void live_until(double end) {
    enum { BLOCKS = 64 };
    char *blocks[BLOCKS] = {NULL};
    size_t sizes[BLOCKS] = {0};
    uint64_t random = check_seed + moment;
    do {
        size_t at = random_below(&random, BLOCKS);
        if (blocks[at] != NULL)
            verify(blocks[at], sizes[at], at);
        sizes[at] = 1 + random_size(&random, 3000);
        blocks[at] = realloc(blocks[at], sizes[at]);
        CHECK(blocks[at] != NULL);
        fill(blocks[at], sizes[at], at);
    } while (seconds() < end);
    for (size_t i = 0; i < BLOCKS; i++) {
        if (blocks[i] != NULL)
            verify(blocks[i], sizes[i], i);
        free(blocks[i]);
        blocks[i] = NULL;
    }
}

static void live(void) { live_until(seconds() + moment * LONGEST_MILLISECONDS / 1000.0 / MOMENTS); }

static bool java_serves(void) {
    void *block = malloc(100);
    CHECK(block != NULL);
    bool is = is_of_java(block);
    free(block);
    return is;
}

/* What `look` looks at holds until Java serves, and some time longer. */
static void until_java_serves(void (*look)(void)) {
    double end = seconds() + UP_SECONDS;
    while (!java_serves()) {
        look();
        CHECK(seconds() < end, "Java does not serve");
    }
    for (int i = 0; i < 50; i++)
        look();
}

/* ---- ends ---- */

static void returns(void) {
    live();
    exit(0);
}

static void at_exit(void) { live_until(0); }

static void exits_with_handlers(void) {
    CHECK_EQ(atexit(at_exit), 0);
    live();
    exit(0);
}

static void exits_quickly(void) {
    CHECK_EQ(at_quick_exit(at_exit), 0);
    live();
    quick_exit(0);
}

static void exits_at_once(void) {
    live();
    _exit(0);
}

static void *wait_and_exit(void *unused) {
    live();
    exit(unused != NULL);
}

static void leaves_main(void) {
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, NULL, wait_and_exit, NULL), 0);
    pthread_exit(NULL);
}

static void aborts(void) {
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    live();
    abort();
}

static void faults(void) {
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    live();
    *(volatile char *)escape(NULL) = 1;
}

static void is_terminated(void) {
    live();
    raise(SIGTERM);
}

static void executes_another(void) {
    live();
    execl("/bin/true", "true", NULL);
}

/* ---- forks ---- */

static void forks(void) {
    int status;
    live();
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        live_until(0);
        void *library = dlopen("libm.so.6", RTLD_NOW); /* the loader's lock is free */
        CHECK(library != NULL);
        dlclose(library);
        CHECK(!check_env("EXPECT_JAVALLOC") || java_serves() || getenv("JAVALLOC_CHILDREN") == NULL);
        exit(0);
    }
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
    exit(0);
}

static void forks_quietly(void) {
    int status;
    live();
    pid_t child = _Fork();
    CHECK(child >= 0);
    if (child == 0)
        _exit(0);
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
    exit(0);
}

static void spawns(void) {
    int status;
    pid_t child;
    char *arguments[] = {(char *)"/bin/true", NULL};
    live();
    CHECK_EQ(posix_spawn(&child, arguments[0], NULL, NULL, arguments, environ), 0);
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
    exit(0);
}

/* ---- signals ---- */

static volatile sig_atomic_t faults_seen;

static void handler(int number) { faults_seen += number == SIGUSR1; }

static void look_at_dispositions(void) {
    for (int number = 1; number < SIGRTMAX; number++) {
        struct sigaction now;
        if (number == SIGKILL || number == SIGSTOP || number == 32 || number == 33)
            continue;
        CHECK_EQ(sigaction(number, NULL, &now), 0);
        void (*expected)(int) = number == SIGUSR1 || number == SIGSEGV ? handler : SIG_DFL;
        CHECK(now.sa_handler == expected, "signal %d", number);
    }
    sigset_t mask, empty;
    sigemptyset(&empty);
    CHECK_EQ(pthread_sigmask(SIG_SETMASK, NULL, &mask), 0);
    CHECK(memcmp(&mask, &empty, _NSIG / 8) == 0);
    int before = faults_seen;
    raise(SIGUSR1);
    CHECK_EQ(faults_seen, before + 1);
}

static void keeps_dispositions(void) {
    signal(SIGPIPE, SIG_DFL);
    signal(SIGSEGV, handler);
    signal(SIGUSR1, handler);
    until_java_serves(look_at_dispositions);
    exit(0);
}

static void allocate_a_little(void) { live_until(0); }

static void leave(int number) { _exit(number == SIGSEGV ? 0 : 1); }

static int overflow(int depth) {
    volatile char frame[1000];
    frame[depth % 1000] = (char)depth;
    return depth < 0 ? 0 : overflow(depth + 1) + frame[0];
}

static void keeps_the_signal_stack(void) {
    stack_t stack = {.ss_sp = malloc(64 << 10), .ss_size = 64 << 10};
    struct sigaction wanted = {.sa_handler = leave, .sa_flags = SA_ONSTACK};
    CHECK_EQ(sigaltstack(&stack, NULL), 0);
    CHECK_EQ(sigaction(SIGSEGV, &wanted, NULL), 0);
    until_java_serves(allocate_a_little);
    overflow(0);
}

/* Whoever sets them last has set them: the JVM does not come in between. */
static void set_dispositions(void) {
    const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGPIPE, SIGXFSZ, 63};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction wanted = {.sa_handler = faults_seen++ % 2 ? handler : SIG_IGN, .sa_flags = SA_NODEFER}, now;
        CHECK_EQ(sigaction(signals[i], &wanted, NULL), 0);
        CHECK_EQ(sigaction(signals[i], NULL, &now), 0);
        CHECK(now.sa_handler == wanted.sa_handler && (now.sa_flags & SA_NODEFER) != 0, "signal %d", signals[i]);
    }
}

static void sets_dispositions(void) {
    until_java_serves(set_dispositions);
    exit(0);
}

static void blocks_all_signals(void) {
    sigset_t all;
    sigfillset(&all);
    CHECK_EQ(pthread_sigmask(SIG_SETMASK, &all, NULL), 0);
    until_java_serves(live);
    live_until(seconds() + 0.1);
    exit(0);
}

/* ---- locale, environment, descriptors ---- */

static void look_at_locale(void) {
    CHECK(strcmp(setlocale(LC_ALL, NULL), "C") == 0);
    CHECK(localeconv()->decimal_point[0] == '.');
    CHECK(setlocale(LC_ALL, "C.UTF-8") != NULL);
    CHECK(setlocale(LC_ALL, "C") != NULL);
}

static void keeps_locale(void) {
    setenv("LC_ALL", "C.UTF-8", 1);
    until_java_serves(look_at_locale);
    exit(0);
}

static void change_environment(void) {
    static unsigned number;
    char name[40], value[40];
    CHECK(getenv("_JAVA_SR_SIGNUM") == NULL);
    if (number % 500 == 0)
        clearenv();
    snprintf(name, sizeof name, "NAME_%u", number);
    snprintf(value, sizeof value, "%u", number++);
    CHECK_EQ(setenv(name, value, 1), 0);
    CHECK(strcmp(getenv(name), value) == 0);
    setenv("JAVA_TOOL_OPTIONS", "-Dno", 1);
}

static void changes_environment(void) {
    bool expected = check_env("EXPECT_JAVALLOC");
    void *block = malloc(100);
    is_of_java(block); /* asks for the environment, too */
    double end = seconds() + UP_SECONDS;
    static const uintptr_t *(*bridge)(void);
    *(void **)&bridge = dlsym(RTLD_DEFAULT, "javalloc_bridge");
    for (bool is_up = !expected; !is_up;) {
        change_environment();
        void *another = malloc(100);
        is_up = (uintptr_t)another - bridge()[1] < bridge()[2];
        free(another);
        CHECK(seconds() < end);
    }
    free(block);
    exit(0);
}

static int count_descriptors(void) {
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

static int descriptors_at_first;

static void look_at_descriptors(void) {
    close(STDIN_FILENO);
    CHECK_EQ(open("/dev/null", O_RDONLY), STDIN_FILENO);
    int ends[2];
    CHECK_EQ(pipe(ends), 0);
    CHECK_EQ(ends[0], 3);
    CHECK_EQ(ends[1], 4);
    close(ends[0]);
    close(ends[1]);
    CHECK_EQ(count_descriptors(), descriptors_at_first);
}

static void keeps_descriptors(void) {
    closefrom(3);
    descriptors_at_first = count_descriptors();
    until_java_serves(look_at_descriptors);
    exit(0);
}

/* Nobody else holds the end of a pipe that the program has closed. */
static void closes_a_pipe(void) {
    int ends[2];
    char byte;
    live();
    CHECK_EQ(pipe(ends), 0);
    close(ends[1]);
    CHECK_EQ(read(ends[0], &byte, 1), 0);
    exit(0);
}

/* ---- limits and threads ---- */

static void *live_on_a_thread(void *unused) {
    live_until(0);
    return unused;
}

static void *allocate_on_a_thread(void *unused) {
    (void)unused;
    return malloc(500);
}

static void starts_threads(void) {
    for (int i = 0; i < 4; i++) {
        pthread_t threads[3];
        for (int k = 0; k < 3; k++)
            CHECK_EQ(pthread_create(&threads[k], NULL, k == 0 ? live_on_a_thread : allocate_on_a_thread, NULL), 0);
        live();
        for (int k = 0; k < 3; k++) {
            void *block;
            CHECK_EQ(pthread_join(threads[k], &block), 0);
            free(block);
        }
    }
    exit(0);
}

static void loads_libraries(void) {
    double end = seconds() + 0.15;
    while (seconds() < end) {
        void *library = dlopen(moment % 2 ? "libz.so.1" : "libresolv.so.2", RTLD_NOW);
        live_until(0);
        if (library != NULL)
            dlclose(library);
    }
    exit(0);
}

static const struct respawn_case cases[] = {
    CASE(returns, 0),
    CASE(exits_with_handlers, 0),
    CASE(exits_quickly, 0),
    CASE(exits_at_once, 0),
    CASE(leaves_main, 0),
    CASE(aborts, SIGABRT),
    CASE(faults, SIGSEGV),
    CASE(is_terminated, SIGTERM),
    CASE(executes_another, 0),
    CASE(forks, 0),
    CASE(forks_quietly, 0),
    CASE(spawns, 0),
    CASE(keeps_dispositions, 0),
    CASE(keeps_the_signal_stack, 0),
    CASE(sets_dispositions, 0),
    CASE(blocks_all_signals, 0),
    CASE(keeps_locale, 0),
    CASE(changes_environment, 0),
    CASE(keeps_descriptors, 0),
    CASE(closes_a_pipe, 0),
    CASE(starts_threads, 0),
    CASE(loads_libraries, 0),
};
enum { CASES = sizeof cases / sizeof *cases };

int main(int argc, char **argv) {
    check_begin("beside", argc, argv);
    if (argc > 1 && strchr(argv[1], '@') != NULL) { /* case@moment */
        moment = (unsigned)atoi(strchr(argv[1], '@') + 1);
        *strchr(argv[1], '@') = '\0';
        for (int i = 0; i < CASES; i++)
            if (strcmp(argv[1], cases[i].name) == 0)
                cases[i].run();
        return 1;
    }
    for (size_t i = 0; i < scaled(MOMENTS) * CASES; i++) {
        char argument[100];
        snprintf(argument, sizeof argument, "%s@%zu", cases[i % CASES].name,
                 check_scale < 1 ? i / CASES * MOMENTS / scaled(MOMENTS) : i / CASES % MOMENTS);
        check_case(argument, cases[i % CASES].kills);
    }
    return check_end();
}
