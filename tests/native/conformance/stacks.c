/* stacks.c: malloc works on whatever stack it is called: the smallest thread's, a fiber's, a signal handler's, and deep
 * in a recursion, almost to its end; and leaves the stack as it was. With EXPECT_JAVALLOC=1 it is Java that serves
 * there. hosted: yes */
#include "check.h"
#include "of-java.h"

#include <limits.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>

static void use_the_heap(uint64_t tag) {
    void *blocks[6];
    for (size_t i = 0; i < 6; i++) {
        blocks[i] = i % 2 ? malloc(10u << 2 * i) : calloc(1, 10u << 2 * i);
        CHECK(blocks[i] != NULL);
        check_is_of_java(blocks[i]);
        fill(blocks[i], 10u << 2 * i, tag + i);
    }
    for (size_t i = 0; i < 6; i++) {
        blocks[i] = realloc(blocks[i], 20u << 2 * i);
        CHECK(blocks[i] != NULL);
        verify(blocks[i], 10u << 2 * i, tag + i);
        free(blocks[i]);
    }
}

/* ---- threads ---- */

static void *small_thread(void *tag) {
    for (int i = 0; i < 20; i++)
        use_the_heap((uint64_t)(uintptr_t)tag);
    return malloc(1000);
}

static void on_the_smallest_stacks(void) {
    const size_t sizes[] = {(size_t)PTHREAD_STACK_MIN, 20 << 10, 32 << 10, 64 << 10, 128 << 10, 256 << 10, 1 << 20};
    for (size_t i = 0; i < 2 * sizeof sizes / sizeof sizes[0]; i++) {
        pthread_attr_t attributes;
        pthread_t thread;
        void *block = NULL;
        pthread_attr_init(&attributes);
        CHECK_EQ(pthread_attr_setstacksize(&attributes, sizes[i / 2]), 0);
        CHECK_EQ(pthread_create(&thread, &attributes, small_thread, (void *)i), 0);
        CHECK_EQ(pthread_join(thread, &block), 0);
        CHECK(block != NULL);
        free(block);
        pthread_attr_destroy(&attributes);
    }
}

/* ---- fibers ---- */

enum { FIBERS = 6, TURNS = 20, FIBER_STACK = 64 << 10 };
static ucontext_t scheduler, fibers[FIBERS]; /* one thread at a time */

static void fiber(int number) {
    for (int turn = 0; turn < TURNS; turn++) {
        void *block = malloc(500);
        CHECK(block != NULL);
        fill(block, 500, (uint64_t)number);
        use_the_heap((uint64_t)number);
        swapcontext(&fibers[number], &scheduler); /* the others run, with our block alive */
        verify(block, 500, (uint64_t)number);
        free(block);
    }
}

static void start_fiber(int number, void *stack) {
    CHECK_EQ(getcontext(&fibers[number]), 0);
    fibers[number].uc_stack.ss_sp = stack;
    fibers[number].uc_stack.ss_size = FIBER_STACK;
    fibers[number].uc_link = &scheduler;
    makecontext(&fibers[number], (void (*)(void))fiber, 1, number);
}

static void *on_fibers(void *unused) {
    static char static_stack[FIBER_STACK];
    void *stacks[FIBERS];
    memset(fibers, 0, sizeof fibers);
    for (int i = 0; i < FIBERS; i++) {
        stacks[i] = i % 2 ? malloc(FIBER_STACK)
                          : mmap(NULL, FIBER_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(stacks[i] != NULL && stacks[i] != MAP_FAILED);
        start_fiber(i, i == 0 ? static_stack : stacks[i]);
    }
    for (int turn = 0; turn <= TURNS; turn++)
        for (int i = 0; i < FIBERS; i++)
            swapcontext(&scheduler, &fibers[i]);
    for (int i = 0; i < FIBERS; i++)
        if (i % 2)
            free(stacks[i]);
        else
            munmap(stacks[i], FIBER_STACK);
    return unused;
}

/* ---- a signal handler on a stack of its own: the signal is raised where nobody is inside malloc ---- */

static volatile int handled;

static void handler(int number) {
    use_the_heap((uint64_t)number);
    handled++;
}

static void on_an_alternate_signal_stack(void) {
    static char memory[64 << 10];
    stack_t stack = {.ss_sp = memory, .ss_size = sizeof memory}, old_stack;
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK}, old_action;
    CHECK_EQ(sigaltstack(&stack, &old_stack), 0);
    CHECK_EQ(sigaction(SIGUSR1, &action, &old_action), 0);
    handled = 0;
    for (int i = 0; i < 50; i++)
        raise(SIGUSR1);
    CHECK_EQ(handled, 50);
    CHECK_EQ(sigaction(SIGUSR1, &old_action, NULL), 0);
    CHECK_EQ(sigaltstack(&old_stack, NULL), 0);
}

/* ---- recursion ---- */

__attribute__((noinline)) static void descend(const char *floor, uint64_t depth) {
    char frame[2000];
    escape(frame);
    void *block = malloc(100 + depth % 1000);
    CHECK(block != NULL);
    check_is_of_java(block);
    fill(block, 100 + depth % 1000, depth);
    if (frame > floor)
        descend(floor, depth + 1);
    verify(block, 100 + depth % 1000, depth);
    free(block);
}

/* To the last 32 KiB of the stack, or 16 MiB deep: HotSpot's own margin is wider. */
static void *deep_in_a_recursion(void *unused) {
    pthread_attr_t attributes;
    void *lowest;
    size_t size;
    char here;
    CHECK_EQ(pthread_getattr_np(pthread_self(), &attributes), 0);
    CHECK_EQ(pthread_attr_getstack(&attributes, &lowest, &size), 0);
    pthread_attr_destroy(&attributes);
    const char *floor = (char *)lowest + (32 << 10), *deepest = (char *)escape(&here) - (16 << 20);
    descend(floor > deepest ? floor : deepest, 0);
    return unused;
}

static void in_a_thread(void *(*what)(void *)) {
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, NULL, what, NULL), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
}

/* ---- what is left of a thread's stack ---- */

static void *allocate_once(void *unused) {
    use_the_heap(1);
    return unused;
}

static void *call_only_at_the_end(void *key) {
    pthread_setspecific(*(pthread_key_t *)key, key);
    return NULL;
}

static void call_for_the_first_time(void *tag) { use_the_heap((uint64_t)(uintptr_t)tag); }

/* The program's own, so all of it is the program's again when the thread is gone: nothing guards a part of it. */
static void usable_after(void *(*routine)(void *), void *argument) {
    const size_t bytes = 1 << 20;
    for (int i = 0; i < 10; i++) {
        pthread_attr_t attributes;
        pthread_t thread;
        void *stack = aligned_alloc(4096, bytes);
        CHECK(stack != NULL);
        pthread_attr_init(&attributes);
        CHECK_EQ(pthread_attr_setstack(&attributes, stack, bytes), 0);
        CHECK_EQ(pthread_create(&thread, &attributes, routine, argument), 0);
        CHECK_EQ(pthread_join(thread, NULL), 0);
        pthread_attr_destroy(&attributes);
        fill(stack, bytes, 1);
        free(stack);
    }
}

static void all_of_a_stack_is_usable_when_its_thread_is_gone(void) {
    pthread_key_t key;
    CHECK_EQ(pthread_key_create(&key, call_for_the_first_time), 0);
    usable_after(allocate_once, NULL);
    usable_after(deep_in_a_recursion, NULL);
    usable_after(call_only_at_the_end, &key);
    CHECK_EQ(pthread_key_delete(key), 0);
}

/* ---- two handlers on one signal stack ---- */

static volatile int interruptions;

static void interrupt(int number) {
    (void)number;
    interruptions++;
}

/* Wherever it is interrupted, the second handler's frame lies below this one's. */
static void handler_with_a_frame(int number) {
    char frame[3000];
    fill(frame, sizeof frame, (uint64_t)number);
    for (int before = interruptions, i = 0; interruptions < before + 60 && i < 10000000; i++)
        free(malloc((size_t)(i % 100)));
    verify(frame, sizeof frame, (uint64_t)number);
}

static void a_handler_interrupts_another_on_its_stack(void) {
    static char memory[64 << 10];
    stack_t stack = {.ss_sp = memory, .ss_size = sizeof memory}, old_stack;
    struct sigaction first = {.sa_handler = handler_with_a_frame, .sa_flags = SA_ONSTACK}, old_first;
    struct sigaction second = {.sa_handler = interrupt, .sa_flags = SA_ONSTACK | SA_RESTART}, old_second;
    struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
    CHECK_EQ(sigaltstack(&stack, &old_stack), 0);
    CHECK_EQ(sigaction(SIGUSR1, &first, &old_first), 0);
    CHECK_EQ(sigaction(SIGALRM, &second, &old_second), 0);
    CHECK_EQ(setitimer(ITIMER_REAL, &often, NULL), 0);
    raise(SIGUSR1);
    CHECK_EQ(setitimer(ITIMER_REAL, &never, NULL), 0);
    CHECK_EQ(sigaction(SIGALRM, &old_second, NULL), 0);
    CHECK_EQ(sigaction(SIGUSR1, &old_first, NULL), 0);
    CHECK_EQ(sigaltstack(&old_stack, NULL), 0);
}

int main(int argc, char **argv) {
    check_begin("stacks", argc, argv);
    use_the_heap(0);
    on_the_smallest_stacks();
    on_fibers(NULL);
    in_a_thread(on_fibers);
    on_an_alternate_signal_stack();
    deep_in_a_recursion(NULL);
    in_a_thread(deep_in_a_recursion);
    all_of_a_stack_is_usable_when_its_thread_is_gone();
    a_handler_interrupts_another_on_its_stack();
    return check_end();
}
