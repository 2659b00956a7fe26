/*
 * behind.c: the functions that lie behind those of the same name that this library defines: libc's, or another
 * library's. They are looked up once, when the library is loaded: dlsym takes the loader's lock, and some of them are
 * called by signal handlers that may have interrupted its holder.
 */
#include <dlfcn.h>

#include "internal.h"

struct behind behind_found;

/* Of these glibc has an older version, too, for conditions of another layout, and dlsym may find that first. */
static void *newer(const char *name) {
    void *found = dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2");
    return found != NULL ? found : dlsym(RTLD_NEXT, name);
}

void behind_find(void) {
    *(void **)&behind_found.fork = dlsym(RTLD_NEXT, "_Fork");
    *(void **)&behind_found.clone = dlsym(RTLD_NEXT, "clone");
    *(void **)&behind_found.control = dlsym(RTLD_NEXT, "prctl");
    *(void **)&behind_found.system_call = dlsym(RTLD_NEXT, "syscall");
    *(void **)&behind_found.getattr = dlsym(RTLD_NEXT, "pthread_getattr_np");
    *(void **)&behind_found.create = dlsym(RTLD_NEXT, "pthread_create");
    *(void **)&behind_found.create_c11 = dlsym(RTLD_NEXT, "thrd_create");
    *(void **)&behind_found.wait = newer("pthread_cond_wait");
    *(void **)&behind_found.timed_wait = newer("pthread_cond_timedwait");
    *(void **)&behind_found.sleep = dlsym(RTLD_NEXT, "nanosleep");
    *(void **)&behind_found.suspend = dlsym(RTLD_NEXT, "sigsuspend");
    *(void **)&behind_found.poll = dlsym(RTLD_NEXT, "ppoll");
    *(void **)&behind_found.select = dlsym(RTLD_NEXT, "pselect");
    *(void **)&behind_found.epoll = dlsym(RTLD_NEXT, "epoll_pwait");
    *(void **)&behind_found.getenv = dlsym(RTLD_NEXT, "getenv");
    *(void **)&behind_found.secure_getenv = dlsym(RTLD_NEXT, "secure_getenv");
    *(void **)&behind_found.setenv = dlsym(RTLD_NEXT, "setenv");
    *(void **)&behind_found.unsetenv = dlsym(RTLD_NEXT, "unsetenv");
    *(void **)&behind_found.putenv = dlsym(RTLD_NEXT, "putenv");
    *(void **)&behind_found.clearenv = dlsym(RTLD_NEXT, "clearenv");
    *(void **)&behind_found.open = dlsym(RTLD_NEXT, "fopen64");
    *(void **)&behind_found.read_at = dlsym(RTLD_NEXT, "pread64");
    *(void **)&behind_found.at_exit = dlsym(RTLD_NEXT, "__cxa_atexit");
    *(void **)&behind_found.setlocale = dlsym(RTLD_NEXT, "setlocale");
    *(void **)&behind_found.threads = dlsym(RTLD_DEFAULT, "__nptl_nthreads");
    *(void **)&behind_found.exit = dlsym(RTLD_NEXT, "_exit"); /* the last one: it says that all are known */
}
