/* fork-raw.c: a single-threaded program may fork without the handlers of fork, by _Fork, clone, or the system call
 * itself, and go on allocating in the child, change its user there, and start threads: on glibc it can. Java serves the
 * child, if it is not made by an instruction of the program's own. hosted: no */
#include "check.h"
#include "of-java.h"

#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static pid_t by_syscall(void) { return (pid_t)syscall(SYS_fork); }

static pid_t by_clone_syscall(void) { return (pid_t)syscall(SYS_clone, (long)SIGCHLD, 0L, 0L, 0L, 0L); }

static pid_t by_clone3(void) {
    struct clone_args arguments = {.exit_signal = SIGCHLD};
    return (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
}

#if defined(__x86_64__)
static pid_t by_instruction(void) {
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(SYS_fork) : "rcx", "r11", "memory");
    return (pid_t)result;
}
#else
#define by_instruction by_syscall
#endif

static void *allocate(void *inherited) {
    for (size_t i = 0; i < 200; i++) {
        void *block = calloc(1, i * 10);
        CHECK(block != NULL);
        zeroed(block, i * 10);
        free(block);
    }
    free(inherited);
    return NULL;
}

static void a_child_goes_on_allocating(const char *how, pid_t (*raw_fork)(void), bool on_java, int number) {
    void *inherited[20];
    for (size_t i = 0; i < 20; i++) {
        inherited[i] = malloc(100 << i % 10);
        CHECK(inherited[i] != NULL);
        fill(inherited[i], 100 << i % 10, i);
    }
    check_watchdog(20, "waits for the child");
    pid_t child = raw_fork();
    CHECK(child >= 0, "%s", how);
    if (child == 0)
        check_watchdog(10, "lives in the child");
    for (size_t i = 0; i < 20; i++) { /* both: what one does must not be seen by the other */
        inherited[i] = realloc(inherited[i], 150 << i % 10);
        CHECK(inherited[i] != NULL);
        verify(inherited[i], 100 << i % 10, i);
        memset(inherited[i], child == 0 ? 1 : 2, 150 << i % 10);
        free(escape(inherited[i]));
    }
    allocate(NULL);
    if (child == 0) {
        void *block = malloc(10);
        if (on_java)
            check_is_of_java(block);
        if (number % 2 == 0) {
            pthread_t thread;
            CHECK_EQ(pthread_create(&thread, NULL, allocate, block), 0);
            CHECK_EQ(pthread_join(thread, NULL), 0);
            CHECK_EQ(setuid(getuid()), 0); /* libc asks all threads that it knows */
        }
        if (number % 3 == 0)
            exit(7);
        if (number % 3 == 1)
            syscall(SYS_exit, 7);
        _exit(7);
    }
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7, "%s: wait status 0x%x", how, status);
    check_watchdog(0, "");
}

/* ---- clone: the child begins with a function ---- */

static int be_a_child(void *block) {
    check_watchdog(10, "lives in the child");
    verify(block, 5000, 3);
    allocate(block);
    void *another = malloc(100);
    check_is_of_java(another);
    free(another);
    return 9;
}

static void a_child_of_clone_goes_on_allocating(void) {
    static _Alignas(16) char stack[256 << 10];
    void *block = malloc(5000);
    CHECK(block != NULL);
    fill(block, 5000, 3);
    check_watchdog(20, "waits for the child of clone");
    pid_t child = clone(be_a_child, stack + sizeof stack, SIGCHLD, block);
    CHECK(child > 0);
    allocate(block);
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 9, "clone: wait status 0x%x", (unsigned)status);
    check_watchdog(0, "");
}

int main(int argc, char **argv) {
    check_begin("fork-raw", argc, argv);
    for (int i = 0; i < 10; i++) {
        a_child_goes_on_allocating("_Fork", _Fork, true, i);
        a_child_goes_on_allocating("syscall(SYS_fork)", by_syscall, true, i);
        a_child_goes_on_allocating("syscall(SYS_clone)", by_clone_syscall, true, i);
        a_child_goes_on_allocating("syscall(SYS_clone3)", by_clone3, true, i);
        a_child_goes_on_allocating("the system call", by_instruction, false, i);
        a_child_of_clone_goes_on_allocating();
    }
    return check_end();
}
