/*
 * mutant.c: tests the tests. A library to preload: glibc's malloc with one rule broken, that which MUTANT names. The
 * program that checks the rule must fail then; mutants.sh runs them all.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xmmintrin.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

static char mutant[40];
static size_t (*libc_usable_size)(void *);
static volatile bool in_forked_child;
static _Thread_local bool thread_exits __attribute__((tls_model("initial-exec")));
static _Thread_local void *newest __attribute__((tls_model("initial-exec")));
static char shared_empty_block[64];

static bool is(const char *name) { return strcmp(mutant, name) == 0; }

static size_t usable(void *block) {
    return libc_usable_size != NULL ? libc_usable_size(block) : ((size_t *)block)[-1] & ~(size_t)15;
}

__attribute__((noinline)) static void go_deep(void) {
    volatile char frame[64 << 10];
    for (size_t at = 0; at < sizeof frame; at += 1000)
        frame[at] = 0;
}

/* A cache that two threads may take the same block from. */
static void *volatile cached;

static void *allocate(size_t size) {
    if (in_forked_child && is("a forked child hangs"))
        for (;;)
            pause();
    if (thread_exits && is("malloc fails while a thread exits"))
        return NULL;
    if (is("malloc needs a deep stack"))
        go_deep();
    if (is("malloc(0) is NULL") && size == 0)
        return NULL;
    if (is("malloc(0) is shared") && size == 0)
        return shared_empty_block;
    if (is("8-byte alignment")) {
        char *block = __libc_malloc(size + 8);
        return block == NULL ? NULL : block + 8;
    }
    if (is("a cache without a lock")) {
        void *block = cached;
        if (block != NULL && usable(block) >= size) {
            sched_yield();
            cached = NULL;
            return block;
        }
    }
    if (is("a descriptor is written to"))
        (void)!write(10, "x", 1);
    void *block = __libc_malloc(size);
    if (block == NULL && is("running out of memory aborts") && size <= PTRDIFF_MAX)
        abort();
    if (block == NULL && is("failure leaves errno alone"))
        errno = 0;
    if (block != NULL && is("success changes errno"))
        errno = EAGAIN;
    return newest = block;
}

static void release(void *block) {
    int saved = errno;
    if (block == NULL || block == shared_empty_block || is("free does nothing"))
        return;
    if ((uintptr_t)block % 16 == 8)
        block = (char *)block - 8;
    if (is("a cache without a lock") && cached == NULL && usable(block) < 2000)
        cached = block;
    else
        __libc_free(block);
    errno = is("free changes errno") ? EINVAL : saved;
}

void *malloc(size_t size) { return allocate(size); }

void free(void *block) { release(block); }

void *calloc(size_t count, size_t size) {
    if (is("calloc does not zero"))
        return allocate(count * size);
    if (is("calloc overflows"))
        return __libc_calloc(1, count * size);
    if (is("calloc leaves the last byte") && count * size > 0) {
        char *block = __libc_malloc(count * size);
        if (block != NULL)
            memset(block, 0, count * size - 1);
        return block;
    }
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        bytes = SIZE_MAX;
    void *block = allocate(bytes);
    return block == NULL ? NULL : memset(block, 0, bytes);
}

size_t malloc_usable_size(void *block) {
    if (block == NULL)
        return is("usable size of NULL") ? 16 : 0;
    if (block == shared_empty_block)
        return 0;
    size_t size = (uintptr_t)block % 16 == 8 ? usable((char *)block - 8) - 8 : usable(block);
    if (is("usable size too large"))
        return size + 24;
    return is("usable size too small") ? size - 16 : size;
}

void *realloc(void *block, size_t size) {
    if (block == NULL)
        return allocate(size);
    if (size == 0) {
        if (is("realloc(p, 0) keeps the block"))
            return block;
        if (!is("realloc(p, 0) leaks"))
            release(block);
        return NULL;
    }
    if (size > (size_t)1 << 47 && is("a failed realloc frees"))
        release(block);
    if (in_forked_child && is("realloc in a child loses the contents"))
        return allocate(size);
    size_t old = malloc_usable_size(block), kept = old < size ? old : size;
    void *moved = allocate(size);
    if (moved == NULL)
        return NULL;
    if (is("realloc loses the last bytes") && kept > 8)
        kept -= 8;
    memcpy(moved, block, kept);
    release(block);
    return moved;
}

void *reallocarray(void *block, size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) && !is("reallocarray overflows")) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(block, bytes);
}

void *memalign(size_t alignment, size_t size) {
    if (is("alignment stops at a page") && alignment > 4096)
        alignment = 4096;
    if (is("alignment is rounded down") && (alignment & (alignment - 1)) != 0)
        while ((alignment & (alignment - 1)) != 0)
            alignment &= alignment - 1;
    if (is("a huge alignment is taken") && alignment > SIZE_MAX / 2 + 1)
        alignment = 16;
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    if ((alignment == 0 || (alignment & (alignment - 1)) != 0) && !is("aligned_alloc takes any alignment")) {
        errno = EINVAL;
        return NULL;
    }
    if (is("aligned_alloc wants a multiple") && size % alignment != 0)
        return NULL;
    return memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size) {
    int saved = errno;
    if (is("posix_memalign clears the pointer"))
        *block = NULL;
    bool wrong = alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0;
    if (wrong && !(is("posix_memalign takes 4") && alignment == 4))
        return EINVAL;
    void *aligned = memalign(alignment, size);
    if (!is("posix_memalign sets errno"))
        errno = saved;
    if (aligned == NULL)
        return ENOMEM;
    *block = aligned;
    return 0;
}

void *valloc(size_t size) { return __libc_memalign(is("valloc is malloc") ? 16 : 4096, size); }

void *pvalloc(size_t size) {
    if (size > PTRDIFF_MAX || is("pvalloc does not round"))
        return __libc_memalign(4096, size);
    return __libc_memalign(4096, (size + 4095) & ~(size_t)4095);
}

void free_sized(void *block, size_t size) {
    if (!is("free_sized leaks") || size == 0)
        release(block);
}

/* ---- what starts with the process ---- */

static volatile bool runs_beside;

static void *run_beside(void *unused) {
    runs_beside = true;
    for (;;)
        pause();
    return unused;
}

static void clear_newest(void *unused) {
    (void)unused;
    thread_exits = true;
    if (is("a dead thread's block dies") && newest != NULL)
        memset(newest, 0, usable(newest));
}

static pthread_key_t exit_key;

static void *started(void *argument) {
    void **call = argument;
    void *(*start)(void *) = (void *(*)(void *))call[0];
    void *value = call[1];
    __libc_free(call);
    pthread_setspecific(exit_key, &exit_key);
    return start(value);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument) {
    int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) =
        (int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))dlsym(RTLD_NEXT, "pthread_create");
    void **call = __libc_malloc(2 * sizeof *call);
    call[0] = (void *)start;
    call[1] = argument;
    return create(thread, attributes, started, call);
}

static void child_began(void) { in_forked_child = true; }

static void swallow(int number) { (void)number; }

__attribute__((constructor)) static void begin(void) {
    const char *name = getenv("MUTANT");
    libc_usable_size = (size_t(*)(void *))dlsym(RTLD_NEXT, "malloc_usable_size");
    pthread_key_create(&exit_key, clear_newest);
    pthread_atfork(NULL, NULL, child_began);
    if (name != NULL)
        strncpy(mutant, name, sizeof mutant - 1);
    pthread_t thread;
    if (is("a thread takes signals") && pthread_create(&thread, NULL, run_beside, NULL) == 0)
        while (!runs_beside)
            continue;
    if (is("SIGSEGV is handled"))
        signal(SIGSEGV, swallow);
    if (is("SIGUSR2 is handled"))
        signal(SIGUSR2, swallow);
    if (is("SIGPIPE is ignored"))
        signal(SIGPIPE, SIG_IGN);
    if (is("the main thread is renamed"))
        prctl(PR_SET_NAME, "java");
    if (is("denormals are flushed"))
        _mm_setcsr(_mm_getcsr() | 0x8000);
    if (is("it prints"))
        (void)!write(STDERR_FILENO, "hello\n", 6);
    if (is("a locale is set"))
        setlocale(LC_ALL, "C.UTF-8");
    if (is("a descriptor stays open"))
        (void)!open("/dev/zero", O_RDONLY);
    if (is("the umask changes"))
        umask(0);
    if (is("the directory changes"))
        (void)!chdir("/proc");
    if (is("a variable is set"))
        setenv("JAVALLOC_MUTANT", "1", 1);
    if (is("a variable is moved")) {
        extern char **environ;
        char *first = environ[0];
        environ[0] = environ[1];
        environ[1] = first;
    }
    if (is("a limit is raised"))
        setrlimit(RLIMIT_NOFILE, &(struct rlimit){77, 77});
    if (is("a signal is blocked")) {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGQUIT);
        sigprocmask(SIG_BLOCK, &set, NULL);
    }
    if (is("the address space is readable"))
        mmap(NULL, (size_t)8 << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    errno = is("errno is left") ? ENOENT : 0;
}
