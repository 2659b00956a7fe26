/* opens.c: once main runs nobody but the program opens a file: who opens one takes a number that the program expects to
 * get. libc's malloc did, in a thread of the JVM's: it asks the system once how memory is committed, before it gives
 * back some of an arena that is not the first (descriptors.c failed, seldom). A filter for all threads kills who opens
 * anything from here on. hosted: no */
#include "check.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static const int forbidden[] = {SYS_open,     SYS_openat, SYS_openat2, SYS_creat, SYS_socket,
                                SYS_eventfd2, SYS_pipe2,  SYS_pipe,    SYS_dup,   SYS_memfd_create};
enum { FORBIDDEN = sizeof forbidden / sizeof *forbidden };

static void forbid(void) {
    struct sock_filter filter[2 * FORBIDDEN + 2];
    size_t length = 0;
    filter[length++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < FORBIDDEN; i++) {
        filter[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)forbidden[i], 0, 1);
        filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    }
    filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {(unsigned short)length, filter};
    CHECK_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    CHECK_EQ(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program), 0);
}

static void *use_the_heap(void *number) {
    uint64_t random = check_seed + (uint64_t)(uintptr_t)number;
    void *blocks[100] = {NULL};
    for (size_t i = 0; i < scaled(50000); i++) {
        size_t at = random_below(&random, 100), size = random_size(&random, 200000);
        free(blocks[at]);
        blocks[at] = i % 3 == 0 ? calloc(1, size) : malloc(size);
        CHECK(blocks[at] != NULL);
    }
    for (int i = 0; i < 100; i++)
        free(blocks[i]);
    return NULL;
}

int main(int argc, char **argv) {
    check_begin("opens", argc, argv);
    forbid();
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, use_the_heap, (void *)(uintptr_t)i), 0);
    use_the_heap((void *)99);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    return check_end();
}
