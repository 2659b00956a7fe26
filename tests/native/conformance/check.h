/*
 * check.h: what the conformance programs share. Include it first: it asks libc for its GNU names.
 *
 * A rule that does not hold prints file, line, what was expected and what was there, and ends the process with 1 by
 * _exit, so that a broken heap is not asked to run exit handlers. Environment, read by check_begin:
 *
 *   SCALE=0.1          a tenth of the work, for heaps whose free walks a list; printed with a failure
 *   CHECK_GLIBC=1      the allocator under test is glibc 2.36: leave out the rules that it is known not to keep
 *   PATIENCE=10        ten times the seconds until a hang is called one
 *   EXPECT_JAVALLOC=1  the allocator under test must be javalloc: check what only javalloc promises
 */
#ifndef CHECK_H
#define CHECK_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *check_name = "?";
static uint64_t check_seed = 20250916;
static double check_scale = 1;

__attribute__((format(printf, 4, 5), noreturn, unused)) static void
check_failed(const char *file, int line, const char *rule, const char *format, ...) {
    char about[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(about, sizeof about, format, arguments);
    va_end(arguments);
    fflush(stdout);
    fprintf(stderr, "%s:%d: expected %s%s%s (%s, pid %d, seed %llu, SCALE %g)\n", file, line, rule,
            about[1] != 0 ? ";" : "", about, check_name, (int)getpid(), (unsigned long long)check_seed, check_scale);
    _exit(1);
}

/* CHECK(p != NULL) or CHECK(p != NULL, "malloc(%zu)", n): what follows the condition says of what it must hold. */
#define CHECK(condition, ...) ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, #condition, " " __VA_ARGS__))

/* Integers and pointers. Neither side may be evaluated twice: errno could change. */
#define CHECK_EQ(got, expected)                                                                                        \
    do {                                                                                                               \
        long long got_ = (long long)(got), expected_ = (long long)(expected);                                          \
        if (got_ != expected_)                                                                                         \
            check_failed(__FILE__, __LINE__, #got " == " #expected, " got %lld instead of %lld (0x%llx, 0x%llx)",      \
                         got_, expected_, (unsigned long long)got_, (unsigned long long)expected_);                    \
    } while (0)

/* The first argument, when it is a number, is the seed. */
static inline void check_begin(const char *name, int argc, char **argv) {
    check_name = name;
    if (argc > 1 && argv[1][0] >= '0' && argv[1][0] <= '9')
        check_seed = strtoull(argv[1], NULL, 0);
    const char *scale = getenv("SCALE");
    if (scale != NULL)
        check_scale = strtod(scale, NULL);
    CHECK(check_scale > 0);
}

/* Call it last: return check_end(). */
static inline int check_end(void) {
    printf("ok %s\n", check_name);
    fflush(stdout);
    return 0;
}

static inline bool check_env(const char *name) {
    const char *value = getenv(name);
    return value != NULL && strcmp(value, "1") == 0;
}

static inline size_t scaled(size_t work) {
    size_t less = (size_t)((double)work * check_scale);
    return less > 0 ? less : 1;
}

/* Hides from the compiler where a pointer comes from, and makes it write everything out first. */
static inline void *escape(void *pointer) {
    __asm__ volatile("" : "+r"(pointer) : : "memory");
    return pointer;
}

static inline bool is_aligned(const void *pointer, size_t alignment) { return (uintptr_t)pointer % alignment == 0; }

/* ---- seeded random numbers: splitmix64 ---- */

static inline uint64_t random_next(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline size_t random_below(uint64_t *state, size_t limit) { return (size_t)(random_next(state) % limit); }

/* 0..max, each doubling as likely as the next: small sizes are common, as in real programs. */
static inline size_t random_size(uint64_t *state, size_t max) {
    size_t bits = random_below(state, (size_t)(66 - __builtin_clzll(max | 1)));
    size_t size = bits == 0 ? 0 : ((size_t)1 << (bits - 1)) + random_below(state, (size_t)1 << (bits - 1));
    return size < max ? size : max;
}

/* ---- contents: byte i depends on the tag and on i, so a lost, shifted or foreign byte is seen ---- */

static inline uint64_t pattern_word(uint64_t tag, size_t index) {
    return (tag + 1) * 0x9e3779b97f4a7c15u + (uint64_t)index * 0xd1342543de82ef95u;
}

static inline void fill(void *block, size_t size, uint64_t tag) {
    unsigned char *bytes = (unsigned char *)block;
    size_t at = 0;
    for (; at + 8 <= size; at += 8) {
        uint64_t word = pattern_word(tag, at / 8);
        __builtin_memcpy(bytes + at, &word, 8); /* an instruction, in spite of -fno-builtin */
    }
    for (; at < size; at++)
        bytes[at] = (unsigned char)(pattern_word(tag, at / 8) >> (at % 8 * 8));
    escape(block);
}

/* The offset of the first byte that differs from what fill wrote; size if none does. */
static inline size_t first_difference(const void *block, size_t size, uint64_t tag) {
    const unsigned char *bytes = (const unsigned char *)escape((void *)(uintptr_t)block);
    size_t at = 0;
    for (uint64_t word; at + 8 <= size; at += 8) {
        __builtin_memcpy(&word, bytes + at, 8);
        if (word != pattern_word(tag, at / 8))
            break;
    }
    while (at < size && bytes[at] == (unsigned char)(pattern_word(tag, at / 8) >> (at % 8 * 8)))
        at++;
    return at;
}

static inline size_t first_nonzero(const void *block, size_t size) {
    const unsigned char *bytes = (const unsigned char *)escape((void *)(uintptr_t)block);
    size_t at = 0;
    for (uint64_t word; at + 8 <= size; at += 8) {
        __builtin_memcpy(&word, bytes + at, 8);
        if (word != 0)
            break;
    }
    while (at < size && bytes[at] == 0)
        at++;
    return at;
}

/* verify and zeroed name the block and the byte, at the caller's line. */
#define verify(block, size, tag)                                                                                       \
    do {                                                                                                               \
        size_t size_ = (size), at_ = first_difference((block), size_, (tag));                                          \
        if (at_ != size_)                                                                                              \
            check_failed(__FILE__, __LINE__, "contents kept", " byte %zu of %zu of block %p changed, to 0x%02x", at_,  \
                         size_, (void *)(block), ((unsigned char *)(block))[at_]);                                     \
    } while (0)

#define zeroed(block, size)                                                                                            \
    do {                                                                                                               \
        size_t size_ = (size), at_ = first_nonzero((block), size_);                                                    \
        if (at_ != size_)                                                                                              \
            check_failed(__FILE__, __LINE__, "zeroed memory", " byte %zu of %zu of block %p is 0x%02x", at_, size_,    \
                         (void *)(block), ((unsigned char *)(block))[at_]);                                            \
    } while (0)

/* ---- the process ---- */

/* A line of /proc/self/status in KiB, e.g. "VmRSS:". Allocates nothing. */
static inline size_t process_kib(const char *line) {
    char status[4096];
    int descriptor = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    CHECK(descriptor >= 0);
    ssize_t length = read(descriptor, status, sizeof status - 1);
    close(descriptor);
    CHECK(length > 0);
    status[length] = 0;
    const char *at = strstr(status, line);
    CHECK(at != NULL, "%s in /proc/self/status", line);
    return strtoull(at + strlen(line), NULL, 10);
}

/* A hang becomes a failure that says where: the process ends when `seconds` pass without another call. 0 ends the
 * watch. */
static const char *volatile check_stage = "";

static inline void check_watchdog_bit(int number) {
    (void)number;
    const char *parts[] = {check_name, ": hangs while it ", check_stage, "\n"};
    for (size_t i = 0; i < 4; i++)
        if (write(STDERR_FILENO, parts[i], strlen(parts[i])) < 0)
            break;
    _exit(1);
}

static inline void check_watchdog(unsigned seconds, const char *stage) {
    check_stage = stage;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = check_watchdog_bit;
    CHECK_EQ(sigaction(SIGALRM, &action, NULL), 0);
    const char *patience = getenv("PATIENCE");
    alarm(seconds == 0 ? 0 : (unsigned)(seconds * (patience == NULL ? 1 : strtod(patience, NULL)) + 0.999));
}

#endif
