/* fork.c: a child that is forked beside allocating threads can read, free and resize what it inherited, allocate, start
 * a thread, fork again and exit; and so can vfork, posix_spawn, popen and system be used there. hosted: no */
#include "check.h"

#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { THREADS = 3, INHERITED = 64, OWN = 1000, CHILD_SECONDS = 20 };

extern char **environ;
static atomic_bool stop;
static struct {
    void *block;
    size_t size;
} inherited[INHERITED];

/* Where the newest child is: shared, so that the parent's watchdog can say it too. */
static struct shared { char stage[80]; } * shared;

static void at_stage(const char *who, int number, const char *what) {
    snprintf(shared->stage, sizeof shared->stage, "waits for %s %d, which %s", who, number, what);
}

static void *allocate_until_stopped(void *number) {
    uint64_t random = check_seed + (uint64_t)(uintptr_t)number;
    void *blocks[64] = {NULL};
    size_t sizes[64] = {0};
    while (!atomic_load(&stop)) {
        size_t at = random_below(&random, 64);
        if (blocks[at] != NULL)
            verify(blocks[at], sizes[at], at);
        free(blocks[at]);
        sizes[at] = random_size(&random, random_below(&random, 100) ? 4096 : 300000);
        blocks[at] = malloc(sizes[at]);
        CHECK(blocks[at] != NULL);
        fill(blocks[at], sizes[at], at);
    }
    for (int i = 0; i < 64; i++)
        free(blocks[i]);
    return NULL;
}

static void *one_allocation(void *unused) {
    (void)unused;
    void *block = malloc(3000);
    CHECK(block != NULL);
    fill(block, 3000, 3);
    return block;
}

static void inherited_blocks_are_intact(void) {
    for (size_t i = 0; i < INHERITED; i++)
        verify(inherited[i].block, inherited[i].size, i);
}

static void use_what_was_inherited(void) {
    for (size_t i = 0; i < INHERITED; i++) {
        if (i % 2 == 0) {
            free(inherited[i].block);
            inherited[i].block = malloc(inherited[i].size);
        } else {
            size_t size = i % 4 == 1 ? inherited[i].size * 2 : inherited[i].size / 2 + 1;
            inherited[i].block = realloc(inherited[i].block, size);
            CHECK(inherited[i].block != NULL);
            verify(inherited[i].block, size < inherited[i].size ? size : inherited[i].size, i);
            inherited[i].size = size;
        }
        CHECK(inherited[i].block != NULL);
        fill(inherited[i].block, inherited[i].size, i);
    }
}

static void allocate_own_blocks(void) {
    static void *own[OWN];
    for (size_t i = 0; i < OWN; i++) {
        own[i] = i % 3 ? malloc(i) : calloc(1, i);
        CHECK(own[i] != NULL);
        fill(own[i], i, i);
    }
    for (size_t i = 0; i < OWN; i++) {
        verify(own[i], i, i);
        free(own[i]);
    }
    inherited_blocks_are_intact();
}

static void start_a_thread(void) {
    pthread_t thread;
    void *block;
    CHECK_EQ(pthread_create(&thread, NULL, one_allocation, NULL), 0);
    CHECK_EQ(pthread_join(thread, &block), 0);
    verify(block, 3000, 3);
    free(block);
}

static void fork_and_wait(int number, int depth);

static void live_as_a_child(int number, int depth) {
    const char *who = depth ? "grandchild" : "child";
    check_watchdog(CHILD_SECONDS, shared->stage);
    at_stage(who, number, "reads inherited blocks");
    inherited_blocks_are_intact();
    at_stage(who, number, "frees and resizes inherited blocks");
    use_what_was_inherited();
    at_stage(who, number, "allocates");
    allocate_own_blocks();
    if (number % 3 == 0) {
        at_stage(who, number, "starts a thread");
        start_a_thread();
    }
    if (depth == 0 && number % 10 == 0)
        fork_and_wait(number, 1);
    at_stage(who, number, number % 2 ? "exits by _exit" : "exits by exit");
    check_watchdog(CHILD_SECONDS, shared->stage);
    if (number % 2)
        _exit(7);
    exit(7);
}

/* The child can hang before it sets its own alarm, in the handlers of fork: the parent watches longer. */
static void fork_and_wait(int number, int depth) {
    at_stage(depth ? "grandchild" : "child", number, "is in fork");
    check_watchdog(CHILD_SECONDS + 10 - 5 * (unsigned)depth, shared->stage);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        live_as_a_child(number, depth);
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7, "child %d: wait status 0x%x; last it %s", number, status,
          shared->stage);
    check_watchdog(0, "");
    inherited_blocks_are_intact();
}

static void vfork_and_exec(void) {
    check_watchdog(CHILD_SECONDS, "waits for vfork and exec");
    pid_t child = vfork();
    if (child == 0) {
        execl("/bin/true", "true", (char *)NULL);
        _exit(9);
    }
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
}

static void spawn_popen_and_system(void) {
    check_watchdog(CHILD_SECONDS, "waits for posix_spawn");
    char name[] = "true", *arguments[] = {name, NULL};
    pid_t child;
    int status;
    CHECK_EQ(posix_spawn(&child, "/bin/true", NULL, NULL, arguments, environ), 0);
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);

    check_watchdog(CHILD_SECONDS, "waits for popen");
    char line[20] = "";
    FILE *pipe = popen("echo hello", "r");
    CHECK(pipe != NULL);
    CHECK(fgets(line, sizeof line, pipe) != NULL && strcmp(line, "hello\n") == 0, "read %s", line);
    CHECK_EQ(pclose(pipe), 0);

    check_watchdog(CHILD_SECONDS, "waits for system");
    CHECK_EQ(WEXITSTATUS(system("exit 5")), 5);
    check_watchdog(0, "");
}

int main(int argc, char **argv) {
    check_begin("fork", argc, argv);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(shared != MAP_FAILED);
    uint64_t random = check_seed;
    for (size_t i = 0; i < INHERITED; i++) {
        inherited[i].size = 2 + random_size(&random, i % 16 ? 10000 : 400000);
        inherited[i].block = malloc(inherited[i].size);
        CHECK(inherited[i].block != NULL);
        fill(inherited[i].block, inherited[i].size, i);
    }
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, allocate_until_stopped, (void *)i), 0);
    for (size_t i = 0; i < scaled(100); i++)
        fork_and_wait((int)i, 0);
    for (size_t i = 0; i < scaled(5); i++) {
        vfork_and_exec();
        spawn_popen_and_system();
    }
    atomic_store(&stop, true);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < INHERITED; i++)
        free(inherited[i].block);
    return check_end();
}
