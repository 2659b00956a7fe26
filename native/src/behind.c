/*
 * behind.c: the functions that lie behind those of the same name that this library defines: libc's, or another
 * library's. They are looked up once, when the library is loaded: dlsym takes the loader's lock, and some of them are
 * called by signal handlers that may have interrupted its holder.
 */
#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

struct behind behind_found;

/* Of these glibc has an older version, too, for conditions of another layout, and dlsym may find that first. */
static void *newer(const char *name) {
    void *found = dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2");
    return found != NULL ? found : dlsym(RTLD_NEXT, name);
}

void behind_find(void) {
    *(void **)&behind_found.fork = dlsym(RTLD_NEXT, "fork");
    *(void **)&behind_found.fork_quietly = dlsym(RTLD_NEXT, "_Fork");
    *(void **)&behind_found.clone = dlsym(RTLD_NEXT, "clone");
    *(void **)&behind_found.control = dlsym(RTLD_NEXT, "prctl");
    *(void **)&behind_found.system_call = dlsym(RTLD_NEXT, "syscall");
    *(void **)&behind_found.getattr = dlsym(RTLD_NEXT, "pthread_getattr_np");
    *(void **)&behind_found.create = dlsym(RTLD_NEXT, "pthread_create");
    *(void **)&behind_found.create_c11 = dlsym(RTLD_NEXT, "thrd_create");
    *(void **)&behind_found.wait = newer("pthread_cond_wait");
    *(void **)&behind_found.timed_wait = newer("pthread_cond_timedwait");
    *(void **)&behind_found.sleep = dlsym(RTLD_NEXT, "nanosleep");
    *(void **)&behind_found.action = dlsym(RTLD_NEXT, "__sigaction");
    *(void **)&behind_found.signal_bsd = dlsym(RTLD_NEXT, "bsd_signal");
    *(void **)&behind_found.signal_sysv = dlsym(RTLD_NEXT, "__sysv_signal");
    *(void **)&behind_found.suspend = dlsym(RTLD_NEXT, "sigsuspend");
    *(void **)&behind_found.await_signal_until = dlsym(RTLD_NEXT, "sigtimedwait");
    *(void **)&behind_found.await_signal = dlsym(RTLD_NEXT, "sigwait");
    *(void **)&behind_found.poll = dlsym(RTLD_NEXT, "ppoll");
    *(void **)&behind_found.poll_checked = dlsym(RTLD_NEXT, "__ppoll_chk");
    *(void **)&behind_found.select = dlsym(RTLD_NEXT, "pselect");
    *(void **)&behind_found.epoll = dlsym(RTLD_NEXT, "epoll_pwait");
    *(void **)&behind_found.epoll_finely = dlsym(RTLD_NEXT, "epoll_pwait2");
    *(void **)&behind_found.getenv = dlsym(RTLD_NEXT, "getenv");
    *(void **)&behind_found.secure_getenv = dlsym(RTLD_NEXT, "secure_getenv");
    *(void **)&behind_found.setenv = dlsym(RTLD_NEXT, "setenv");
    *(void **)&behind_found.unsetenv = dlsym(RTLD_NEXT, "unsetenv");
    *(void **)&behind_found.putenv = dlsym(RTLD_NEXT, "putenv");
    *(void **)&behind_found.clearenv = dlsym(RTLD_NEXT, "clearenv");
    *(void **)&behind_found.open = dlsym(RTLD_NEXT, "fopen64");
    *(void **)&behind_found.load = dlsym(RTLD_NEXT, "dlopen");
    *(void **)&behind_found.read_at = dlsym(RTLD_NEXT, "pread64");
    *(void **)&behind_found.at_exit = dlsym(RTLD_NEXT, "__cxa_atexit");
    *(void **)&behind_found.setlocale = dlsym(RTLD_NEXT, "setlocale");
    *(void **)&behind_found.threads = dlsym(RTLD_DEFAULT, "__nptl_nthreads");
    *(void **)&behind_found.exit = dlsym(RTLD_NEXT, "_exit"); /* the last one: it says that all are known */
}

/* ---- libc's malloc: found in its table of symbols, because dlsym may allocate ---- */

struct libc_malloc libc_malloc_found;

/* A library's symbols, and the table by which they are found (DT_GNU_HASH). */
struct symbols {
    uintptr_t base;
    const ElfW(Sym) * all;
    const char *names;
    const uint32_t *table;
};

static uintptr_t in_memory(const struct link_map *library, ElfW(Addr) address) {
    return address < library->l_addr ? library->l_addr + address : address;
}

static struct symbols symbols_of(const struct link_map *library) {
    struct symbols symbols = {.base = library->l_addr};
    for (const ElfW(Dyn) *entry = library->l_ld; entry->d_tag != DT_NULL; entry++) {
        uintptr_t at = in_memory(library, entry->d_un.d_ptr);
        if (entry->d_tag == DT_SYMTAB)
            symbols.all = (const void *)at;
        else if (entry->d_tag == DT_STRTAB)
            symbols.names = (const char *)at;
        else if (entry->d_tag == DT_GNU_HASH)
            symbols.table = (const uint32_t *)at;
    }
    return symbols;
}

static uint32_t hash_of(const char *name) {
    uint32_t hash = 5381;
    for (; *name != '\0'; name++)
        hash = hash * 33 + (unsigned char)*name;
    return hash;
}

/* The table: how many chains there are, the first symbol in it, the words of a filter and its shift; the filter; where
 * each chain begins; and for each symbol its hash, the last bit of which is 1 at the end of a chain. */
static void *look_up(const struct symbols *symbols, const char *name) {
    const uint32_t *table = symbols->table, count = table[0], first = table[1];
    const uint32_t *chains = table + 4 + table[2] * (sizeof(ElfW(Addr)) / sizeof *table), *hashes = chains + count;
    uint32_t hash = hash_of(name), symbol = chains[hash % count];
    for (bool is_last = symbol < first; !is_last; symbol++) {
        const ElfW(Sym) *found = &symbols->all[symbol];
        if ((hashes[symbol - first] | 1) == (hash | 1) && strcmp(symbols->names + found->st_name, name) == 0)
            return (void *)(symbols->base + found->st_value);
        is_last = hashes[symbol - first] & 1;
    }
    abort(); /* no glibc is without it */
}

void libc_malloc_find(void) {
    Dl_info info;
    struct link_map *libc = NULL;
    if (dladdr1((void *)gnu_get_libc_version, &info, (void **)&libc, RTLD_DL_LINKMAP) == 0)
        abort();
    struct symbols symbols = symbols_of(libc);
    if (symbols.all == NULL || symbols.names == NULL || symbols.table == NULL)
        abort();
    *(void **)&libc_malloc_found.malloc = look_up(&symbols, "malloc");
    *(void **)&libc_malloc_found.calloc = look_up(&symbols, "calloc");
    *(void **)&libc_malloc_found.realloc = look_up(&symbols, "realloc");
    *(void **)&libc_malloc_found.memalign = look_up(&symbols, "memalign");
    *(void **)&libc_malloc_found.usable_size = look_up(&symbols, "malloc_usable_size");
    *(void **)&libc_malloc_found.trim = look_up(&symbols, "malloc_trim");
    *(void **)&libc_malloc_found.set_option = look_up(&symbols, "mallopt");
    *(void **)&libc_malloc_found.free = look_up(&symbols, "free"); /* the last one: it says that all are known */
}
