/* sandbox.c: a program may enter a sandbox (seccomp) in which a thread can only do what a malloc must do: map, protect
 * and unmap memory, wait and wake; and ask for its number, as HotSpot does when a thread waits at a safepoint. Any
 * other system call ends it, and is named. A forked child may also forbid all of its threads to make new ones, while
 * those of the JVM are on their way back. hosted: no */
#include "check.h"
#include "of-java.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { BLOCKS = 500 };

static const int allowed[] = {SYS_mmap,    SYS_munmap,      SYS_mremap,     SYS_mprotect, SYS_brk,
                              SYS_madvise, SYS_futex,       SYS_exit_group, SYS_write,    SYS_rt_sigreturn,
                              SYS_exit,    SYS_sched_yield, SYS_gettid};
enum { ALLOWED = sizeof allowed / sizeof *allowed };

/* As most programs do on the way in. What a malloc knows of limits it must know then, and not ask inside. */
static void lower_limits(void) {
    struct rlimit none = {0, 0}, limit;
    CHECK_EQ(setrlimit(RLIMIT_CORE, &none), 0);
    CHECK_EQ(getrlimit(RLIMIT_DATA, &limit), 0);
    CHECK_EQ(setrlimit(RLIMIT_DATA, &limit), 0);
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* What is not allowed, by its number. */
static void name_the_call(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)context;
    char text[80] = "sandbox: system call ";
    size_t length = strlen(text);
    char digits[20];
    int count = 0;
    for (unsigned number = (unsigned)info->si_syscall; count == 0 || number != 0; number /= 10)
        digits[count++] = (char)('0' + number % 10);
    while (count > 0)
        text[length++] = digits[--count];
    text[length++] = '\n';
    if (write(2, text, length) < 0)
        syscall(SYS_exit_group, 7);
    syscall(SYS_exit_group, 6);
}

static void enter(void) {
    lower_limits();
    struct sigaction action = {.sa_sigaction = name_the_call, .sa_flags = SA_SIGINFO};
    CHECK_EQ(sigaction(SIGSYS, &action, NULL), 0);
    struct sock_filter filter[2 * ALLOWED + 2];
    size_t length = 0;
    filter[length++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < ALLOWED; i++) {
        filter[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)allowed[i], 0, 1);
        filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    }
    filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP);
    struct sock_fprog program = {(unsigned short)length, filter};
    CHECK_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    CHECK_EQ(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

/* In the sandbox nothing can be said: 2 to 4 tell what was wrong. */
static int use_the_heap(void) {
    static char *blocks[BLOCKS];
    for (size_t round = 0; round < scaled(200); round++) {
        for (size_t i = 0; i < BLOCKS; i++) {
            size_t size = i * 7 + 1;
            blocks[i] = realloc(blocks[i], size);
            if (blocks[i] == NULL)
                return 2;
            if (!is_of_java(blocks[i]))
                return 3;
            memset(blocks[i], (int)i, size);
        }
        for (size_t i = round % 2; i < BLOCKS; i += 2) {
            if (blocks[i][i * 7] != (char)i)
                return 4;
            free(blocks[i]);
            blocks[i] = NULL;
        }
    }
    char *large = malloc(20 << 20);
    if (large == NULL)
        return 2;
    memset(escape(large), 1, 20 << 20);
    free(large);
    return 0;
}

static void forbid_threads_by_filter(void) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 1, 0), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0)
        _exit(8);
}

static void forbid_threads_by_limit(void) {
    struct rlimit none = {0, 0};
    if ((geteuid() == 0 && setuid(65534) != 0) || setrlimit(RLIMIT_NPROC, &none) != 0)
        _exit(9);
}

static void a_child_makes_no_more_threads(void (*forbid)(void), bool is_asleep) {
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        if (!is_asleep)
            free(malloc(1 << 20));
        forbid();
        int result = use_the_heap();
        usleep(20000); /* what was still on its way is there, or was forbidden */
        _exit(result != 0 ? result : use_the_heap());
    }
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(status == 0, "wait status 0x%x", (unsigned)status);
}

int main(int argc, char **argv) {
    check_begin("sandbox", argc, argv);
    check_is_of_java(malloc(10)); /* dlsym is done outside */
    for (int is_asleep = 0; is_asleep < 2; is_asleep++) {
        a_child_makes_no_more_threads(forbid_threads_by_filter, is_asleep);
        a_child_makes_no_more_threads(forbid_threads_by_limit, is_asleep);
    }
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        free(malloc(10)); /* what comes along with a fork is brought back outside, too */
        usleep(50000);
        enter();
        syscall(SYS_exit_group, use_the_heap());
    }
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(status == 0, "wait status 0x%x of a forked child", (unsigned)status);
    enter();
    int result = use_the_heap();
    if (result == 0 && write(1, "ok sandbox\n", 11) != 11)
        result = 5;
    syscall(SYS_exit_group, result);
}
