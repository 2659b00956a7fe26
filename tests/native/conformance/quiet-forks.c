/* quiet-forks.c: children of _Fork, which takes none of the locks that fork takes, allocate although other threads of
 * the parent were at work in malloc: Java serves them, and the JVM, which needs libc's malloc for itself, finds that
 * free, too. Once it waited there for a thread that had not come along. Meant for GLIBC_TUNABLES that allow one arena
 * only, so that all want the same lock. hosted: no */
#include "check.h"
#include "of-java.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

enum { THREADS = 3, ON_JAVA = 7, ON_LIBC = 8, CHILD_SECONDS = 60 };

extern void *__libc_malloc(size_t bytes); /* as the JVM gets it */
extern void __libc_free(void *block);

static atomic_bool stop;

static void use_the_heap(uint64_t random) {
    for (int i = 0; i < 30; i++) {
        size_t bytes = 1 + random_size(&random, 20000);
        char *block = malloc(bytes);
        CHECK(block != NULL);
        fill(block, bytes, bytes);
        verify(block, bytes, bytes);
        free(block);
    }
}

/* While another one forks, libc serves them. */
static void *allocate(void *tag) {
    while (!stop)
        use_the_heap((uintptr_t)tag);
    return NULL;
}

static _Noreturn void be_a_child(uint64_t random) {
    alarm(CHILD_SECONDS);
    void *block = malloc(100);
    if (!is_of_java(block))
        _exit(ON_LIBC);
    free(block);
    use_the_heap(random);
    for (size_t bytes = 100; bytes < 50000; bytes *= 3)
        __libc_free(__libc_malloc(bytes));
    _exit(ON_JAVA);
}

int main(int argc, char **argv) {
    check_begin("quiet-forks", argc, argv);
    if (!check_env("EXPECT_JAVALLOC"))
        return check_end(); /* no standard lets such children allocate */
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, allocate, (void *)(i + 1)), 0);
    size_t on_java = 0;
    for (size_t i = 0; i < scaled(300); i++) {
        int status;
        pid_t child = _Fork();
        CHECK(child >= 0);
        if (child == 0)
            be_a_child(i);
        CHECK_EQ(waitpid(child, &status, 0), child);
        CHECK(WIFEXITED(status) && (WEXITSTATUS(status) == ON_JAVA || WEXITSTATUS(status) == ON_LIBC),
              "child %zu: wait status 0x%x", i, (unsigned)status);
        on_java += WEXITSTATUS(status) == ON_JAVA;
    }
    stop = true;
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    printf("%zu children on Java\n", on_java);
    CHECK(on_java > 0);
    return check_end();
}
