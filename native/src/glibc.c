/*
 * glibc.c: what we know of glibc's insides, all of it beyond what is promised, so each with what happens where it does
 * not hold: where its code lies and what a thread does in there; how many threads it counts; its list of them.
 */
#include <errno.h>
#include <link.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "internal.h"

/* ---- its code and its data ---- */

static struct glibc_range code_of_libc, data_of_loader;
struct glibc_range glibc_loader;

static bool is_in(const struct glibc_range *range, uintptr_t address) { return address - range->low < range->bytes; }

static int find_ranges(struct dl_phdr_info *info, size_t size, void *unused) {
    (void)size, (void)unused;
    const char *slash = strrchr(info->dlpi_name, '/');
    const char *name = slash == NULL ? info->dlpi_name : slash + 1;
    bool is_loader = strncmp(name, "ld-linux", 8) == 0;
    for (int i = 0; i < info->dlpi_phnum && (is_loader || strcmp(name, "libc.so.6") == 0); i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        uintptr_t low = info->dlpi_addr + part->p_vaddr;
        struct glibc_range range = {low, part->p_memsz};
        if (part->p_type != PT_LOAD)
            continue;
        if ((part->p_flags & PF_X) != 0)
            *(is_loader ? &glibc_loader : &code_of_libc) = range;
        if ((part->p_flags & PF_W) != 0 && is_loader)
            data_of_loader = range;
    }
    return 0;
}

/* ---- where a thread was interrupted ---- */

#if defined(__x86_64__)

/* Whether it waited in the futex system call, which the kernel has ended, or will start again. */
static bool is_in_futex(const greg_t *registers) {
    const unsigned char *next = (const unsigned char *)registers[REG_RIP];
    bool is_ended = registers[REG_RAX] == -EINTR && next[-2] == 0x0f && next[-1] == 0x05;
    bool is_restarted = registers[REG_RAX] == SYS_futex && next[0] == 0x0f && next[1] == 0x05;
    long command = registers[REG_RSI] & FUTEX_CMD_MASK;
    return (is_ended || is_restarted) && (command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET);
}

bool glibc_is_at_work(const void *context) {
    const greg_t *registers = ((const ucontext_t *)context)->uc_mcontext.gregs;
    uintptr_t at = (uintptr_t)registers[REG_RIP];
    return is_in(&glibc_loader, at) || (is_in(&code_of_libc, at) && !is_in_futex(registers));
}

#else

/* Written for one processor so far. On others it may always be, and so forked children live on libc's malloc. */
bool glibc_is_at_work(const void *context) {
    (void)context;
    return true;
}

#endif

/* ---- the number of its threads ----
 *
 * It ends the process when the last of them has ended: main by pthread_exit, for one. */

void glibc_count_threads(int more) {
    _Atomic unsigned *threads = behind()->threads;
    if (threads != NULL)
        *threads += (unsigned)more;
}

bool glibc_is_single_threaded(void) {
    const _Atomic unsigned *threads = behind()->threads;
    return threads != NULL && *threads == 1;
}

/* ---- its list of the threads that have stacks of their own ----
 *
 * setuid and its like, which the kernel knows for one thread only, are done by libc on all threads in its lists. A
 * forked child begins with empty ones. Those that come back are put on the list again. It is a ring through all threads
 * on it and its head, which lies in the loader's data. */

struct node {
    struct node *next, *previous;
};
static struct node *list; /* NULL: not found, and the threads keep the rights that they come back with */

/* It lies before the thread's id, in all versions of glibc that have lists. */
static struct node *node_of(const _Atomic pid_t *id) { return (struct node *)(void *)(uintptr_t)id - 1; }

static void find_list(const _Atomic pid_t *id) {
    struct node *first = node_of(id), *at = first;
    while (at->next != NULL && at->next->previous == at && at->next != first) {
        at = at->next;
        if (is_in(&data_of_loader, (uintptr_t)at))
            list = at;
    }
}

/* In a child that libc knows nothing of. */
static bool is_on_list(const struct node *node) {
    for (const struct node *at = list->next; at != list; at = at->next)
        if (at == node)
            return true;
    return false;
}

void glibc_list_thread(const _Atomic pid_t *id) {
    struct node *node = node_of(id);
    if (list == NULL || list->next == NULL || list->next->previous != list || is_on_list(node))
        return;
    *node = (struct node){list->next, list};
    list->next->previous = node;
    list->next = node;
}

void glibc_find(const _Atomic pid_t *id) {
    dl_iterate_phdr(find_ranges, NULL);
    if (id != NULL)
        find_list(id);
}
