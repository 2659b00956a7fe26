/*
 * unit.c: the shim without a JVM, under AddressSanitizer and UndefinedBehaviorSanitizer: the route, threads, deferred
 * blocks, the fork, the limits, and what does not need Java at all.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "fake_jvm.h"

static uint64_t count(enum route route, enum operation op) {
    uint64_t sums[ROUTES][OPERATIONS];
    counters_sum(sums);
    return sums[route][op];
}

static void before_java_is_up_libc_serves(void) {
    void *block = javalloc_malloc(10);
    CHECK(block != NULL && !region_contains(block));
    CHECK(count(ROUTE_LIBC, OP_MALLOC) == 1);
    javalloc_free(block);
}

static void a_block_of_libc_goes_back_to_libc_later(void *block) {
    block = javalloc_realloc(block, 2000);
    CHECK(block != NULL && !region_contains(block));
    size_t released = fake.released;
    javalloc_free(block);
    CHECK(fake.released == released);
}

static void java_serves_a_thread_with_enough_stack(void) {
    uint64_t before = count(ROUTE_JAVA, OP_MALLOC);
    char *block = javalloc_malloc(10);
    CHECK(region_contains(block));
    CHECK(count(ROUTE_JAVA, OP_MALLOC) == before + 1);
    strcpy(block, "contents");
    block = javalloc_realloc(block, 1000);
    CHECK(region_contains(block) && strcmp(block, "contents") == 0);
    javalloc_free(block);
    CHECK(fake.last_released == (uintptr_t)block);
}

static void what_java_allocates_itself_goes_to_libc(void) {
    fake.malloc_inside = true;
    uint64_t before = count(ROUTE_JVM, OP_MALLOC);
    javalloc_free(javalloc_malloc(10));
    CHECK(count(ROUTE_JVM, OP_MALLOC) == before + 1);
    fake.malloc_inside = false;
}

static void errno_is_kept_and_set_as_the_standard_wants(void) {
    errno = 5;
    javalloc_free(javalloc_malloc(10));
    CHECK(errno == 5);
    fake.full = true;
    CHECK(javalloc_malloc(10) == NULL && errno == ENOMEM);
    void *block = &block;
    errno = 5;
    CHECK(javalloc_posix_memalign(&block, 64, 10) == ENOMEM && errno == 5 && block == &block);
    fake.full = false;
    CHECK(javalloc_calloc(SIZE_MAX / 2, 3) == NULL && errno == ENOMEM);
    errno = 5;
    CHECK(javalloc_aligned_alloc(48, 96) == NULL && errno == EINVAL);
}

/* ---- threads ---- */

static void *touch(void *unused) {
    (void)unused;
    javalloc_free(javalloc_malloc(10));
    return NULL;
}

/* The thread that came first was waited for by the second while it wanted the lock that the second held. */
static sem_t first_is_leaving;
static pthread_t second;

static void *come_while_the_first_is_leaving(void *unused) {
    sem_wait(&first_is_leaving);
    return touch(unused);
}

static void let_the_second_come_and_go(void) {
    fake.on_detach = NULL;
    sem_post(&first_is_leaving);
    CHECK(pthread_join(second, NULL) == 0);
}

static void the_first_thread_may_leave_while_another_comes(void) {
    CHECK(fake.attached == 0);
    CHECK(sem_init(&first_is_leaving, 0, 0) == 0);
    CHECK(pthread_create(&second, NULL, come_while_the_first_is_leaving, NULL) == 0);
    fake.on_detach = let_the_second_come_and_go;
    pthread_t first;
    CHECK(pthread_create(&first, NULL, touch, NULL) == 0);
    CHECK(pthread_join(first, NULL) == 0);
    CHECK(fake.attached == 2 && fake.detached == 2);
}

static void a_thread_is_attached_once_and_detached_at_its_end(void) {
    size_t attached = fake.attached, detached = fake.detached;
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, touch, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(fake.attached == attached + 1 && fake.detached == detached + 1);
    CHECK(bridge.multi_threaded == 1);
}

static void (*before_a_lock_is_tried)(void);

/* What the shim calls. */
int pthread_mutex_trylock(pthread_mutex_t *mutex) {
    static int (*next)(pthread_mutex_t *);
    if (next == NULL)
        *(void **)&next = dlsym(RTLD_NEXT, "pthread_mutex_trylock");
    if (before_a_lock_is_tried != NULL)
        before_a_lock_is_tried();
    return next(mutex);
}

static void another_thread_comes(void) { bridge.multi_threaded = 1; }

/* The helper lost its processor between its look and the lock, another thread came to Java meanwhile, the first one was
 * in it: the helper took that for solitude again, and both went on without the heap's locks. */
static void who_would_end_the_solitude_sees_that_it_is_over(void) {
    CHECK(bridge.multi_threaded == 0);
    CHECK(!thread_end_solitude(false));
    CHECK(bridge.multi_threaded == 0);
    uintptr_t window = thread_self.stack_window;
    thread_self.stack_window = 0; /* inside */
    before_a_lock_is_tried = another_thread_comes;
    CHECK(thread_end_solitude(false));
    CHECK(bridge.multi_threaded == 1);
    before_a_lock_is_tried = NULL;
    thread_self.stack_window = window;
    pid_t child = fork(); /* the helper, at work in the heap, comes along: the one thread is not alone with it */
    CHECK(child >= 0);
    if (child == 0) {
        thread_child();
        _exit(bridge.multi_threaded == 1 ? 0 : 1);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    bridge.multi_threaded = 0;
}

static void *block_of_java;

static void *free_as_the_jvm(void *unused) {
    (void)unused;
    CHECK(thread_self.kind == THREAD_JVM);
    javalloc_free(block_of_java);
    return NULL;
}

static void a_thread_of_the_jvm_defers_what_it_frees(void) {
    block_of_java = javalloc_malloc(40);
    size_t released = fake.released;
    pthread_t thread;
    enum thread_kind kind = thread_self.kind;
    thread_self.kind = THREAD_INSIDE; /* whoever creates a thread now is code of the JVM */
    CHECK(pthread_create(&thread, NULL, free_as_the_jvm, NULL) == 0);
    thread_self.kind = kind;
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(fake.released == released);
    CHECK(count(ROUTE_DEFERRED, OP_FREE) == 1);
    void *next = javalloc_malloc(1); /* whoever comes next frees it */
    CHECK(fake.released == released + 1 && fake.last_released == (uintptr_t)block_of_java);
    javalloc_free(next);
}

static void *use_java(void *unused) {
    (void)unused;
    void *block = javalloc_malloc(10);
    CHECK(region_contains(block));
    javalloc_free(block);
    block = javalloc_realloc(block_of_java, 5000);
    CHECK(region_contains(block) && strcmp(block, "moved") == 0);
    javalloc_free(block);
    return NULL;
}

static void *use_libc(void *unused) {
    (void)unused;
    void *block = javalloc_malloc(10);
    CHECK(!region_contains(block));
    javalloc_free(block);
    block = javalloc_realloc(block_of_java, 5000);
    CHECK(!region_contains(block) && strcmp(block, "moved") == 0);
    javalloc_free(block);
    return NULL;
}

static void on_a_stack_of(size_t bytes, void *(*what)(void *)) {
    block_of_java = javalloc_malloc(10);
    strcpy(block_of_java, "moved");
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    CHECK(pthread_attr_setstacksize(&attributes, bytes) == 0);
    pthread_t thread;
    CHECK(pthread_create(&thread, &attributes, what, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    pthread_attr_destroy(&attributes);
}

static void a_thread_on_a_short_stack_calls_java_on_another(void) {
    size_t attached = fake.attached, detached = fake.detached, relayed = count(ROUTE_RELAY, OP_MALLOC);
    on_a_stack_of(128 << 10, use_java);
    CHECK(fake.attached == attached + 1 && fake.detached == detached + 1);
    CHECK(count(ROUTE_RELAY, OP_MALLOC) == relayed + 1);
}

/* The stack of a thread that a host has made known to Java is not ours to change. */
static void a_thread_of_the_host_on_a_short_stack_is_served_by_libc(void) {
    fake.is_hosts = true;
    on_a_stack_of(128 << 10, use_libc);
    fake.is_hosts = false;
}

static ucontext_t here, fiber;

static void allocate_in_a_fiber(void) { use_java(NULL); }

static void *use_java_and_then_a_fiber(void *unused) {
    static char stack[256 << 10];
    void *block = javalloc_malloc(10);
    size_t attached = fake.attached, detached = fake.detached;
    getcontext(&fiber);
    fiber.uc_stack.ss_sp = stack;
    fiber.uc_stack.ss_size = sizeof stack;
    fiber.uc_link = &here;
    makecontext(&fiber, allocate_in_a_fiber, 0);
    swapcontext(&here, &fiber);
    CHECK(fake.attached == attached + 1 && fake.detached == detached + 1);
    javalloc_free(block); /* on its own stack again: served over there all the same */
    CHECK(fake.last_released == (uintptr_t)block && fake.attached == attached + 1);
    return unused;
}

static void a_fiber_calls_java_on_another_stack(void) {
    size_t attached = fake.attached, detached = fake.detached;
    on_a_stack_of(1 << 20, use_java_and_then_a_fiber);
    CHECK(fake.attached == attached + 2 && fake.detached == detached + 2);
}

/* ---- signals ---- */

static bool really_blocked(int signal) {
    sigset_t mask;
    signals_block_all(&mask);
    signals_restore(&mask);
    return sigismember(&mask, signal) == 1;
}

static void a_thread_that_blocks_all_signals_still_takes_the_faults_of_the_jvm(void) {
    sigset_t all, before, now;
    sigfillset(&all);
    CHECK(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    CHECK(sigismember(&before, SIGSEGV) == 0);
    CHECK(really_blocked(SIGUSR1) && !really_blocked(SIGSEGV) && !really_blocked(SIGBUS));
    CHECK(sigprocmask(SIG_SETMASK, &before, &now) == 0);
    CHECK(sigismember(&now, SIGSEGV) == 1 && sigismember(&now, SIGUSR1) == 1);
    CHECK(sigprocmask(SIG_BLOCK, NULL, &now) == 0);
    CHECK(sigismember(&now, SIGSEGV) == 0 && sigismember(&now, SIGUSR1) == 0);
    CHECK(sigprocmask(42, &all, NULL) == -1 && errno == EINVAL);
}

/* As if a signal came while code of the JVM is in libc's malloc on this thread, and its handler allocated. */
static void a_handler_that_interrupts_libcs_malloc_does_not_enter_it_again(void) {
    struct thread *self = &thread_self;
    thread_inside(self);
    char *of_libc = javalloc_malloc(100);
    self->in_libc = true;
    char *block = javalloc_malloc(100);
    CHECK(reserve_contains(block) && javalloc_malloc_usable_size(block) >= 100);
    strcpy(block, "handler");
    block = javalloc_realloc(block, 5000);
    CHECK(reserve_contains(block) && strcmp(block, "handler") == 0);
    char *aligned = javalloc_aligned_alloc(4096, 10);
    CHECK(reserve_contains(aligned) && (uintptr_t)aligned % 4096 == 0);
    CHECK(javalloc_malloc((size_t)1 << 30) == NULL && errno == ENOMEM);
    javalloc_free(block);
    javalloc_free(aligned);
    for (int i = 0; i < 100; i++) { /* 10 MB each, of 64 */
        char *first = javalloc_malloc(5000000), *second = javalloc_calloc(5000, 1000);
        CHECK(first != NULL && second != NULL && second[4999999] == 0);
        memset(first, 1, 5000000);
        memset(second, 1, 5000000);
        javalloc_free(first);
        javalloc_free(second);
    }
    javalloc_free(of_libc);
    CHECK(javalloc_malloc_usable_size(of_libc) >= 100); /* it waits */
    self->in_libc = false;
    javalloc_free(javalloc_malloc(10));
    thread_outside(self);
}

/* ---- processes ---- */

static void in_child(char *inherited) {
    void *block = javalloc_malloc(10);
    CHECK(!region_contains(block));
    CHECK(count(ROUTE_LIBC, OP_MALLOC) == 1 && count(ROUTE_JAVA, OP_MALLOC) == 0);
    javalloc_free(block);
    char *moved = javalloc_realloc(inherited, 100000);
    CHECK(!region_contains(moved) && strcmp(moved, "inherited") == 0);
    javalloc_free(moved);
    size_t released = fake.released;
    javalloc_free(inherited);
    CHECK(fake.released == released);
    CHECK(javalloc_malloc_usable_size(inherited) == 0);
    _exit(7);
}

static void a_forked_child_goes_to_libc(void) {
    char *inherited = javalloc_malloc(20);
    strcpy(inherited, "inherited");
    pid_t child = fork();
    if (child == 0)
        in_child(inherited);
    int status;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7);
    CHECK(strcmp(inherited, "inherited") == 0);
    javalloc_free(inherited);
}

static void the_limit_of_the_address_space_stops_the_heap(void) {
    struct rlimit before, limit;
    CHECK(getrlimit(RLIMIT_AS, &before) == 0);
    limit = before;
    limit.rlim_cur = (rlim_t)1 << 20; /* less than is in use */
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
    errno = 0;
    CHECK(javalloc_malloc((size_t)8 << 20) == NULL && errno == ENOMEM);
    CHECK(setrlimit(RLIMIT_AS, &before) == 0);
    void *block = javalloc_malloc((size_t)8 << 20);
    CHECK(region_contains(block));
    javalloc_free(block);
}

/* The kernel takes mapping after mapping, and stops at the hole. */
static void pages_that_cannot_all_be_protected_stay_accessible(void) {
    size_t page = 4096;
    char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(pages != MAP_FAILED && munmap(pages + page, page) == 0);
    CHECK(!region_protect((uintptr_t)pages, 2 * page, false));
    int ends[2];
    CHECK(pipe(ends) == 0);
    CHECK(write(ends[1], pages, 1) == 1); /* fails where it would fault */
    CHECK(close(ends[0]) == 0 && close(ends[1]) == 0 && munmap(pages, page) == 0);
}

/* ---- magazines ---- */

/* A write before the first block went into memory of the JVM's, which happened to lie there. */
static void around_the_region_are_addresses_that_are_nobodys(void) {
    enum { AROUND = 1 << 20 };
    static unsigned char resident[AROUND / 4096];
    char *first = (char *)bridge.region_base, *end = first + bridge.region_bytes;
    int file = open("/dev/zero", O_RDONLY);
    CHECK(file >= 0);
    CHECK(read(file, first - 1, 1) == -1 && errno == EFAULT);
    CHECK(read(file, first - AROUND, 1) == -1 && errno == EFAULT);
    CHECK(read(file, end, 1) == -1 && errno == EFAULT);
    close(file);
    CHECK(mincore(first - AROUND, AROUND, resident) == 0 && mincore(end, AROUND, resident) == 0); /* and stay so */
}

static void a_magazine_serves_without_java(void) {
    fake_offer_batches();
    uint64_t mallocs = count(ROUTE_JAVA, OP_MALLOC), frees = count(ROUTE_JAVA, OP_FREE);
    void *block = javalloc_malloc(10);
    CHECK(fake.fills == 1 && javalloc_malloc_usable_size(block) == 16);
    for (int i = 0; i < 1000; i++) {
        javalloc_free(block);
        CHECK(javalloc_malloc(1 + i % 16) == block);
    }
    CHECK(fake.fills == 1 && fake.flushes == 0);
    CHECK(count(ROUTE_JAVA, OP_MALLOC) == mallocs + 1001 && count(ROUTE_JAVA, OP_FREE) == frees + 1000);
    uint64_t blocks, bytes;
    depot_kept(&blocks, &bytes);
    CHECK(blocks == fake.filled - 1 && bytes == 16 * blocks);
    javalloc_free(block);
}

static void sizes_have_the_smallest_class_that_fits(void) {
    for (size_t size = 0; size <= 49; size++) {
        size_t fills = fake.fills, released = fake.allocated;
        void *block = javalloc_malloc(size);
        CHECK(javalloc_malloc_usable_size(block) == (size <= 16 ? 16 : size <= 48 ? 48 : size));
        CHECK(size <= 48 || (fake.fills == fills && fake.allocated == released + 1));
        javalloc_free(block);
    }
}

static void a_block_that_is_reallocated_stays_in_its_class(void) {
    char *block = javalloc_malloc(48);
    CHECK(javalloc_realloc(block, 25) == block && javalloc_realloc(block, 48) == block);
    strcpy(block, "kept");
    size_t released = fake.released;
    char *moved = javalloc_realloc(block, 16);
    CHECK(moved != block && strcmp(moved, "kept") == 0 && javalloc_malloc_usable_size(moved) == 16);
    CHECK(fake.released == released);
    CHECK(javalloc_malloc(48) == block); /* it went into its magazine */
    javalloc_free(block);
    javalloc_free(moved);
}

static void a_block_starts_at_every_multiple_of_its_class_and_nowhere_else(void) {
    struct magazine_classes before = magazine_classes;
    for (uint32_t bytes = 16; bytes <= MAGAZINE_LARGEST; bytes += 16) {
        magazine_classes.last[1] = (JAVALLOC_PAGE_SIZE / bytes - 1) * bytes;
        magazine_classes.reciprocal[1] = UINT32_MAX / bytes + 1;
        for (uintptr_t in_page = 0; in_page < JAVALLOC_PAGE_SIZE; in_page++)
            CHECK(magazine_starts_block(1, (void *)in_page) ==
                  (in_page % bytes == 0 && in_page + bytes <= JAVALLOC_PAGE_SIZE));
    }
    magazine_classes = before;
}

static void what_is_no_block_of_a_class_goes_to_java(void) {
    char *block = javalloc_malloc(48);
    javalloc_free(block + 16);
    CHECK(fake.last_released == (uintptr_t)block + 16);
    javalloc_free(block);
    CHECK(fake.last_released != (uintptr_t)block);
    size_t flushes = fake.flushes;
    javalloc_free(block); /* for the second time: Java has the first one before it */
    CHECK(fake.flushes == flushes + 1 && fake.last_released == (uintptr_t)block);
}

static void java_does_not_move_a_block_from_one_class_to_another(void) {
    enum { MOST = 1000 };
    static void *taken[MOST];
    int count = 0;
    while (thread_self.magazines->top[2] != NULL && count < MOST)
        taken[count++] = javalloc_malloc(40);
    char *block = javalloc_malloc(16);
    memcpy(block, "fifteen letters", 16);
    size_t fills = fake.fills, allocated = fake.allocated, released = fake.released;
    CHECK(thread_self.magazines->top[2] == NULL);
    char *moved = javalloc_realloc(block, 40);
    CHECK(moved != block && memcmp(moved, "fifteen letters", 16) == 0);
    CHECK(fake.fills == fills + 1 && fake.allocated == allocated && fake.released == released);
    CHECK(javalloc_malloc(16) == block);
    javalloc_free(block);
    javalloc_free(moved);
    while (count > 0)
        javalloc_free(taken[--count]);
}

static long mapped_pages(void) {
    char text[64] = "";
    int file = open("/proc/self/statm", O_RDONLY);
    CHECK(file >= 0 && read(file, text, sizeof text - 1) > 0);
    close(file);
    return atol(text);
}

static void what_overflows_one_magazine_fills_another(void) {
    enum { BLOCKS = 3000 };
    static void *blocks[BLOCKS];
    for (int i = 0; i < BLOCKS; i++)
        blocks[i] = javalloc_malloc(16);
    size_t filled = fake.filled, flushed = fake.flushed;
    for (int i = 0; i < BLOCKS; i++)
        javalloc_free(blocks[i]);
    CHECK(fake.flushed == flushed);
    for (int i = 0; i < BLOCKS; i++)
        blocks[i] = javalloc_malloc(16);
    CHECK(fake.filled == filled);
    for (int i = 0; i < BLOCKS; i++)
        javalloc_free(blocks[i]);
    CHECK(pile_clear_unused() && fake.flushed == flushed); /* they were in use a moment ago */
    long pages = mapped_pages();
    CHECK(!pile_clear_unused() && fake.flushed > flushed);
    CHECK(mapped_pages() < pages); /* nor do the piles keep what they were made of */
}

static void take_and_give(void **blocks, int count, size_t size) {
    for (int i = 0; i < count; i++)
        blocks[i] = javalloc_malloc(size);
    for (int i = 0; i < count; i++)
        javalloc_free(blocks[i]);
}

/* A program whose blocks change their size had 24 MB more resident while the helper had not come yet. */
static void what_a_program_turned_away_from_goes_back_while_it_gives_back_other(void) {
    enum { BLOCKS = 3000, TIMES = 80 };
    static void *blocks[BLOCKS];
    take_and_give(blocks, BLOCKS, 16);
    CHECK(pile_blocks(1) > 0 && magazine_count(thread_self.magazines, 1) > 0);
    size_t filled = 0, flushed = fake.flushed;
    for (int i = 0; i < TIMES; i++) {
        take_and_give(blocks, BLOCKS, 48);
        filled = i == 0 ? fake.filled : filled;
    }
    CHECK(pile_blocks(1) == 0 && magazine_count(thread_self.magazines, 1) == 0);
    CHECK(fake.flushed >= flushed + BLOCKS);
    CHECK(fake.filled == filled); /* what it uses stays */
}

static void *allocate_a_little(void *blocks) {
    for (int i = 0; i < 4; i++)
        javalloc_free(((void **)blocks)[i] = javalloc_malloc(40));
    return NULL;
}

static void a_thread_gets_the_magazines_of_one_that_has_ended(void) {
    void *blocks[2][4];
    pthread_t thread;
    for (int i = 0; i < 2; i++) {
        size_t attached = fake.attached, fills = fake.fills;
        CHECK(pthread_create(&thread, NULL, allocate_a_little, blocks[i]) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
        CHECK(i == 0 || (fake.attached == attached && fake.fills == fills)); /* it has not come to Java at all */
    }
    CHECK(memcmp(blocks[0], blocks[1], sizeof blocks[0]) == 0);
}

static sem_t has_allocated, may_go_on;

static void *allocate_and_wait(void *unused) {
    void *blocks[4];
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 4; i++) {
            CHECK((blocks[i] = javalloc_malloc(40)) != NULL);
            memset(blocks[i], i, 40);
        }
        for (int i = 0; i < 4; i++) {
            CHECK(((char *)blocks[i])[39] == i);
            javalloc_free(blocks[i]);
        }
        sem_post(&has_allocated);
        sem_wait(&may_go_on);
    }
    return unused;
}

static void *clear_idle(void *is_more) {
    bool is_by_us = false;
    thread_self.kind = THREAD_JVM;
    CHECK(jvm_attach(&is_by_us));
    bool is_in_magazines = depot_clear_idle();
    *(bool *)is_more = pile_clear_unused() || is_in_magazines;
    jvm_detach();
    return NULL;
}

/* As the helper does: on a thread that has no magazines. */
static bool clears_idle(void) {
    bool is_more = false;
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, clear_idle, &is_more) == 0 && pthread_join(thread, NULL) == 0);
    return is_more;
}

static void what_an_idle_thread_keeps_goes_back_to_java(void) {
    pthread_t thread;
    uint64_t blocks, bytes;
    CHECK(sem_init(&has_allocated, 0, 0) == 0 && sem_init(&may_go_on, 0, 0) == 0);
    while (clears_idle())
        continue; /* of the tests before */
    javalloc_free(javalloc_malloc(40));
    CHECK(pthread_create(&thread, NULL, allocate_and_wait, NULL) == 0 && sem_wait(&has_allocated) == 0);
    size_t flushed = fake.flushed;
    CHECK(clears_idle() && fake.flushed == flushed); /* they were in use since */
    void *block = javalloc_malloc(40);
    CHECK(clears_idle() && fake.flushed >= flushed + 4); /* the thread's, and not this one's */
    depot_kept(&blocks, &bytes);
    CHECK(blocks > 0);
    CHECK(!clears_idle());
    depot_kept(&blocks, &bytes);
    CHECK(blocks == 0);
    CHECK(sem_post(&may_go_on) == 0 && sem_wait(&has_allocated) == 0); /* it goes on, with others */
    depot_kept(&blocks, &bytes);
    CHECK(blocks > 0);
    CHECK(sem_post(&may_go_on) == 0 && pthread_join(thread, NULL) == 0);
    CHECK(clears_idle() && !clears_idle()); /* those of a thread that has ended, too */
    depot_kept(&blocks, &bytes);
    CHECK(blocks == 0);
    javalloc_free(block);
}

/* A thread that is busy with one class had kept the blocks of all. */
static void a_busy_thread_keeps_what_it_uses(void) {
    void *small = javalloc_malloc(10), *blocks[2];
    for (int i = 0; i < 2; i++)
        blocks[i] = javalloc_malloc(40);
    javalloc_free(small);
    javalloc_free(blocks[0]);
    CHECK(clears_idle());
    javalloc_free(blocks[1]);
    size_t fills = fake.fills, flushed = fake.flushed;
    CHECK(clears_idle() && fake.flushed > flushed);
    CHECK(javalloc_malloc(40) == blocks[1] && fake.fills == fills);
    javalloc_free(blocks[1]);
    javalloc_free(small = javalloc_malloc(10));
    CHECK(fake.fills == fills + 1);
}

static void a_pile_has_no_more_room_than_it_says(void) {
    enum { BLOCKS = 1000, BYTES = 16, MOST = (1 << 20) / BYTES, ROOM = 2 * MOST };
    static void *blocks[BLOCKS];
    while (clears_idle())
        continue;
    while (pile_blocks(1) + BLOCKS <= MOST)
        CHECK(pile_put(1, blocks, BLOCKS));
    CHECK(pile_put(1, blocks, MOST - pile_blocks(1)) && !pile_put(1, blocks, 1));
    while (pile_blocks(1) + BLOCKS <= ROOM)
        CHECK(pile_add(1, blocks, BLOCKS));
    CHECK(pile_add(1, blocks, ROOM - pile_blocks(1)) && !pile_add(1, blocks, 1));
    size_t flushed = fake.flushed;
    CHECK(!clears_idle() && fake.flushed == flushed + ROOM && pile_blocks(1) == 0);
}

/* ---- threads of the JVM ---- */

static atomic_int hotspots_signals;

static void count_hotspots(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)info, (void)context;
    hotspots_signals++;
}

static void *listen_late(void *unused) {
    sigset_t suspends;
    sigemptyset(&suspends);
    sigaddset(&suspends, SUSPEND_SIGNAL);
    pthread_sigmask(SIG_BLOCK, &suspends, NULL);
    sem_post(&has_allocated);
    sem_wait(&may_go_on);
    pthread_sigmask(SIG_UNBLOCK, &suspends, NULL);
    sem_post(&has_allocated);
    while (hotspots_signals == 0)
        sched_yield();
    return unused;
}

/* HotSpot fell over a signal of ours that came when nobody wanted the thread to stop any more, while the thread was
 * being attached: it looked into what it knows of threads. */
static void who_is_asked_too_late_to_stop_goes_on(void) {
    pthread_t thread;
    struct sigaction wanted = {.sa_sigaction = count_hotspots, .sa_flags = SA_SIGINFO};
    struct sigaction ours = jvm_threads_divide(&wanted);
    CHECK(behind()->action(SUSPEND_SIGNAL, &ours, NULL) == 0);
    CHECK(jvm_threads_create(&thread, NULL, listen_late, NULL) == 0 && sem_wait(&has_allocated) == 0);
    CHECK(!jvm_threads_stop(true, process_nanoseconds() + 1000000));
    CHECK(sem_post(&may_go_on) == 0 && sem_wait(&has_allocated) == 0);
    CHECK(hotspots_signals == 0);
    CHECK(pthread_kill(thread, SUSPEND_SIGNAL) == 0); /* and this one is HotSpot's */
    CHECK(pthread_join(thread, NULL) == 0 && hotspots_signals == 1);
}

/* ---- what needs no Java ---- */

static void the_version_of_a_jdk_is_read_from_its_release_file(void) {
    CHECK(jdk_feature_version("IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"25.0.3\"\n") == 25);
    CHECK(jdk_feature_version("JAVA_VERSION=\"17\"") == 17);
    CHECK(jdk_feature_version("JAVA_VERSION=\"1.8.0_392\"") == 1);
    CHECK(jdk_feature_version("nothing of the kind") == 0);
}

/* Files of a folder of our own, in the place of those of the kernel. */
static const char *write_file(const char *folder, const char *name, const char *text) {
    static char path[256], part[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
        mkdir(part, 0700);
    }
    FILE *file = fopen(path, "w");
    CHECK(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
    return path;
}

static void the_least_limit_of_the_control_groups_counts(void) {
    char folder[] = "/tmp/javalloc-unit-XXXXXX", command[64];
    CHECK(mkdtemp(folder) != NULL);
    CHECK(cgroup_memory("/nowhere", folder) == SIZE_MAX);
    write_file(folder, "memory.max", "max\n");
    write_file(folder, "a/memory.max", "50000000\n");
    write_file(folder, "a/b/memory.max", "70000000\n");
    write_file(folder, "memory/memory.limit_in_bytes", "9223372036854771712\n");
    write_file(folder, "memory/c/memory.limit_in_bytes", "60000000\n");
    CHECK(cgroup_memory(write_file(folder, "own", "0::/a/b\n"), folder) == 50000000);
    CHECK(cgroup_memory(write_file(folder, "own", "0::/\n"), folder) == SIZE_MAX);
    CHECK(cgroup_memory(write_file(folder, "own", "4:cpu,memory:/c\n1:name=memory:/a\n0::/\n"), folder) == 60000000);
    CHECK(cgroup_memory(write_file(folder, "own", "4:memory2:/c\n"), folder) == SIZE_MAX);
    write_file(folder, "memory.max", "40000000\n"); /* a container's own, mounted in the place of all */
    CHECK(cgroup_memory(write_file(folder, "own", "0::/not/seen/here\n"), folder) == 40000000);
    CHECK(cgroup_memory(write_file(folder, "own", "no such line\n"), folder) == SIZE_MAX);
    snprintf(command, sizeof command, "rm -r %s", folder);
    CHECK(system(command) == 0);
}

int main(void) {
    before_java_is_up_libc_serves();
    void *of_libc = javalloc_malloc(10);
    fake_start();
    alarm(30); /* a deadlock is a failure */
    the_first_thread_may_leave_while_another_comes();
    a_block_of_libc_goes_back_to_libc_later(of_libc);
    java_serves_a_thread_with_enough_stack();
    who_would_end_the_solitude_sees_that_it_is_over();
    what_java_allocates_itself_goes_to_libc();
    errno_is_kept_and_set_as_the_standard_wants();
    a_thread_is_attached_once_and_detached_at_its_end();
    a_thread_of_the_jvm_defers_what_it_frees();
    a_thread_on_a_short_stack_calls_java_on_another();
    a_thread_of_the_host_on_a_short_stack_is_served_by_libc();
    a_fiber_calls_java_on_another_stack();
    a_thread_that_blocks_all_signals_still_takes_the_faults_of_the_jvm();
    a_handler_that_interrupts_libcs_malloc_does_not_enter_it_again();
    a_forked_child_goes_to_libc();
    the_limit_of_the_address_space_stops_the_heap();
    pages_that_cannot_all_be_protected_stay_accessible();
    around_the_region_are_addresses_that_are_nobodys();
    a_magazine_serves_without_java();
    a_block_starts_at_every_multiple_of_its_class_and_nowhere_else();
    sizes_have_the_smallest_class_that_fits();
    a_block_that_is_reallocated_stays_in_its_class();
    java_does_not_move_a_block_from_one_class_to_another();
    what_is_no_block_of_a_class_goes_to_java();
    what_overflows_one_magazine_fills_another();
    what_a_program_turned_away_from_goes_back_while_it_gives_back_other();
    a_thread_gets_the_magazines_of_one_that_has_ended();
    what_an_idle_thread_keeps_goes_back_to_java();
    a_busy_thread_keeps_what_it_uses();
    a_pile_has_no_more_room_than_it_says();
    who_is_asked_too_late_to_stop_goes_on();
    the_version_of_a_jdk_is_read_from_its_release_file();
    the_least_limit_of_the_control_groups_counts();
    printf("ok unit\n");
    return 0;
}
