/*
 * process.c: what a starting JVM changes in the process that it is put into, and how it is put back: the environment
 * that it reads, the locale, signal masks and handlers, and the lowest file descriptors, which a program expects for
 * itself.
 */
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

extern char **environ;

/* HotSpot raises these on purpose in Java code and handles them itself; the rest is the program's. */
static bool is_needed_by_jvm(int signal) {
    return signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL || signal == SUSPEND_SIGNAL;
}

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

static void hide_environment(void) {
    static char *visible[ENVIRONMENT_MAX + 2];
    size_t count = 0;
    saved.environment = environ;
    visible[count++] = "_JAVA_SR_SIGNUM=" SUSPEND_SIGNAL_TEXT; /* instead of SIGUSR2, which is the program's */
    for (char **entry = environ; entry != NULL && *entry != NULL && count <= ENVIRONMENT_MAX; entry++)
        if (!is_hidden(*entry))
            visible[count++] = *entry;
    visible[count] = NULL;
    environ = visible;
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

/* ---- descriptors: the JVM keeps some open, and gets high ones ---- */

#define LOW_DESCRIPTORS 64

static int placeholders[LOW_DESCRIPTORS];
static int placeholder_count;

static void occupy_low_descriptors(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < 2 * LOW_DESCRIPTORS)
        return; /* the JVM would find none left */
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (placeholder_count = 0; null >= 0 && null < LOW_DESCRIPTORS;) {
        placeholders[placeholder_count++] = null;
        null = fcntl(placeholders[0], F_DUPFD_CLOEXEC, 3);
    }
    if (null >= 0)
        close(null);
}

static void release_low_descriptors(void) {
    while (placeholder_count > 0)
        close(placeholders[--placeholder_count]);
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

/* ---- all together ---- */

void process_save(void) {
    signals_block_all(&saved.mask); /* the JVM's threads inherit it */
    for (int signal = 1; signal < NSIG; signal++)
        sigaction(signal, NULL, &saved.actions[signal]);
    const char *locale = setlocale(LC_ALL, NULL);
    if (locale != NULL && strlen(locale) < sizeof saved.locale)
        strcpy(saved.locale, locale);
    hide_environment();
    occupy_low_descriptors();
}

void process_restore(void) {
    release_low_descriptors();
    environ = saved.environment;
    if (saved.locale[0] != '\0')
        setlocale(LC_ALL, saved.locale);
    for (int signal = 1; signal < NSIG; signal++)
        if (!is_needed_by_jvm(signal))
            sigaction(signal, &saved.actions[signal], NULL);
    faults_divide(saved.actions);
    jvm_threads_prepare(saved.actions);
    signals_restore(&saved.mask);
}
