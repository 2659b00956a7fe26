/* fork-raw.c: a single-threaded program may fork without the handlers of fork, by _Fork or the system call itself, and
 * go on allocating in the child: on glibc it can. hosted: no */
#include "check.h"

#include <sys/syscall.h>
#include <sys/wait.h>

static pid_t by_system_call(void) { return (pid_t)syscall(SYS_fork); }

static void a_child_goes_on_allocating(const char *how, pid_t (*raw_fork)(void), int number) {
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
    for (size_t i = 0; i < 200; i++) {
        void *block = calloc(1, i * 10);
        CHECK(block != NULL);
        zeroed(block, i * 10);
        free(block);
    }
    if (child == 0) {
        if (number % 2)
            exit(7);
        _exit(7);
    }
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7, "%s: wait status 0x%x", how, status);
    check_watchdog(0, "");
}

int main(int argc, char **argv) {
    check_begin("fork-raw", argc, argv);
    for (int i = 0; i < 10; i++) {
        a_child_goes_on_allocating("_Fork", _Fork, i);
        a_child_goes_on_allocating("the system call", by_system_call, i);
    }
    return check_end();
}
