/*
 * respawn.h: what crash.c, handlers.c and signals.c share. Each of their cases is the program itself, started again
 * with the case as its argument, because it ends as its signal says. Include it after check.h.
 */
#ifndef RESPAWN_H
#define RESPAWN_H

#include <dirent.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>

extern char **environ;

struct respawn_case {
    const char *name;
    void (*run)(void); /* does not return */
    int kills;         /* the signal that ends it; 0: it exits with 0 */
};
#define CASE(function, kills)                                                                                          \
    { #function, function, kills }

/* One of the process's threads that does not block a signal, beside its first, if there is one: which the system may
 * choose for what is sent to the process. They are looked for from one on; 0: there are no more. */
static inline pid_t next_taker(int number, pid_t from) {
    pid_t least = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *entry; tasks != NULL && (entry = readdir(tasks)) != NULL;) {
        char path[300], line[256];
        unsigned long blocked = ~0ul;
        pid_t id = atoi(entry->d_name);
        snprintf(path, sizeof path, "/proc/self/task/%s/status", entry->d_name);
        FILE *status = id < from || id == getpid() ? NULL : fopen(path, "r");
        while (status != NULL && fgets(line, sizeof line, status) != NULL)
            sscanf(line, "SigBlk: %lx", &blocked);
        if (status != NULL)
            fclose(status);
        if ((blocked >> (number - 1) & 1) == 0 && (least == 0 || id < least))
            least = id;
    }
    closedir(tasks);
    return least;
}

/* In the new process. */
static inline void run_case(const struct respawn_case *cases, size_t count, const char *name) {
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a case that hangs does not outlive the watchdog of its parent */
    for (size_t size = 1; size < 1000000; size *= 2)
        free(malloc(size)); /* whatever starts late has started */
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, cases[i].name) == 0)
            cases[i].run();
}

/* In the old one: the case ends as it should, and prints nothing. */
static inline void check_case(const char *argument, int kills) {
    char program[] = "respawned", copy[100], *arguments[] = {program, copy, NULL}, words[1000];
    int ends[2], status;
    pid_t child;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t all;
    snprintf(copy, sizeof copy, "%s", argument);
    check_watchdog(30, argument);
    CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    posix_spawnattr_init(&attributes);
    sigfillset(&all);
    posix_spawnattr_setsigdefault(&attributes, &all); /* SIGPIPE may be ignored here */
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    CHECK_EQ(posix_spawn(&child, "/proc/self/exe", &actions, &attributes, arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    close(ends[1]);
    size_t length = 0;
    for (ssize_t got; (got = read(ends[0], words + length, sizeof words - 1 - length)) > 0;)
        length += (size_t)got;
    close(ends[0]);
    words[length] = 0;
    CHECK_EQ(waitpid(child, &status, 0), child);
    if (kills)
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == kills, "%s: wait status 0x%x: %s", argument, status, words);
    else
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: wait status 0x%x: %s", argument, status, words);
    CHECK(length == 0, "%s: it printed %s", argument, words);
}

#endif
