/*
 * measure.c: runs a program and says what it took. It is not preloaded itself, and small: what a process had resident
 * before it became the program counts among the program's peak.
 *
 *   measure RESULT SECONDS [NAME=VALUE ...] -- PROGRAM [ARGUMENT ...]
 *
 * The variables are for the program alone. The program leads a process group of its own, which is killed when the time
 * is over, or when measure is told to end or its parent has ended. The file RESULT gets one line:
 *
 *   exited|killed|timeout NUMBER wall_ns N user_us N sys_us N peak_kib N
 *
 * NUMBER is the exit status, or the signal. Times of processor are those of the program and of what it waited for; the
 * peak is that of the largest of these processes. Exit status: 0; 2 if it could not be measured at all.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOT_FOUND 127

static volatile pid_t group;
static volatile sig_atomic_t is_late;

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void end_group(int signal) {
    is_late = signal == SIGALRM;
    if (group > 0)
        kill(-group, SIGKILL);
}

_Noreturn static void refuse(const char *what) {
    perror(what);
    exit(2);
}

_Noreturn static void become(char **variables, char **program) {
    setpgid(0, 0);
    for (; variables != program - 1; variables++)
        putenv(*variables);
    execvp(program[0], program);
    fprintf(stderr, "measure: %s: %s\n", program[0], strerror(errno));
    _exit(NOT_FOUND);
}

static void catch (int signal) {
    struct sigaction action = {.sa_handler = end_group, .sa_flags = SA_RESTART};
    sigaction(signal, &action, NULL);
}

static unsigned long long microseconds(struct timeval time) {
    return (unsigned long long)time.tv_sec * 1000000u + (unsigned long long)time.tv_usec;
}

static void write_result(const char *file, int status, uint64_t wall, const struct rusage *usage) {
    FILE *out = fopen(file, "w");
    if (out == NULL)
        refuse(file);
    const char *end = is_late ? "timeout" : WIFEXITED(status) ? "exited" : "killed";
    int number = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
    fprintf(out, "%s %d wall_ns %llu user_us %llu sys_us %llu peak_kib %ld\n", end, number, (unsigned long long)wall,
            microseconds(usage->ru_utime), microseconds(usage->ru_stime), usage->ru_maxrss);
    if (fclose(out) != 0)
        refuse(file);
}

int main(int argc, char **argv) {
    int program = 3;
    while (program < argc && strcmp(argv[program], "--") != 0)
        program++;
    if (program + 1 >= argc || atoi(argv[2]) < 1) {
        fprintf(stderr, "usage: measure RESULT SECONDS [NAME=VALUE ...] -- PROGRAM [ARGUMENT ...]\n");
        return 2;
    }
    catch (SIGALRM);
    catch (SIGINT);
    catch (SIGTERM);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    uint64_t began = now();
    pid_t child = fork();
    if (child < 0)
        refuse("fork");
    if (child == 0)
        become(argv + 3, argv + program + 1);
    setpgid(child, child); /* both sides, so that it is done whoever comes first */
    group = child;
    alarm((unsigned)atoi(argv[2]));
    int status;
    struct rusage usage;
    while (wait4(child, &status, 0, &usage) < 0)
        if (errno != EINTR)
            refuse("wait4");
    uint64_t ended = now();
    alarm(0);
    kill(-child, SIGKILL); /* what the program left behind would disturb the next one */
    write_result(argv[1], status, ended - began, &usage);
    return 0;
}
