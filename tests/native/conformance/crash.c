/* crash.c: a program's crash stays its own: it is killed by its own signal, and leaves no file and no words behind.
 * hosted: no */
#include "check.h"
#include "respawn.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static int *volatile nowhere; /* NULL */
static volatile int zero, one = 1;

__attribute__((noinline)) static int recurse(int depth) {
    volatile char frame[4096];
    frame[depth % 4096] = 1;
    if (depth < 0)
        return 0;
    return recurse(depth + 1) + frame[0];
}

static void null_is_written(void) { *nowhere = 1; }
static void null_is_read(void) { zero = *nowhere; }
static void null_is_called(void) { ((void (*volatile)(void))nowhere)(); }
static void text_is_written(void) { *(volatile char *)(uintptr_t)null_is_read = 1; }
static void the_stack_overflows(void) { recurse(0); }
static void what_is_no_memory_is_freed(void) { free((void *)(uintptr_t)(16 + zero)); }
static void zero_divides(void) { zero = one / zero; }
static void no_instruction(void) { __builtin_trap(); }
static void a_breakpoint(void) { __asm__ volatile("int3"); }
/* As the system may do it with what is sent to the process. */
static void another_thread_gets_the_signal(void) {
    pid_t other = next_taker(SIGILL, 0);
    syscall(SYS_tgkill, getpid(), other == 0 ? getpid() : other, SIGILL);
    for (;;)
        pause();
}
static void abort_is_called(void) { abort(); }
static void nobody_reads_the_pipe(void) {
    int ends[2];
    if (pipe(ends) == 0 && close(ends[0]) == 0)
        (void)!write(ends[1], "x", 1);
}
static void the_file_ends_before_the_map(void) {
    int file = memfd_create("empty", MFD_CLOEXEC);
    char *map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, file, 0);
    zero = *(volatile char *)map;
}
static void the_file_grows_too_large(void) {
    struct rlimit limit = {100, 100};
    setrlimit(RLIMIT_FSIZE, &limit);
    int file = memfd_create("small", MFD_CLOEXEC);
    char bytes[200] = "";
    if (write(file, bytes, 100) == 100)
        (void)!write(file, bytes, 100);
}

static const struct respawn_case cases[] = {
    CASE(null_is_written, SIGSEGV),
    CASE(null_is_read, SIGSEGV),
    CASE(null_is_called, SIGSEGV),
    CASE(text_is_written, SIGSEGV),
    CASE(the_stack_overflows, SIGSEGV),
    CASE(zero_divides, SIGFPE),
    CASE(no_instruction, SIGILL),
    CASE(a_breakpoint, SIGTRAP),
    CASE(the_file_ends_before_the_map, SIGBUS),
    CASE(what_is_no_memory_is_freed, SIGSEGV),
    CASE(another_thread_gets_the_signal, SIGILL),
    CASE(abort_is_called, SIGABRT),
    CASE(nobody_reads_the_pipe, SIGPIPE),
    CASE(the_file_grows_too_large, SIGXFSZ),
};
enum { CASES = sizeof cases / sizeof cases[0] };

static const int killing[] = {SIGHUP,  SIGINT,  SIGQUIT,   SIGILL,  SIGTRAP, SIGABRT, SIGBUS,
                              SIGFPE,  SIGUSR1, SIGSEGV,   SIGUSR2, SIGPIPE, SIGALRM, SIGTERM,
                              SIGXCPU, SIGXFSZ, SIGVTALRM, SIGPROF, SIGIO,   SIGPWR,  SIGSYS};

static void the_directory_is_empty(void) {
    DIR *directory = opendir(".");
    CHECK(directory != NULL);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        CHECK(entry->d_name[0] == '.', "a file %s was left in %s", entry->d_name, get_current_dir_name());
    closedir(directory);
}

int main(int argc, char **argv) {
    check_begin("crash", argc, argv);
    if (argc > 1) {
        run_case(cases, CASES, argv[1]);
        if (argv[1][0] == '-')
            kill(getpid(), atoi(argv[1] + 1));
        _exit(99); /* it should not have come here */
    }
    char directory[] = "/tmp/javalloc-crash-XXXXXX", argument[16];
    struct rlimit no_core = {0, 0};
    CHECK(mkdtemp(directory) != NULL && chdir(directory) == 0);
    CHECK_EQ(setrlimit(RLIMIT_CORE, &no_core), 0);
    for (int i = 0; i < CASES; i++)
        check_case(cases[i].name, cases[i].kills);
    for (size_t i = 0; i < sizeof killing / sizeof killing[0]; i++) {
        snprintf(argument, sizeof argument, "-%d", killing[i]);
        check_case(argument, killing[i]);
    }
    for (int number = SIGRTMIN; number <= SIGRTMAX; number += 10) {
        snprintf(argument, sizeof argument, "-%d", number);
        check_case(argument, number);
    }
    the_directory_is_empty();
    CHECK_EQ(chdir("/"), 0);
    CHECK_EQ(rmdir(directory), 0);
    return check_end();
}
