/*
 * workload.h: what all workloads share. A workload does a fixed amount of work, the same in every run, and answers how
 * many calls of malloc and its family it made. Each block is stamped when it is taken, and the stamp is looked at
 * before it is given back: a heap that mixes up blocks ends the program.
 *
 * The same sources are built twice: plain, and with -DTIMED, where every call is timed and counted (latency.h).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* One call of malloc or its family. */
#ifdef TIMED
#include "latency.h"
#define CALL(operation, statement)                                                                                     \
    do {                                                                                                               \
        uint64_t began = ticks();                                                                                      \
        statement;                                                                                                     \
        record(operation, ticks() - began);                                                                            \
    } while (0)
#else
#define CALL(operation, statement) statement
#endif

/* How many operations were made at that scale; scale 1 takes two to five seconds on glibc. */
typedef size_t (*workload)(double scale);

size_t pairs(double scale);
size_t batch(double scale);
size_t scattered(double scale);
size_t random_sizes(double scale);
size_t big_blocks(double scale);
size_t realloc_growth(double scale);
size_t fragmentation(double scale);
size_t threads_local(double scale);
size_t cross_thread(double scale);
size_t producer_consumer(double scale);
size_t short_threads(double scale);
size_t server(double scale);

/* Ends the program with 1. */
_Noreturn void fail(const char *what, size_t size);

/* So many, at that scale; one at least. */
static inline size_t scaled(size_t count, double scale) {
    double product = (double)count * scale;
    if (!(product < (double)(SIZE_MAX / 2)))
        fail("the scale is too large for a count", count);
    return product < 1 ? 1 : (size_t)product;
}

/* ---- numbers that look random, the same in every run (Marsaglia's xorshift64) --------------------------------------
 */

struct random {
    uint64_t state;
};

static inline struct random seeded(uint64_t seed) { return (struct random){(seed + 1) * 0x9E3779B97F4A7C15u}; }

static inline uint64_t next(struct random *random) {
    random->state ^= random->state << 13;
    random->state ^= random->state >> 7;
    random->state ^= random->state << 17;
    return random->state;
}

/* From 0 to below the bound. */
static inline size_t below(struct random *random, size_t bound) {
    return (size_t)((next(random) >> 32) * (uint64_t)bound >> 32);
}

/* A size from 1 << least to below 1 << most: each power of two as likely as the next, as small ones are common. */
static inline size_t random_size(struct random *random, unsigned least, unsigned most) {
    size_t power = (size_t)1 << (least + below(random, most - least));
    return power + below(random, power);
}

/* ---- blocks ---------------------------------------------------------------------------------------------------------
 */

/* First and last byte tell the size; programs write to what they allocate, too. */
static inline void stamp(void *block, size_t size) {
    volatile unsigned char *bytes = block;
    bytes[0] = (unsigned char)size;
    bytes[size - 1] = (unsigned char)size;
}

static inline void check(const void *block, size_t size) {
    const volatile unsigned char *bytes = block;
    if (bytes[0] != (unsigned char)size || bytes[size - 1] != (unsigned char)size)
        fail("a block has lost its contents", size);
}

static inline void *take(size_t size) {
    void *block;
    CALL(OF_MALLOC, block = malloc(size));
    if (block == NULL)
        fail("malloc answered NULL", size);
    stamp(block, size);
    return block;
}

/* Zeroed: the byte in the middle is looked at. */
static inline void *take_zeroed(size_t size) {
    void *block;
    CALL(OF_MALLOC, block = calloc(1, size));
    if (block == NULL)
        fail("calloc answered NULL", size);
    if (((volatile unsigned char *)block)[size / 2] != 0)
        fail("calloc's block is not zero", size);
    stamp(block, size);
    return block;
}

static inline void give(void *block, size_t size) {
    check(block, size);
    CALL(OF_FREE, free(block));
}

/* A block that grows or shrinks: its first byte must come along. */
static inline void *resize(void *block, size_t size, size_t wanted) {
    check(block, size);
    void *moved;
    CALL(OF_REALLOC, moved = realloc(block, wanted));
    if (moved == NULL)
        fail("realloc answered NULL", wanted);
    if (*(volatile unsigned char *)moved != (unsigned char)size)
        fail("realloc has lost the contents", size);
    stamp(moved, wanted);
    return moved;
}

/* ---- threads --------------------------------------------------------------------------------------------------------
 */

#define THREADS 4

/* Runs so many threads, at most THREADS, and waits for all of them. Each gets the argument at its place in an array. */
void on_threads(int count, void (*work)(void *), void *arguments, size_t argument_size);
