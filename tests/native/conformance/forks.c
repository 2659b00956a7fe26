/* forks.c: a forked child goes on in Java, however it was forked and whatever it does: beside threads that allocate,
 * come, go and fork at the same time; forks of forks; children that start threads, live long, daemonise, fork in
 * handlers of fork and of signals. Each child says with its exit status whether Java served it. hosted: no */
#include "check.h"
#include "of-java.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>

enum { ALIVE_ON_JAVA = 7, ALIVE_ON_LIBC = 8, CHILD_SECONDS = 60 };

static atomic_bool stop;
static char *inherited;
static atomic_int ready, on_java, on_libc;

/* 8 if any of them was libc's. */
static int use_the_heap(size_t rounds, uint64_t tag) {
    int result = ALIVE_ON_JAVA;
    void *blocks[32] = {NULL};
    size_t sizes[32] = {0};
    uint64_t random = tag;
    for (size_t i = 0; i < rounds; i++) {
        size_t at = random_below(&random, 32);
        if (blocks[at] != NULL)
            verify(blocks[at], sizes[at], at);
        sizes[at] = 1 + random_size(&random, 5000);
        if (i % 3 == 0) {
            free(blocks[at]);
            blocks[at] = malloc(sizes[at]);
        } else {
            blocks[at] = realloc(blocks[at], sizes[at]);
        }
        CHECK(blocks[at] != NULL);
        if (!is_of_java(blocks[at]))
            result = ALIVE_ON_LIBC;
        fill(blocks[at], sizes[at], at);
    }
    for (size_t i = 0; i < 32; i++)
        free(blocks[i]);
    return result;
}

static void *use_the_heap_on_a_thread(void *tag) { return (void *)(intptr_t)use_the_heap(60, (uintptr_t)tag); }

static int on_a_thread(uintptr_t tag) {
    pthread_t thread;
    void *result;
    CHECK_EQ(pthread_create(&thread, NULL, use_the_heap_on_a_thread, (void *)tag), 0);
    CHECK_EQ(pthread_join(thread, &result), 0);
    return (int)(intptr_t)result;
}

static int result_of(pid_t child, const char *what) {
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status) && (WEXITSTATUS(status) == ALIVE_ON_JAVA || WEXITSTATUS(status) == ALIVE_ON_LIBC),
          "%s: wait status 0x%x", what, (unsigned)status);
    return WEXITSTATUS(status);
}

/* Else Java comes along if it takes no more than some milliseconds, and what that is depends on the machine. */
static bool is_java_required(void) {
    const char *children = getenv("JAVALLOC_CHILDREN");
    return children != NULL && strcmp(children, "java") == 0;
}

static void expect_java(int result) { CHECK(result == ALIVE_ON_JAVA || !is_java_required()); }

static int worse(int a, int b) { return a > b ? a : b; }

/* ---- many, beside each other ---- */

static int live(unsigned number, int depth);

static int fork_again(unsigned number, int depth) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        _exit(live(number, depth));
    return result_of(child, "a child's child");
}

static int live(unsigned number, int depth) {
    alarm(CHILD_SECONDS);
    verify(inherited, 3000, 1);
    int result = use_the_heap(number % 7 == 0 ? 1500 : 15, number);
    if (number % 5 == 0)
        result = worse(result, on_a_thread(number));
    if (number % 11 == 0 && depth < 2)
        result = worse(result, fork_again(number / 11, depth + 1));
    char *larger = realloc(inherited, 100000);
    CHECK(larger != NULL);
    verify(larger, 3000, 1);
    free(larger);
    return result;
}

static void fork_once(unsigned number) {
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        int result = live(number, 0);
        if (number % 2)
            _exit(result);
        exit(result);
    }
    (result_of(child, "a child") == ALIVE_ON_JAVA ? &on_java : &on_libc)[0]++;
}

static void *allocate(void *tag) {
    while (!stop)
        use_the_heap(100, (uintptr_t)tag);
    return NULL;
}

static void *come_and_go(void *tag) {
    while (!stop)
        on_a_thread((uintptr_t)tag);
    return NULL;
}

/* It has an answer at each time: not 0 because a fork has just ended. */
static void *ask(void *unused) {
    void *block = malloc(40000);
    size_t usable = malloc_usable_size(block);
    CHECK(usable >= 40000);
    while (!stop)
        CHECK_EQ(malloc_usable_size(block), usable);
    free(block);
    return unused;
}

static void *fork_many(void *given) {
    unsigned first = (unsigned)(uintptr_t)given, count = (unsigned)scaled(1200);
    for (unsigned i = 0; i < count; i++)
        fork_once(first + i);
    return NULL;
}

static void forks_beside_each_other(void) {
    void *(*const others[])(void *) = {allocate, come_and_go, allocate, ask};
    pthread_t threads[4], forking[2];
    stop = false;
    for (uintptr_t i = 0; i < 4; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, others[i], (void *)(i + 1)), 0);
    for (uintptr_t i = 0; i < 2; i++)
        CHECK_EQ(pthread_create(&forking[i], NULL, fork_many, (void *)(i * 10000)), 0);
    for (int i = 0; i < 2; i++)
        CHECK_EQ(pthread_join(forking[i], NULL), 0);
    stop = true;
    for (int i = 0; i < 4; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
}

static void forks_one_by_one(void) {
    for (unsigned i = 0; i < scaled(1600); i++)
        fork_once(i);
}

/* ---- of all kinds: each returns the result of its child ---- */

static int run(void (*what)(void), pid_t (*make)(void), const char *name) {
    fflush(NULL);
    pid_t child = make();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(CHILD_SECONDS);
        what();
        _exit(1); /* it should not have returned */
    }
    return result_of(child, name);
}

static _Noreturn void live_long(void) {
    int result = ALIVE_ON_JAVA;
    for (int i = 0; i < 40; i++) {
        result = worse(result, use_the_heap(2000, (uint64_t)i));
        result = worse(result, on_a_thread((uintptr_t)i));
        usleep(2000);
    }
    exit(result);
}

static _Noreturn void daemonise(void) {
    int ends[2];
    CHECK_EQ(pipe(ends), 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (fork() == 0) {
        CHECK_EQ(daemon(1, 1), 0);
        alarm(CHILD_SECONDS);
        int result = use_the_heap(500, 3);
        CHECK_EQ(write(ends[1], &result, sizeof result), sizeof result);
        _exit(0);
    }
    int result;
    CHECK_EQ(read(ends[0], &result, sizeof result), sizeof result);
    exit(result);
}

static _Noreturn void a_few_generations(void) {
    for (int i = 0; i < 12; i++) {
        pid_t child = fork();
        CHECK(child >= 0);
        if (child != 0)
            exit(result_of(child, "a generation"));
        if (i % 2)
            CHECK(use_the_heap(40, (uint64_t)i) != 0);
    }
    exit(use_the_heap(100, 99));
}

/* The threads of the parent that are not here leave their stacks to new ones: all of each stack must be usable. This
 * one does not allocate, so no guard pages of the JVM's are its own. */
static void *use_all_of_the_stack(void *given) {
    char *_Atomic *low = given;
    while (*low == NULL)
        usleep(100);
    for (char *at = (char *)__builtin_frame_address(0) - 4096; at > *low + 64; at -= 1024)
        *(volatile char *)at = 1;
    return NULL;
}

static char *low_end_of_stack(pthread_t thread) {
    pthread_attr_t attributes;
    void *low;
    size_t bytes;
    CHECK_EQ(pthread_getattr_np(thread, &attributes), 0);
    CHECK_EQ(pthread_attr_getstack(&attributes, &low, &bytes), 0);
    pthread_attr_destroy(&attributes);
    return low;
}

static _Noreturn void use_stacks_left_behind(void) {
    pthread_t threads[4];
    char *_Atomic low[4] = {NULL};
    for (int i = 0; i < 4; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, use_all_of_the_stack, (void *)&low[i]), 0);
    for (int i = 0; i < 4; i++)
        low[i] = low_end_of_stack(threads[i]);
    for (int i = 0; i < 4; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    exit(use_the_heap(100, 5));
}

static void *allocate_once_and_wait(void *tag) {
    use_the_heap(10, (uintptr_t)tag);
    ready++;
    while (!stop)
        usleep(1000);
    return NULL;
}

static int beside_idle_threads(void) {
    pthread_t threads[4];
    stop = false;
    for (uintptr_t i = 0; i < 4; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, allocate_once_and_wait, (void *)i), 0);
    while (ready < 4)
        usleep(1000);
    int result = run(use_stacks_left_behind, fork, "uses stacks left behind");
    stop = true;
    for (int i = 0; i < 4; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    return result;
}

/* All threads, also those that came back. */
static void check_user_of_all_threads(unsigned user) {
    DIR *tasks = opendir("/proc/self/task");
    CHECK(tasks != NULL);
    for (struct dirent *task; (task = readdir(tasks)) != NULL;) {
        char path[300], line[200];
        unsigned real = user;
        snprintf(path, sizeof path, "/proc/self/task/%s/status", task->d_name);
        FILE *status = fopen(path, "r");
        while (status != NULL && fgets(line, sizeof line, status) != NULL)
            sscanf(line, "Uid: %u", &real);
        if (status != NULL)
            fclose(status);
        CHECK_EQ(real, user);
    }
    closedir(tasks);
}

static _Noreturn void give_up_rights(void) {
    enum { NOBODY = 65534 };
    int result = use_the_heap(20, 1);
    for (int i = 0; i < 10; i++) {
        result = worse(result, use_the_heap(20, 1));
        usleep(5000);
    }
    if (geteuid() == 0) {
        CHECK_EQ(setresuid(NOBODY, NOBODY, NOBODY), 0);
        check_user_of_all_threads(NOBODY);
    }
    exit(result);
}

/* ---- in the handlers of fork, and of signals ---- */

static bool is_to_allocate_in_handlers;
static void *of_handler;

static void allocate_in_a_handler(void) {
    if (is_to_allocate_in_handlers) {
        free(of_handler);
        of_handler = malloc(500);
        CHECK(of_handler != NULL);
        fill(of_handler, 500, 6);
    }
}

static _Noreturn void look_at_the_block_of_the_handler(void) {
    verify(of_handler, 500, 6);
    exit(use_the_heap(50, 6));
}

static int handlers_of_fork_allocate(void) {
    is_to_allocate_in_handlers = true;
    int result = run(look_at_the_block_of_the_handler, fork, "with handlers that allocate");
    is_to_allocate_in_handlers = false;
    return result;
}

static _Noreturn void do_little(void) { exit(use_the_heap(20, 8)); }

static atomic_int children_of_handlers;
static pid_t (*fork_of_handlers)(void);

static void fork_in_a_handler(int number) {
    (void)number;
    int saved = errno;
    pid_t child = fork_of_handlers();
    CHECK(child >= 0);
    if (child == 0)
        _exit(ALIVE_ON_JAVA);
    result_of(child, "a handler's child");
    children_of_handlers++;
    errno = saved;
}

/* Most of these interrupt malloc, and some of them Java; or fork, under a lock of libc's that fork waits for. */
static int handlers_of_signals_fork(pid_t (*make)(void), bool interrupt_forks) {
    struct itimerval often = {{0, 3000}, {0, 3000}}, never = {{0, 0}, {0, 0}};
    fork_of_handlers = make;
    children_of_handlers = 0;
    signal(SIGALRM, fork_in_a_handler);
    CHECK_EQ(setitimer(ITIMER_REAL, &often, NULL), 0);
    int result = ALIVE_ON_JAVA;
    while (children_of_handlers < 40)
        result = worse(result, interrupt_forks ? run(do_little, fork, "between handlers") : use_the_heap(200, 4));
    CHECK_EQ(setitimer(ITIMER_REAL, &never, NULL), 0);
    signal(SIGALRM, SIG_DFL);
    return result;
}

static atomic_int newest; /* a child; -1: not yet */

static void fork_and_go_on(int number) {
    (void)number;
    newest = fork();
}

static void *begin(void *unused) {
    (void)unused;
    while (newest == -1)
        continue;
    if (newest == 0)
        _exit(use_the_heap(20, 9));
    return (void *)(intptr_t)result_of(newest, "a new thread's child");
}

/* The signal comes before the thread has done anything: in the child, too, it has all to do. (Its routine was gone.) */
static void threads_that_have_not_begun_fork(void) {
    signal(SIGUSR1, fork_and_go_on);
    for (unsigned i = 0; i < scaled(100); i++) {
        pthread_t thread;
        void *result;
        newest = -1;
        CHECK_EQ(pthread_create(&thread, NULL, begin, NULL), 0);
        CHECK_EQ(pthread_kill(thread, SIGUSR1), 0);
        CHECK_EQ(pthread_join(thread, &result), 0);
    }
    signal(SIGUSR1, SIG_DFL);
}

static _Noreturn void leave_by_pthread_exit(void) {
    if (use_the_heap(20, 8) != ALIVE_ON_JAVA)
        exit(ALIVE_ON_LIBC);
    on_a_thread(3);
    exit(ALIVE_ON_JAVA);
}

int main(int argc, char **argv) {
    check_begin("forks", argc, argv);
    inherited = malloc(3000);
    fill(inherited, 3000, 1);
    expect_java(run(do_little, fork, "from a cold JVM"));
    expect_java(run(live_long, fork, "lives long, from a cold JVM"));
    expect_java(run(a_few_generations, fork, "generations, from a cold JVM"));
    expect_java(run(leave_by_pthread_exit, fork, "threads, from a cold JVM"));
    forks_one_by_one();
    expect_java(run(live_long, fork, "lives long"));
    expect_java(run(a_few_generations, fork, "generations"));
    expect_java(run(give_up_rights, fork, "gives up its rights"));
    expect_java(run(daemonise, fork, "daemonises"));
    expect_java(run(do_little, _Fork, "by _Fork"));
    expect_java(handlers_of_signals_fork(_Fork, false));
    handlers_of_signals_fork(fork, true);
    threads_that_have_not_begun_fork();
    expect_java(beside_idle_threads());
    CHECK_EQ(pthread_atfork(allocate_in_a_handler, allocate_in_a_handler, allocate_in_a_handler), 0);
    expect_java(handlers_of_fork_allocate());
    forks_beside_each_other();
    printf("%d children on Java, %d on libc\n", on_java, on_libc);
    CHECK(on_libc == 0 || !is_java_required());
    CHECK(on_java > 0);
    free(inherited);
    free(of_handler);
    return check_end();
}
