/*
 * behind.c: the functions that lie behind those of the same name that this library defines: libc's, or another
 * library's. They are looked up once, when the library is loaded: dlsym takes the loader's lock, and some of them are
 * called by signal handlers that may have interrupted its holder.
 */
#include <dlfcn.h>

#include "internal.h"

struct behind behind;

/* Of these glibc has an older version, too, for conditions of another layout, and dlsym may find that first. */
static void *newer(const char *name) {
    void *found = dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2");
    return found != NULL ? found : dlsym(RTLD_NEXT, name);
}

void behind_find(void) {
    *(void **)&behind.exit = dlsym(RTLD_NEXT, "_exit");
    *(void **)&behind.fork = dlsym(RTLD_NEXT, "_Fork");
    *(void **)&behind.getattr = dlsym(RTLD_NEXT, "pthread_getattr_np");
    *(void **)&behind.create = dlsym(RTLD_NEXT, "pthread_create");
    *(void **)&behind.wait = newer("pthread_cond_wait");
    *(void **)&behind.timed_wait = newer("pthread_cond_timedwait");
    *(void **)&behind.sleep = dlsym(RTLD_NEXT, "nanosleep");
    *(void **)&behind.suspend = dlsym(RTLD_NEXT, "sigsuspend");
    *(void **)&behind.poll = dlsym(RTLD_NEXT, "ppoll");
    *(void **)&behind.select = dlsym(RTLD_NEXT, "pselect");
    *(void **)&behind.epoll = dlsym(RTLD_NEXT, "epoll_pwait");
    *(void **)&behind.threads = dlsym(RTLD_DEFAULT, "__nptl_nthreads");
}
