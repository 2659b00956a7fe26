/*
 * internal.h: what the files of the shim know of each other. One section per file, in the order in which a call passes
 * through them.
 */
#ifndef JAVALLOC_INTERNAL_H
#define JAVALLOC_INTERNAL_H

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <threads.h>

#include "javalloc/bridge.h"
#include "javalloc/javalloc.h"

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* Everything is hidden (-fvisibility=hidden) but what this marks. */
#define EXPORTED __attribute__((visibility("default")))

/* The library is loaded before the program starts, or by a host that wants it: its few thread-local words may live in
 * the static TLS block, where reaching them is one instruction and never allocates. */
#define THREAD_LOCAL _Thread_local __attribute__((tls_model("initial-exec")))

/* glibc's own allocator, under the names that interposition does not touch. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *block);
extern int __libc_mallopt(int parameter, int value);

/* ---- behind.c: the functions behind those that we define ---- */

struct behind {
    void (*exit)(int status);
    pid_t (*fork)(void);
    int (*clone)(int (*routine)(void *), void *stack, int flags, void *argument, ...);
    long (*system_call)(long number, ...);
    int (*getattr)(pthread_t thread, pthread_attr_t *attributes);
    int (*create)(pthread_t *thread, const pthread_attr_t *attributes, void *(*routine)(void *), void *argument);
    int (*create_c11)(thrd_t *thread, thrd_start_t routine, void *argument);
    int (*wait)(pthread_cond_t *condition, pthread_mutex_t *mutex);
    int (*timed_wait)(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *until);
    int (*sleep)(const struct timespec *time, struct timespec *rest);
    int (*suspend)(const sigset_t *mask);
    int (*poll)(struct pollfd *files, nfds_t count, const struct timespec *time, const sigset_t *mask);
    int (*select)(int count, fd_set *readable, fd_set *writable, fd_set *failed, const struct timespec *time,
                  const sigset_t *mask);
    int (*epoll)(int file, struct epoll_event *events, int room, int time, const sigset_t *mask);
    char *(*getenv)(const char *name), *(*secure_getenv)(const char *name);
    int (*setenv)(const char *name, const char *value, int replace), (*unsetenv)(const char *name);
    int (*putenv)(char *entry), (*clearenv)(void);
    char *(*setlocale)(int category, const char *name);
    ssize_t (*read_at)(int file, void *target, size_t bytes, off64_t from);
    int (*at_exit)(void (*handler)(void *), void *argument, void *library);
    _Atomic unsigned *threads; /* how many libc counts: the last of them ends the process. NULL: unknown */
};

extern struct behind behind_found;

void behind_find(void);

/* They are looked up when the library is loaded; other libraries' constructors may have called it before. */
static inline const struct behind *behind(void) {
    if (unlikely(behind_found.exit == NULL))
        behind_find();
    return &behind_found;
}

/* ---- route.c: which side serves a call ---- */

enum operation { OP_MALLOC, OP_CALLOC, OP_REALLOC, OP_ALIGNED, OP_FREE, OPERATIONS };

/* All of these keep errno, but for setting ENOMEM when they return NULL. Sizes are at most PTRDIFF_MAX. */
void *route_allocate(enum operation op, size_t size, size_t alignment, bool zeroed);
void *route_resize(void *block, size_t size); /* block is not NULL, size is not 0 */
void route_free(void *block);
size_t route_usable_size(void *block);
/* Asks JAVALLOC_LIVE_BLOCKS and the like; false if this thread may not call Java now. */
bool route_inspect(int what, uintptr_t argument, uintptr_t another, intptr_t *answer);

bool route_prepare(void); /* once, before route_open */
void route_open(void);    /* Java serves from now on */
bool route_is_open(void); /* in this process, if not in this moment */
/* While a call does not come back: libc serves. False: a fork is under way. */
bool route_get_stuck(void);
bool route_go_on(void);
bool route_is_paused(void);
bool route_is_undecided(void); /* a child in which fork_decide has not been called */
bool route_is_child(void);     /* this process was forked from one that Java served, and Java did not come along */
bool route_is_asleep(void);    /* or it did, and has not been asked for yet */
/* For a fork: closes the route for a moment, if it is open; and what becomes of it then. */
bool route_pause(void);
void route_resume(void);
void route_fall_asleep(void);
void route_lose_java(void);
/* What is still to be decided, or done, in a forked child, at the latest at its first call. */
void route_settle(void);

/* ---- thread.c: what the shim knows of a thread ---- */

enum route { ROUTE_JAVA, ROUTE_LIBC, ROUTE_RELAY, ROUTE_DEFERRED, ROUTE_JVM, ROUTES };

/* Calls served, by route and operation. A record belongs to one thread at a time and outlives it. */
struct counters {
    struct thread *thread;      /* that counts here now; or NULL */
    struct counters *next;      /* all records ever made */
    struct counters *next_free; /* records without a thread */
    pid_t id;                   /* of the thread */
    bool was_inside;            /* when thread_watch looked last; and how many calls there were then */
    uint64_t calls_then;
    uint64_t calls[ROUTES][OPERATIONS];
};

enum thread_kind {
    THREAD_NEW,    /* not seen yet */
    THREAD_READY,  /* attached to the JVM: Java serves it, or it is inside an operation (stack_window is 0) */
    THREAD_INSIDE, /* in the JVM's start, in an attach or a detach */
    THREAD_JVM,    /* made by the JVM, for good */
    THREAD_SHORT,  /* there is no stack to call Java on, for good */
    THREAD_GONE    /* past its exit destructor, for good */
};

struct thread {
    uintptr_t stack_low;    /* Java may be called while stack_low <= sp < stack_low + stack_window */
    uintptr_t stack_window; /* 0 unless the thread is THREAD_READY: one compare decides on the way of every call */
    uintptr_t stack_usable; /* what stack_window is when the thread is ready */
    uintptr_t window_before_libc; /* what it was when libc's malloc began, if that is at work for the program */
    uintptr_t relay_stack;        /* relay.c: the top of the stack that Java is called on; 0: the caller's */
    uintptr_t signal_stack_low, signal_stack_bytes; /* the program's, for handlers */
    uintptr_t own_low, own_bytes;                   /* the stack that the thread was made with, as far as it is known */
    struct counters *counters;                      /* NULL until the thread is ready */
    enum thread_kind kind;
    int exit_rounds;
    bool attached;           /* by us, so detaching is ours, too */
    unsigned blocked_faults; /* signals.c: what the program has blocked, and what really never is */
    uintptr_t handler_frame; /* dispositions.c: of the program's handler for a fault that runs; 0: none */
    unsigned blocked_before_handler;
    bool unwinding; /* places.c: what allocates meanwhile has no place */
    bool in_libc;   /* libc's malloc is at work on this thread, or its fork: a handler must not enter it */
};

extern THREAD_LOCAL struct thread thread_self;

bool thread_prepare(void);
/* Makes a THREAD_NEW thread ready, short or whatever it is. */
void thread_enter(struct thread *self);
/* On a new thread of the program, first of all: its end will be seen. */
void thread_begin(void);
/* At the end of the process: a thread that has left Java may come again. */
void thread_come_again(void);
/* Makes a thread that is ready so on every stack. */
void thread_relay(struct thread *self);
/* From the JVM, that has known the thread's own stack; all of it is usable then. */
void thread_detach_here(struct thread *self);
/* Counts a call; threads without a record share one. */
void thread_count(enum route route, enum operation op);
void thread_counts_sum(uint64_t sums[ROUTES][OPERATIONS]);
void thread_counts_reset(void);
uint64_t thread_calls_on(enum route route);
/* Counts the threads that have been in one and the same call since this was asked last; `id` gets one of them. */
unsigned thread_watch(pid_t *id);
/* Once the route is paused: waits until no thread is inside an operation, or on its way to Java or from it. */
bool thread_wait_outside(long until);
/* In a forked child: forgets the threads that did not come along. */
void thread_child(void);
/* Around every operation: what allocates in between is code of the JVM, or a signal handler. */
static inline void thread_inside(struct thread *self) {
    self->stack_window = 0;
    atomic_signal_fence(memory_order_seq_cst);
}
static inline void thread_outside(struct thread *self) {
    atomic_signal_fence(memory_order_seq_cst);
    self->stack_window = self->stack_usable;
}
/* Whether the address lies on the stack that the calling thread was made with. */
static inline bool thread_owns_stack(const struct thread *self, uintptr_t address) {
    return address - self->own_low < self->own_bytes;
}

/* Whether what runs on this thread now is code of the JVM. */
static inline bool thread_runs_jvm(const struct thread *self) {
    return self->kind == THREAD_JVM || self->kind == THREAD_INSIDE ||
           (self->kind == THREAD_READY && self->stack_window == 0 && self->window_before_libc == 0);
}

/* ---- creation.c: threads are created ---- */

/* libc's pthread_create. */
int creation_plain(pthread_t *thread, const pthread_attr_t *attributes, void *(*routine)(void *), void *argument);
void creation_child(void);

/* ---- relay.c: a stack for Java alone ---- */

/* Attaches the thread to the JVM over there, after detaching it here if need be. If that fails it is detached. */
bool relay_attach(struct thread *self);
void relay_detach(struct thread *self);
/* Does an operation on the stack that ends at `top`. */
intptr_t relay_call(uintptr_t top, javalloc_operation operation, uintptr_t a, uintptr_t b, uintptr_t c);
/* The same, for a thread that has such a stack, on whatever stack the caller is. */
intptr_t relay_operate(const struct thread *self, javalloc_operation operation, uintptr_t a, uintptr_t b, uintptr_t c);
/* As pthread_getattr_np, of the stack over there. */
int relay_describe(const struct thread *self, pthread_attr_t *attributes);

/* ---- cancellation.c: pthread_cancel while a thread is in the JVM ---- */

int cancellation_forbid(void); /* returns what cancellation_allow wants */
void cancellation_allow(int before);

/* ---- foreign.c: pointers that nobody gave out ---- */

void foreign_prepare(void);
/* Whether libc cannot have given the pointer out, so that freeing it is the heap's to refuse. libc sees most others. */
bool foreign_is(const struct thread *self, const void *block);

/* ---- signals.c: masks ---- */

void signals_block_all(sigset_t *before);
void signals_block_all_but_faults(sigset_t *before);
void signals_restore(const sigset_t *before);
/* Puts a program's mask back, less the faults that HotSpot needs. */
void signals_restore_for_java(struct thread *self, const sigset_t *before);

/* Unblocks a fault while its handler runs. */
void signals_allow(int signal);
/* Takes the faults out of a set, and returns those that were in it as bits; and puts them back. */
unsigned signals_take_faults(sigset_t *set);
void signals_add_faults(sigset_t *set, unsigned faults);
/* Whether the program has blocked the fault on this thread, as far as it knows. */
bool signals_is_blocked(const struct thread *self, int signal);
/* Forgets a handler of a fault that was left by a jump: what runs at this stack pointer is not inside of it. */
void signals_settle(struct thread *self, uintptr_t stack_pointer);

/* ---- dispositions.c: what the program wants done with the signals that HotSpot needs ---- */

/* After the JVM has set its own: what there was before, and the program's are kept; all as it was, if it is not up. */
void dispositions_restore(const struct sigaction before[NSIG], bool is_up);
/* Beside the program, from now on: what the JVM wants is done then and there. */
void dispositions_expect_jvm(void);
/* Does what the program wants done; false: it wants the default, which for a fault is the end. */
bool dispositions_call(int signal, siginfo_t *info, void *context, uintptr_t stack_pointer);
/* libc's sigaction. */
extern int __sigaction(int signal, const struct sigaction *wanted, struct sigaction *before);
/* The stack pointer of what a signal has interrupted. */
uintptr_t dispositions_stack_pointer(const void *context);

/* ---- faults.c: SIGSEGV and its like, the program's and HotSpot's ---- */

/* The handler that stands for the JVM's and the program's, when the JVM wants this one. */
struct sigaction faults_divide(int signal, const struct sigaction *wanted);

/* ---- glibc.c: what we know of glibc's insides ---- */

/* Once, with libc's place for the id of a thread that has a stack of its own (see PR_GET_TID_ADDRESS), or NULL. */
void glibc_find(const _Atomic pid_t *id);
/* Whether it was at work where a signal's handler has interrupted it, and may hold locks; not, if it only waited. */
bool glibc_is_at_work(const void *context);
void glibc_count_threads(int more);
bool glibc_is_single_threaded(void); /* but for the JVM's threads; false if that is unknown */
/* One that it does not know of in this process: a call like setuid is for it, too. */
void glibc_list_thread(const _Atomic pid_t *id);

/* ---- jvm-threads.c: the JVM's own threads ---- */

/* A real-time signal in the place of SIGUSR2. HotSpot suspends its threads with it. */
#define SUSPEND_SIGNAL      63
#define SUSPEND_SIGNAL_TEXT "63"

/* The handler that stands for the JVM's and the program's, when the JVM wants this one. */
struct sigaction jvm_threads_divide(const struct sigaction *wanted);
void jvm_threads_started(void); /* once the JVM is up */
/* As pthread_create. */
int jvm_threads_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*routine)(void *), void *argument);
/* Who stops them takes a turn; false if nobody gives it up until then, or if it is the caller's own. */
bool jvm_threads_take_turn(long until);
bool jvm_threads_is_my_turn(void);
void jvm_threads_end_turn(void);
/* Stops them: wherever they are, and then the caller makes system calls and nothing else; or outside of libc. Those
 * that have stopped go on if not all do so in time. */
bool jvm_threads_stop(bool anywhere, long until);
void jvm_threads_let_go(void);
void jvm_threads_let_go_soon(void); /* within milliseconds, unless they are stopped again before */
/* In a forked child, of those that were stopped then. */
void jvm_threads_are_memory_only(void);
bool jvm_threads_bring_back(void); /* within milliseconds; false if the system refuses */

/* ---- fork.c: what becomes of Java in a forked child ---- */

struct fork_figures {
    uint64_t with_java, without_java; /* children of this process */
};
bool fork_prepare(void);
/* In a child: whether Java can serve there; at the latest at its first call. */
void fork_decide(void);
/* Wakes a JVM that came along. */
void fork_wake(void);
bool fork_is_child(void); /* of either kind */
struct fork_figures fork_figures(void);

/* ---- region.c: the address range that Java serves from ---- */

extern struct javalloc_bridge bridge;

bool region_reserve(void);
/* Makes [address, address + bytes) usable; false if the system or a resource limit of the process refuses. */
bool region_commit(uintptr_t address, size_t bytes);
/* Makes committed pages inaccessible, or accessible again. */
bool region_protect(uintptr_t address, size_t bytes, bool accessible);
/* Gives committed pages back to the system; they read as zeros. */
bool region_discard(uintptr_t address, size_t bytes);
size_t region_committed(void);
static inline bool region_contains(const void *block) {
    return (uintptr_t)block - bridge.region_base < bridge.region_bytes;
}
/* Copies from a block whose size is not known: stops at the first byte that cannot be read. */
void region_copy_from(void *target, const void *block, size_t bytes);

/* ---- limits.c: RLIMIT_AS and RLIMIT_DATA ---- */

/* Whether the heap, which has committed so much, may commit so many bytes more. */
bool limits_allow(size_t bytes, size_t committed);
/* Before the start: the largest region that leaves the JVM and the program what they need; and after it. */
size_t limits_largest_region(size_t largest);
void limits_started(void);
size_t limits_address_space(void); /* RLIMIT_AS as the program has set it; SIZE_MAX: none */

/* ---- cgroup.c: the memory that control groups allow ---- */

/* In bytes; SIZE_MAX: no limit is known. Of the process with that /proc/self/cgroup, where the groups are mounted. */
size_t cgroup_memory(const char *own_groups, const char *mounted);

/* ---- libc.c: libc's malloc, never twice at a time on one thread ---- */

bool libc_prepare(void);
/* Around what holds locks of libc's malloc. A handler in between enters neither libc's malloc nor Java: there it could
 * wait for a thread that is in a handler, too, and waits for those locks. */
void libc_enter(struct thread *self);
void libc_leave(struct thread *self);
/* Around a fork for which libc itself does not take the locks of its malloc: other threads of the program wait outside.
 */
void libc_shut(void);
void libc_open(void);
bool libc_is_left(void); /* if it is shut: by those whom thread_wait_outside does not know */
void libc_child(void);
void *libc_allocate(struct thread *self, size_t size, size_t alignment, bool zeroed);
void *libc_resize(struct thread *self, void *block, size_t size);
void libc_free(struct thread *self, void *block); /* keeps errno */
size_t libc_usable_size(void *block);

/* A lock-free list of blocks, through their own first word. */
void list_push(_Atomic(void *) *list, void *block);
void *list_next(const void *block);

/* ---- reserve.c: memory for signal handlers that interrupt libc's malloc ---- */

bool reserve_prepare(void);
bool reserve_contains(const void *block);
void *reserve_allocate(size_t size, size_t alignment); /* NULL if there is none left; zeroed */
size_t reserve_usable_size(const void *block);

/* ---- boot.c: from the constructor to the running heap ---- */

struct boot_figures {
    double milliseconds; /* how long the start took; 0: Java does not serve */
    bool is_beside;      /* the JVM started beside the program */
    uint64_t libc_calls; /* that were served by libc meanwhile */
};
struct boot_figures boot_figures(void);
/* Before a fork, a change of the environment, or of a limit: waits until the JVM, if it starts beside the program, is
 * up, but not for ever. */
void boot_wait(void);

/* ---- jvm.c: the JVM ---- */

/* Loads what a starting JVM would load anyway, as far as it is there. */
void jvm_load(const char *java_home);
/* Starts the JVM in this process and its Java side. NULL, or one sentence that says why not. */
const char *jvm_start(const char *home, const char *java_home, int *exit_status);
/* The calling thread's JNIEnv; NULL: it is not attached. */
struct JNINativeInterface_;
const struct JNINativeInterface_ **jvm_environment(void);
bool jvm_attach(bool *by_us);
void jvm_detach(void);
/* Whether a JVM is loaded in this process, or the program is a launcher of one. */
bool jvm_is_loaded(void);
bool jvm_is_launcher(void);
/* Uses the JVM that called us. */
bool jvm_adopt(void);
struct jvm_figures {
    uint64_t allocated_bytes, gc_count;
};
/* Java objects made since jvm_observe, in bytes, and garbage collections. */
bool jvm_observe(void);
struct jvm_figures jvm_figures(void);

/* ---- jni.c: both ways through JNI ---- */

/* Starts the Java side; see jvm_start. */
const char *jni_start(int *exit_status);
/* On a thread of the JVM's, which is attached for as long; false if it cannot be. */
enum entry_method { ENTRY_MAKE_STUBS, ENTRY_DESCRIBE_HANG };
bool jni_call_entry(enum entry_method method);

/* ---- helper.c: a thread beside the program ---- */

/* Once the Java side is up. Without it JNI goes on serving. */
void helper_start(void);
void helper_make_stubs(void);

/* ---- jdk.c: where Java is ---- */

#define JDK_PATH_MAX 4096
#define JDK_OLDEST   25
/* Finds a JDK: JAVALLOC_JAVA_HOME, JAVA_HOME, the JDK of the build. NULL, or one sentence that says what was looked at.
 */
const char *jdk_find(char home[JDK_PATH_MAX]);
/* The feature version in the text of a JDK's `release` file; 0 if there is none. */
int jdk_feature_version(const char *release);

/* ---- process.c: what the JVM must not change in the program's process ---- */

void process_save(void);          /* before the JVM starts, if it starts before the program */
void process_restore(bool is_up); /* after it has, or has not */

/* If it is to start beside the program: before that; false if the program would notice. */
bool process_part(void);
void process_part_thread(void); /* on the thread that will start it */
void process_parted(void);      /* there, after it has */

/* Takes the library out of LD_PRELOAD, where it stands, for programs that this one execs. */
void process_hide_preload(void);

/* Whether this is the process that the shim's state is about, and not a child that shares our memory (vfork). */
bool process_is_own(void);
void process_settle(void); /* from now on it is the calling one */
/* Of a clock that never goes back. */
long process_nanoseconds(void);

/* ---- image.c: the JDK's classes in memory ---- */

/* Once libjimage has been loaded. */
void image_map(const char *java_home);

/* ---- output.c: reports at the end of a process ---- */

struct output {
    int file;
    bool is_stderr;
    size_t length;
    char bytes[8192];
};
void output_prepare(void); /* keeps standard error open for the end */
int output_stderr(void);   /* what was kept; -1 if the program has closed that, too */
/* Opens a file, in whose name %p is the process id, or standard error for "-"; `what` is written there, if not says so.
 */
bool output_open(struct output *to, const char *name, const char *what);
void output_close(struct output *to);
void output(struct output *to, const char *format, ...) __attribute__((format(printf, 2, 3)));
void output_string(struct output *to, const char *value); /* as JSON has it, in quotes */

/* ---- places.c: where in the program a block is asked for ---- */

#define PLACE_DEPTH 24
struct place {
    uint32_t depth, hash;
    uintptr_t callers[]; /* return addresses, innermost first */
};
bool places_prepare(void);
/* The number of the place that the calling thread is at: what is outside of this library above `frame`, the frame
 * address of a function in it. 0: unknown. */
uintptr_t places_here(struct thread *self, const void *frame);
uint32_t places_count(void); /* they are numbered from 1 to this */
const struct place *places_get(uint32_t number);

/* ---- symbols.c: names for return addresses ---- */

struct symbol {
    const char *function, *file; /* NULL: not known; file goes with its line, as in main.c:12 */
    const char *module;
    uintptr_t offset; /* of the address in its module */
};
/* Learns the names of `count` addresses, which it sorts. */
void symbols_learn(uintptr_t *addresses, size_t count);
/* Level 0 is the function at the address, 1 the one that it is inlined in, and so on; false: there is no such level. */
bool symbols_find(uintptr_t address, unsigned level, struct symbol *symbol);

/* ---- leaks.c: what is still live at the end, and from where ---- */

/* True if the user wants the process to fail for what is live. */
bool leaks_write(void);

/* ---- stats.c, options.c, report.c ---- */

/* Who serves those that are forked, until they exec: Java, if it can be had soon; even if not; or libc. */
enum children { CHILDREN_AUTO, CHILDREN_JAVA, CHILDREN_LIBC };

struct options {
    bool off;
    bool starts_beside; /* the JVM, beside the program */
    enum children children;
    unsigned patience_seconds; /* with a heap that does not come back from a call; 0: endless */
    bool exec_is_ignored;      /* programs that this one execs run without the library */
    bool strict;
    bool verify;                   /* the heap's invariants, at the end */
    bool stats_text;               /* for people instead of JSON */
    char stats[JDK_PATH_MAX];      /* empty: none; "-": standard error */
    bool leaks;                    /* look for what is live at the end */
    bool leaks_text;               /* and report it on standard error */
    bool leaks_fail;               /* and end with EXIT_LEAKS */
    char leaks_file[JDK_PATH_MAX]; /* the same as JSON; empty: no */
    char heap[JAVALLOC_HEAP_MAX];
    char class_path[JDK_PATH_MAX]; /* where heaps of the user's own are found */
    char java_options[1024];
};
extern struct options options;
void options_read(void);

void stats_prepare(void);
void stats_write(void); /* once a process */
void stats_child(void); /* in a forked child */

/* One line on standard error, "javalloc[pid]: ...", without allocating. */
void report(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void report_and_abort(const char *message);

/* Exit statuses of the shim's own: sysexits.h. */
#define EXIT_USAGE       64
#define EXIT_UNAVAILABLE 69
/* And of those who ask for it, when blocks are live at the end: as LeakSanitizer has it. */
#define EXIT_LEAKS 23

#endif
