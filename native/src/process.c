/*
 * process.c: what a starting JVM changes in the process that it is put into: the environment that it reads, the locale,
 * signal masks and handlers, and the lowest file descriptors, which a program expects for itself.
 *
 * If it starts before the program all that is put back before anybody looks. If it starts beside it, on a thread of its
 * own, nothing may change at all, not for a moment:
 *   - the environment is a copy, as the program may write to its own meanwhile (getenv, secure_getenv);
 *   - the locale is the thread's own (setlocale);
 *   - what it asks sigaction for is done by us (dispositions.c);
 *   - it is not called when the program ends meanwhile (__cxa_atexit);
 *   - the JVM's threads have descriptors of their own, which the program neither sees nor can close.
 *
 * A thread of the program's that uses one of those in Java has the program's table; the numbers are high, so that it
 * finds nothing there rather than a file of the program's. Once the JVM is up, what its own threads print goes nowhere,
 * because they would keep pipes open that the program has closed.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <linux/close_range.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

extern char **environ;

static struct {
    char **environment;
    char locale[256];
    sigset_t mask;
    struct sigaction actions[NSIG];
} saved;

/* ---- environment: without what would make the JVM print, or load things that are not meant for it ---- */

#define ENVIRONMENT_MAX 4096

static bool is_hidden(const char *entry) {
    static const char *const names[] = {"JAVA_TOOL_OPTIONS=", "_JAVA_OPTIONS=", "JDK_JAVA_OPTIONS=", "CLASSPATH="};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(entry, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

static char *visible[ENVIRONMENT_MAX + 2];

static void choose_visible(void) {
    size_t count = 0;
    visible[count++] = "_JAVA_SR_SIGNUM=" SUSPEND_SIGNAL_TEXT; /* instead of SIGUSR2, which is the program's */
    for (char **entry = environ; entry != NULL && *entry != NULL && count <= ENVIRONMENT_MAX; entry++)
        if (!is_hidden(*entry))
            visible[count++] = *entry;
    visible[count] = NULL;
}

static void hide_environment(void) {
    choose_visible();
    saved.environment = environ;
    environ = visible;
}

static bool is_copied; /* the JVM gets its environment from `visible`, the strings in it being its own */

static bool copy_environment(void) {
    choose_visible();
    size_t bytes = 1;
    for (char **entry = visible; *entry != NULL; entry++)
        bytes += strlen(*entry) + 1;
    char *copy = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (copy == MAP_FAILED)
        return false;
    for (char **entry = visible; *entry != NULL; entry++) {
        size_t length = strlen(*entry) + 1;
        *entry = memcpy(copy, *entry, length);
        copy += length;
    }
    return is_copied = true;
}

static bool is_for_jvm(void) { return unlikely(is_copied) && thread_self.kind == THREAD_JVM; }

static char *value_for_jvm(const char *name) {
    size_t length = strlen(name);
    for (char **entry = visible; *entry != NULL; entry++)
        if (strncmp(*entry, name, length) == 0 && (*entry)[length] == '=')
            return *entry + length + 1;
    return NULL;
}

EXPORTED char *getenv(const char *name) { return is_for_jvm() ? value_for_jvm(name) : behind()->getenv(name); }

EXPORTED char *secure_getenv(const char *name) {
    return is_for_jvm() ? value_for_jvm(name) : behind()->secure_getenv(name);
}

/* Inside of libc there are more who read the environment, beneath the JVM: who changes it waits until that is up. */

EXPORTED int setenv(const char *name, const char *value, int replace) {
    boot_wait();
    return behind()->setenv(name, value, replace);
}

EXPORTED int unsetenv(const char *name) {
    boot_wait();
    return behind()->unsetenv(name);
}

EXPORTED int putenv(char *entry) {
    boot_wait();
    return behind()->putenv(entry);
}

EXPORTED int clearenv(void) {
    boot_wait();
    return behind()->clearenv();
}

#define LIBRARY "libjavalloc.so"

static bool names_library(const char *path, size_t length) {
    const char *slash = memrchr(path, '/', length);
    const char *name = slash == NULL ? path : slash + 1;
    return (size_t)(path + length - name) >= strlen(LIBRARY) && strncmp(name, LIBRARY, strlen(LIBRARY)) == 0;
}

/* Without those in it that are ours. */
static void shorten_list(char *list) {
    char *end = list;
    for (const char *entry = list; *entry != '\0';) {
        size_t length = strcspn(entry, ": "), with_separator = length + (entry[length] != '\0');
        if (!names_library(entry, length)) {
            memmove(end, entry, with_separator);
            end += with_separator;
        }
        entry += with_separator;
    }
    *end = '\0';
}

void process_hide_preload(void) {
    static const char name[] = "LD_PRELOAD=";
    for (char **entry = environ; entry != NULL && *entry != NULL; entry++)
        if (strncmp(*entry, name, strlen(name)) == 0)
            shorten_list(*entry + strlen(name));
}

/* ---- the locale ---- */

static locale_t locale_of_jvm; /* beside the program; 0: the process's */

EXPORTED char *setlocale(int category, const char *name) {
    if (likely(locale_of_jvm == (locale_t)0 || thread_self.kind != THREAD_JVM))
        return behind()->setlocale(category, name);
    uselocale(locale_of_jvm);
    return nl_langinfo(NL_LOCALE_NAME(category == LC_ALL ? LC_CTYPE : category));
}

/* ---- descriptors: the JVM keeps some open, and gets high ones ---- */

#define LOW_DESCRIPTORS  64
#define HIGH_DESCRIPTORS 512 /* where there is no telling how many the program will have */

static int placeholders[HIGH_DESCRIPTORS];
static int placeholder_count;

/* The free ones below the lowest that the JVM is to get. */
static void occupy_descriptors(int lowest) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < 2 * LOW_DESCRIPTORS)
        return; /* the JVM would find none left */
    if (limit.rlim_cur < 2 * (rlim_t)lowest)
        lowest = LOW_DESCRIPTORS;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (placeholder_count = 0; null >= 0 && null < lowest;) {
        placeholders[placeholder_count++] = null;
        null = fcntl(placeholders[0], F_DUPFD_CLOEXEC, 0);
    }
    if (null >= 0)
        close(null);
}

static void release_descriptors(void) {
    while (placeholder_count > 0)
        close(placeholders[--placeholder_count]);
}

static bool has_tables(void) { return syscall(SYS_close_range, 1u, 0u, 0) != 0 && errno == EINVAL; }

void process_part_thread(void) {
    syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_UNSHARE);
    occupy_descriptors(HIGH_DESCRIPTORS);
}

void process_parted(void) {
    release_descriptors();
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int file = STDIN_FILENO; null >= 0 && file <= STDERR_FILENO; file++)
        dup2(null, file);
    close(null);
}

/* ---- the end ---- */

/* The libraries of the JVM have objects to destroy at the end of the process. That would be in its midst: it is still
 * at work then, for handlers that run later, or because it has only begun. */
EXPORTED int __cxa_atexit(void (*handler)(void *), void *argument, void *library) {
    return thread_runs_jvm(&thread_self) ? 0 : behind()->at_exit(handler, argument, library);
}

/* ---- which process, and when ---- */

static pid_t own;

bool process_is_own(void) { return getpid() == own; }

void process_settle(void) { own = getpid(); }

long process_nanoseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000L + time.tv_nsec;
}

/* ---- all together: before the program ---- */

void process_save(void) {
    signals_block_all(&saved.mask); /* the JVM's threads inherit it */
    for (int signal = 1; signal < NSIG; signal++)
        sigaction(signal, NULL, &saved.actions[signal]);
    const char *locale = setlocale(LC_ALL, NULL);
    if (locale != NULL && strlen(locale) < sizeof saved.locale)
        strcpy(saved.locale, locale);
    hide_environment();
    occupy_descriptors(LOW_DESCRIPTORS);
}

void process_restore(bool is_up) {
    release_descriptors();
    environ = saved.environment;
    if (saved.locale[0] != '\0')
        setlocale(LC_ALL, saved.locale);
    dispositions_restore(saved.actions, is_up);
    signals_restore(&saved.mask);
}

/* ---- beside the program ---- */

/* Whether the JVM, too, would find this library's function of that name. */
static bool is_ours(const char *name) {
    Dl_info found, own_library;
    void *function = dlsym(RTLD_DEFAULT, name);
    return function != NULL && dladdr(function, &found) != 0 && dladdr((void *)is_ours, &own_library) != 0 &&
           found.dli_fbase == own_library.dli_fbase;
}

static bool all_are_ours(void) {
    static const char *const names[] = {"sigaction", "pthread_create", "setlocale", "getenv",   "secure_getenv",
                                        "setenv",    "unsetenv",       "putenv",    "clearenv", "__cxa_atexit"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!is_ours(names[i]))
            return false;
    return true;
}

bool process_part(void) {
    if (!all_are_ours() || !has_tables())
        return false;
    locale_of_jvm = newlocale(LC_ALL_MASK, "", (locale_t)0);
    if (locale_of_jvm == (locale_t)0)
        locale_of_jvm = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (locale_of_jvm == (locale_t)0 || !copy_environment())
        return false;
    dispositions_expect_jvm();
    return true;
}
