/* loader-tls.c: the dynamic loader resizes a thread's table of thread-local storage while it changes it, and frees
 * storage of libraries that are gone; libjvm has the table changed again with the call that serves that: the loader
 * would free the same twice. */
#include "check.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

enum { LIBRARIES = 40, ROUNDS = 60 };

static char folder[] = "/tmp/javalloc-loader-tls-XXXXXX";

static const char *path_of(int number) {
    static _Thread_local char path[128];
    snprintf(path, sizeof path, "%s/%d.so", folder, number);
    return path;
}

/* The loader knows a library by its file: each copy is another one. */
static void copy_library(int number) {
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 32);
    CHECK(length > 0);
    path[length] = '\0';
    strcpy(strrchr(path, '/'), "/../thread-local.so");
    int from = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(from >= 0, "%s", path);
    int to = open(path_of(number), O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
    CHECK(to >= 0);
    struct stat status;
    CHECK_EQ(fstat(from, &status), 0);
    CHECK_EQ(sendfile(to, from, NULL, (size_t)status.st_size), status.st_size);
    close(from);
    close(to);
}

/* So often it has been called on this thread. */
static void use(void *library, int expected) {
    int (*count)(void) = (int (*)(void))(uintptr_t)dlsym(library, "count");
    CHECK(count != NULL);
    CHECK_EQ(count(), expected);
    void *block = malloc(20000);
    CHECK(block != NULL);
    free(block);
}

static void *libraries[LIBRARIES];

static void *on_a_thread(void *unused) {
    for (int round = 1; round <= 3; round++)
        for (int i = 0; i < LIBRARIES; i++)
            use(libraries[i], round);
    return unused;
}

/* The table grows. */
static void many_stay(void) {
    for (int i = 0; i < LIBRARIES; i++) {
        libraries[i] = dlopen(path_of(i), RTLD_NOW);
        CHECK(libraries[i] != NULL, "%s", dlerror());
        use(libraries[i], 1);
    }
    for (int i = 0; i < LIBRARIES; i++)
        use(libraries[i], 2);
    for (int i = 0; i < 10; i++) {
        pthread_t thread;
        CHECK_EQ(pthread_create(&thread, NULL, on_a_thread, NULL), 0);
        CHECK_EQ(pthread_join(thread, NULL), 0);
    }
    for (int i = 0; i < LIBRARIES; i++)
        CHECK_EQ(dlclose(libraries[i]), 0);
}

/* What a thread had in one that is gone is freed when it looks for what is in another. */
static void they_come_and_go(void) {
    for (int i = 0; i < ROUNDS; i++) {
        void *library = dlopen(path_of(i % 2), RTLD_NOW);
        CHECK(library != NULL, "%s", dlerror());
        use(library, 1);
        CHECK_EQ(dlclose(library), 0);
    }
}

int main(int argc, char **argv) {
    check_begin("loader-tls", argc, argv);
    CHECK(mkdtemp(folder) != NULL);
    for (int i = 0; i < LIBRARIES; i++)
        copy_library(i);
    they_come_and_go();
    many_stay();
    for (int i = 0; i < LIBRARIES; i++)
        unlink(path_of(i));
    rmdir(folder);
    return check_end();
}
