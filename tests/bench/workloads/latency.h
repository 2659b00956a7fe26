/*
 * latency.h: what single calls take, in the build that is made with -DTIMED. Each thread counts into a histogram of its
 * own, whose buckets grow with the values: 128 to each power of two, so that none is off by more than 1 in 128.
 * Nothing here allocates.
 */
#pragma once

#include <stdint.h>
#include <x86intrin.h>

/* Of each thread; those, and the later ones, are also counted apart: what a start costs while it warms up. */
#define FIRST_CALLS  100000
#define BUCKET_BITS  7
#define LONGEST_BITS 40
#define BUCKETS      ((LONGEST_BITS - BUCKET_BITS + 2) << BUCKET_BITS)

enum operation { OF_MALLOC, OF_FREE, OF_REALLOC, OF_FIRST, OF_LATE, OPERATIONS };

struct latencies {
    uint64_t calls;
    uint64_t counts[OPERATIONS][BUCKETS];
};

extern _Thread_local struct latencies *latencies;

/* The time-stamp counter, read when all that was before is done, and before anything begins that comes after. */
static inline uint64_t ticks(void) {
    _mm_lfence();
    uint64_t now = __rdtsc();
    _mm_lfence();
    return now;
}

static inline unsigned bucket_of(uint64_t value) {
    if (value >> BUCKET_BITS == 0)
        return (unsigned)value;
    if (value >> LONGEST_BITS != 0)
        return BUCKETS - 1;
    unsigned shift = 63 - (unsigned)__builtin_clzll(value) - BUCKET_BITS;
    return ((shift + 1) << BUCKET_BITS) + (unsigned)(value >> shift) - (1u << BUCKET_BITS);
}

static inline void record(enum operation operation, uint64_t taken) {
    unsigned bucket = bucket_of(taken);
    latencies->counts[operation][bucket]++;
    latencies->counts[latencies->calls++ < FIRST_CALLS ? OF_FIRST : OF_LATE][bucket]++;
}

/* The histograms of this thread are those of that number; 0 is the first. */
void use_latencies(int number);

/* Before and after the workload. */
void begin_latencies(void);
void write_latencies(const char *file);
