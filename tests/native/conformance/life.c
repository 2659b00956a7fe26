/* life.c: a fuzzer of process life. Threads with stacks of all sizes come and go, fork, are interrupted, fault, jump,
 * run fibers, load libraries; their children do the same, and end in every way that there is; and all of them allocate
 * and check what they find in blocks, their own, each other's and their parents'. hosted: no
 *
 *   life [SEED [SECONDS]]   SEED 0: one from the clock
 *
 * The seed decides what is done, and each thread and child gets a seed of its own from who makes it; when it is done is
 * for the machine to decide. So a seed that fails does not always fail again, but seldom needs many more runs. */
#include "check.h"

#include "acts.h"
#include "of-java.h"
#include "parcels.h"
#include "watch.h"

#include <limits.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/syscall.h>

enum { LEVELS = 3, CREW = 6, DETACHED = 4, KEYS = 3 };

extern char **environ;

static int level; /* of forks */

static size_t (*java_serves)(size_t times); /* NULL: the allocator under test is another */
static atomic_int detached;
static pthread_key_t keys[KEYS];

/* Threads that fork, or -1 while one is in the loader. libc does not bring the loader's locks into a child. */
static atomic_int forking;

static void begin_fork(void) {
    for (int others = forking; others < 0 || !atomic_compare_exchange_weak(&forking, &others, others + 1);) {
        sched_yield();
        others = forking;
    }
}

static void end_fork(void) { forking--; }

static void load_libraries(uint64_t *random) {
    const char *const names[] = {"libz.so.1", "libm.so.6", "libresolv.so.2", "libnone.so"};
    for (int nobody = 0; !atomic_compare_exchange_weak(&forking, &nobody, -1); nobody = 0)
        sched_yield();
    void *library = dlopen(names[random_below(random, 4)], random_below(random, 2) ? RTLD_NOW : RTLD_LAZY);
    parcels_churn(random, 10);
    if (library != NULL)
        CHECK_EQ(dlclose(library), 0);
    forking = 0;
}

/* ---- what is done at the end of a thread, and of a process ---- */

struct farewell {
    pthread_key_t key;
    int rounds;
    uint64_t random;
    struct parcel *parcel;
};

static void say_farewell(void *given) {
    struct farewell *farewell = given;
    parcel_drop(farewell->parcel);
    farewell->parcel = NULL;
    parcels_churn(&farewell->random, 8);
    if (farewell->rounds-- > 0) {
        farewell->parcel = parcel_make(&farewell->random);
        CHECK_EQ(pthread_setspecific(farewell->key, farewell), 0);
    } else {
        free(farewell);
    }
}

static void promise_farewells(uint64_t *random) {
    for (int i = 0; i < KEYS; i++) {
        if (pthread_getspecific(keys[i]) != NULL || random_below(random, 2))
            continue;
        struct farewell *farewell = malloc(sizeof *farewell);
        CHECK(farewell != NULL);
        int rounds = (int)random_below(random, PTHREAD_DESTRUCTOR_ITERATIONS);
        *farewell = (struct farewell){keys[i], rounds, random_next(random), parcel_make(random)};
        CHECK_EQ(pthread_setspecific(keys[i], farewell), 0);
    }
}

static void at_the_end(void) {
    uint64_t random = check_seed;
    parcels_churn(&random, 30);
}

/* ---- threads ---- */

struct task {
    void (*what)(uint64_t *random);
    const char *name;
    uint64_t random;
    size_t stack_bytes;
    bool is_detached;
};

static const size_t stack_sizes[] = {16 << 10,  20 << 10,  32 << 10, 64 << 10, 128 << 10,
                                     256 << 10, 512 << 10, 1 << 20,  8 << 20};

enum { STACK_SIZES = sizeof stack_sizes / sizeof *stack_sizes, STACK_FOR_SIGNALS = 64 << 10 };

static void *run_task(void *given) {
    struct task task = *(struct task *)given;
    free(given);
    self.random_of_handlers = random_next(&task.random);
    self.stack_floor = (char *)__builtin_frame_address(0) - task.stack_bytes + (task.stack_bytes / 4 + (24 << 10));
    void *signal_stack = task.stack_bytes < STACK_FOR_SIGNALS ? NULL : set_signal_stack(&task.random);
    struct act *act = watch_begin(task.name);
    promise_farewells(&task.random);
    task.what(&task.random);
    watch_end(act);
    if (signal_stack != NULL)
        unset_signal_stack(signal_stack);
    if (task.is_detached)
        detached--;
    return NULL;
}

struct thread {
    pthread_t id;
    void *stack; /* the program's; or NULL */
};

/* Handlers need more than the least. */
static void block_signals(sigset_t *before) {
    sigset_t all;
    sigfillset(&all);
    CHECK_EQ(pthread_sigmask(SIG_SETMASK, &all, before), 0);
}

static struct thread start_thread(struct task of) {
    struct thread thread = {0};
    pthread_attr_t attributes;
    sigset_t before;
    struct task *task = malloc(sizeof *task);
    CHECK(task != NULL);
    *task = of;
    watched->threads++;
    pthread_attr_init(&attributes);
    if (!of.is_detached && random_below(&task->random, 8) == 0) {
        CHECK_EQ(posix_memalign(&thread.stack, 4096, of.stack_bytes), 0);
        CHECK_EQ(pthread_attr_setstack(&attributes, thread.stack, of.stack_bytes), 0);
    } else {
        CHECK_EQ(pthread_attr_setstacksize(&attributes, of.stack_bytes), 0);
    }
    CHECK_EQ(pthread_attr_setdetachstate(&attributes, of.is_detached), 0);
    if (of.stack_bytes < STACK_FOR_SIGNALS)
        block_signals(&before);
    CHECK_EQ(pthread_create(&thread.id, &attributes, run_task, task), 0);
    if (of.stack_bytes < STACK_FOR_SIGNALS)
        CHECK_EQ(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
    pthread_attr_destroy(&attributes);
    return thread;
}

static void join(struct thread *thread) {
    CHECK_EQ(pthread_join(thread->id, NULL), 0);
    free(thread->stack);
    *thread = (struct thread){0};
}

static void churn(uint64_t *random) { parcels_churn(random, scaled(1 + random_below(random, 1500))); }

static void churn_a_little(uint64_t *random) { parcels_churn(random, 1 + random_below(random, 30)); }

static void have_many_threads(uint64_t *random) {
    struct thread threads[8];
    size_t count = 1 + random_below(random, 8);
    for (size_t i = 0; i < count; i++)
        threads[i] = start_thread((struct task){.what = churn_a_little,
                                                .name = "one of many",
                                                .random = random_next(random),
                                                .stack_bytes = stack_sizes[random_below(random, STACK_SIZES)]});
    for (size_t i = 0; i < count; i++)
        join(&threads[i]);
}

/* ---- children ---- */

static void live(uint64_t *random, unsigned steps, bool is_all_joined);

enum ending {
    BY__EXIT,
    BY_EXIT,
    BY_QUICK_EXIT,
    BY_EXIT_ON_ANOTHER_THREAD,
    BY_ABORT,
    BY_KILL,
    BY_TERM,
    BY_FAULT,
    ENDINGS
};

static const int signal_of_ending[ENDINGS] = {
    [BY_ABORT] = SIGABRT, [BY_KILL] = SIGKILL, [BY_TERM] = SIGTERM, [BY_FAULT] = SIGSEGV};

struct child {
    uint64_t random;
    bool is_quiet; /* forked without the handlers of fork */
    enum ending ending;
    int status;          /* for exit */
    volatile bool *ends; /* shared: it is on the way that was meant */
};

static void exit_with(uint64_t *status) { exit((int)*status); }

static void *exit_on_this_thread(void *status) {
    uint64_t given = (uintptr_t)status;
    exit_with(&given);
    return NULL;
}

static _Noreturn void end(enum ending ending, int status) {
    pthread_t thread;
    switch (ending) {
    case BY_EXIT:
        begin_fork(); /* nobody is in the loader from now on: it is called by exit, too */
        exit(status);
    case BY_QUICK_EXIT:
        begin_fork();
        quick_exit(status);
    case BY_EXIT_ON_ANOTHER_THREAD:
        begin_fork();
        CHECK_EQ(pthread_create(&thread, NULL, exit_on_this_thread, (void *)(intptr_t)status), 0);
        pthread_join(thread, NULL);
        break;
    case BY_ABORT:
        abort();
    case BY_KILL:
        kill(getpid(), SIGKILL);
        break;
    case BY_TERM:
        raise(SIGTERM);
        break;
    case BY_FAULT:
        signal(SIGSEGV, SIG_DFL);
        *(volatile char *)escape(NULL) = 1;
        break;
    default:
        break;
    }
    _exit(status);
}

static void take_what_is_inherited(uint64_t *random) {
    for (size_t i = 0; i < MAILBOX; i++) {
        struct parcel *parcel = parcel_exchange(NULL, random);
        if (parcel != NULL && random_below(random, 2))
            parcel = parcel_resize(parcel, random);
        parcel_drop(parcel);
    }
}

static void count_who_serves(void) {
    void *block = malloc(100);
    CHECK(block != NULL);
    if (!is_of_java(block))
        watched->on_libc++;
    free(block);
}

static _Noreturn void be_a_child(struct child *child, pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(0);
    level++;
    forking = 0;
    detached = 0;
    if (!child->is_quiet && random_below(&child->random, 4) > 0)
        count_who_serves();
    struct act *act = watch_begin("a child's life");
    size_t life = random_below(&child->random, 8);
    is_without_mail = child->is_quiet; /* libc's malloc is as _Fork found it, with its locks held: nothing for it */
    if (child->is_quiet)
        life = java_serves != NULL && java_serves(1) ? 1 : 0;
    if (life == 1)
        churn_a_little(&child->random);
    else if (life == 2)
        take_what_is_inherited(&child->random);
    else if (life == 3)
        churn(&child->random);
    else if (life > 3)
        live(&child->random, (unsigned)(1 + random_below(&child->random, 10)), life % 2);
    watch_end(act);
    *child->ends = true;
    end(child->ending, child->status);
}

static void expect_end(const struct child *child, pid_t process) {
    int status;
    CHECK_EQ(waitpid(process, &status, 0), process);
    watch_end_all(process);
    int number = signal_of_ending[child->ending];
    bool is_expected = number == 0 ? WIFEXITED(status) && WEXITSTATUS(status) == child->status
                                   : WIFSIGNALED(status) && WTERMSIG(status) == number;
    CHECK(is_expected && *child->ends, "child %d: wait status 0x%x, ending %d, %s its end", process, (unsigned)status,
          child->ending, *child->ends ? "at" : "before");
}

static void have_a_child(uint64_t *random) {
    if (level >= LEVELS)
        return;
    struct child child = {.random = random_next(random),
                          .is_quiet = random_below(random, 8) == 0,
                          .ending = (enum ending)random_below(random, ENDINGS),
                          .status = 40 + (int)random_below(random, 50)};
    bool is_raw = child.is_quiet && random_below(random, 2) == 0; /* libc takes the child for its parent */
    if (is_raw || (child.is_quiet && signal_of_ending[child.ending] == 0))
        child.ending = BY__EXIT;
    child.ends = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(child.ends != MAP_FAILED);
    watched->children++;
    pid_t parent = getpid();
    begin_fork();
    pid_t process = is_raw ? (pid_t)syscall(SYS_fork) : child.is_quiet ? _Fork() : fork();
    CHECK(process >= 0);
    if (process == 0)
        be_a_child(&child, parent);
    end_fork();
    expect_end(&child, process);
    munmap((void *)child.ends, 4096);
}

static void expect_exit(pid_t process, int expected, const char *what) {
    int status;
    CHECK(process > 0, "%s", what);
    CHECK_EQ(waitpid(process, &status, 0), process);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == expected, "%s: wait status 0x%x", what, (unsigned)status);
}

static __attribute__((noinline)) pid_t fork_for_a_moment(char **arguments, int status) {
    pid_t process = vfork();
    if (process == 0) {
        if (arguments != NULL)
            execv(arguments[0], arguments);
        _exit(status);
    }
    return process;
}

/* Programs are few: each starts a JVM. */
static void have_a_program(uint64_t *random) {
    char *arguments[] = {(char *)"/bin/true", NULL};
    pid_t process;
    switch (random_below(random, 12)) {
    case 0:
        expect_exit(fork_for_a_moment(arguments, 1), 0, "vfork and exec");
        break;
    case 1:
        CHECK_EQ(posix_spawn(&process, arguments[0], NULL, NULL, arguments, environ), 0);
        expect_exit(process, 0, "posix_spawn");
        break;
    default:
        expect_exit(fork_for_a_moment(NULL, 41), 41, "vfork");
    }
}

/* ---- lives ---- */

static const struct deed {
    void (*what)(uint64_t *random);
    const char *name;
    unsigned weight;
    size_t stack_bytes; /* that it needs */
} deeds[] = {
    {churn_a_little, "churns a little", 8, 16 << 10},
    {churn, "churns", 8, 16 << 10},
    {jump_out_of_handlers, "jumps out of handlers", 4, 64 << 10},
    {catch_faults, "catches faults", 4, 64 << 10},
    {have_fibers, "has fibers", 3, 64 << 10},
    {go_deep, "goes deep", 4, 64 << 10},
    {load_libraries, "loads libraries", 2, 128 << 10},
    {set_a_timer, "sets a timer", 2, 16 << 10},
    {have_many_threads, "has many threads", 2, 64 << 10},
    {have_a_program, "has a program", 1, 64 << 10},
    {have_a_child, "has a child", 10, 256 << 10},
};

static const struct deed *choose_deed(uint64_t *random) {
    size_t sum = 0;
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++)
        sum += deeds[i].weight;
    size_t at = random_below(random, sum);
    const struct deed *deed = deeds;
    for (; at >= deed->weight; deed++)
        at -= deed->weight;
    return deed;
}

static void step(uint64_t *random, struct thread crew[CREW]) {
    const struct deed *deed = choose_deed(random);
    struct task task = {.what = deed->what, .name = deed->name, .random = random_next(random)};
    do
        task.stack_bytes = stack_sizes[random_below(random, STACK_SIZES)];
    while (task.stack_bytes < deed->stack_bytes);
    struct thread *place = &crew[random_below(random, CREW)];
    size_t way = random_below(random, 10);
    watched->steps++;
    if (place->id != 0 && random_below(random, 2))
        CHECK_EQ(pthread_kill(place->id, SIGUSR1), 0);
    if (way < 3) {
        struct act *act = watch_begin(deed->name);
        task.what(&task.random);
        watch_end(act);
    } else if (way < 5 && detached < DETACHED) {
        detached++;
        task.is_detached = true;
        start_thread(task);
    } else {
        if (place->id != 0)
            join(place);
        *place = start_thread(task);
    }
}

static void live(uint64_t *random, unsigned steps, bool is_all_joined) {
    struct thread crew[CREW] = {{0}};
    for (unsigned i = 0; i < steps && !watch_is_over(); i++)
        step(random, crew);
    for (size_t i = 0; i < CREW && is_all_joined; i++)
        if (crew[i].id != 0)
            join(&crew[i]);
    while (is_all_joined && detached > 0)
        usleep(500);
}

static void take_arguments(int argc, char **argv, double *seconds) {
    check_begin("life", argc, argv);
    if (argc > 1 && check_seed == 0)
        check_seed = (uint64_t)(watch_seconds() * 1e6) + (uint64_t)getpid();
    *seconds = argc > 2 ? strtod(argv[2], NULL) : 5 * check_scale;
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
}

int main(int argc, char **argv) {
    double seconds;
    take_arguments(argc, argv, &seconds);
    watch_start(seconds);
    uint64_t random = check_seed;
    handlers_may_allocate = check_env("EXPECT_JAVALLOC");
    if (handlers_may_allocate)
        *(void **)&java_serves = dlsym(RTLD_DEFAULT, "javalloc_cross");
    is_of_java(NULL); /* asks the loader, once */
    set_handlers();
    self.random_of_handlers = random_next(&random);
    self.stack_floor = (char *)__builtin_frame_address(0) - (4 << 20);
    void *signal_stack = set_signal_stack(&random);
    for (int i = 0; i < KEYS; i++)
        CHECK_EQ(pthread_key_create(&keys[i], say_farewell), 0);
    CHECK(atexit(at_the_end) == 0 && at_quick_exit(at_the_end) == 0);
    live(&random, UINT_MAX, random_below(&random, 2));
    if (random_below(&random, 2))
        unset_signal_stack(signal_stack);
    watch_say_how_it_goes();
    watch_begin("ends");
    check_end();
    watched->is_at_end = true;
    end((enum ending)random_below(&random, BY_ABORT), 0);
}
