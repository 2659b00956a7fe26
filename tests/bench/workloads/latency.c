/*
 * latency.c: writes what was counted. The file is text:
 *
 *   javalloc-latency 1
 *   overhead NANOSECONDS                what reading the clock twice takes: it is in every value
 *   OPERATION NANOSECONDS COUNT         so many calls took so long; OPERATION is malloc, free, realloc, first or late
 */
#include "latency.h"
#include "workload.h"

#include <time.h>

#define EMPTY_CALLS 100001

static const char *const names[OPERATIONS] = {"malloc", "free", "realloc", "first", "late"};

/* The first thread, and THREADS more. */
static struct latencies all[1 + THREADS];
_Thread_local struct latencies *latencies;

static uint64_t first_ticks;
static double first_ns, overhead_ticks;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

void use_latencies(int number) { latencies = &all[number]; }

static uint64_t middle_of(unsigned bucket) {
    if (bucket >> BUCKET_BITS == 0)
        return bucket;
    unsigned shift = (bucket >> BUCKET_BITS) - 1;
    uint64_t lowest = (uint64_t)((bucket & ((1u << BUCKET_BITS) - 1)) + (1u << BUCKET_BITS)) << shift;
    return lowest + ((uint64_t)1 << shift) / 2;
}

/* The median of calls that do nothing. */
static double empty_ticks(void) {
    static uint64_t counts[BUCKETS];
    for (int i = 0; i < EMPTY_CALLS; i++) {
        uint64_t began = ticks();
        counts[bucket_of(ticks() - began)]++;
    }
    uint64_t seen = 0;
    unsigned bucket = 0;
    while ((seen += counts[bucket]) <= EMPTY_CALLS / 2)
        bucket++;
    return (double)middle_of(bucket);
}

void begin_latencies(void) {
    use_latencies(0);
    overhead_ticks = empty_ticks();
    first_ns = now();
    first_ticks = ticks();
}

static uint64_t count_of(int operation, unsigned bucket) {
    if (operation == OF_FIRST) /* where there are threads, main only tidies up */
        return all[all[1].calls > 0].counts[operation][bucket];
    uint64_t count = 0;
    for (int i = 0; i <= THREADS; i++)
        count += all[i].counts[operation][bucket];
    return count;
}

void write_latencies(const char *file) {
    double ns_per_tick = (now() - first_ns) / (double)(ticks() - first_ticks);
    FILE *out = fopen(file, "w");
    if (out == NULL) {
        perror(file);
        exit(2);
    }
    fprintf(out, "javalloc-latency 1\noverhead %.1f\n", overhead_ticks * ns_per_tick);
    for (int operation = 0; operation < OPERATIONS; operation++)
        for (unsigned bucket = 0; bucket < BUCKETS; bucket++) {
            unsigned long long count = count_of(operation, bucket);
            if (count != 0)
                fprintf(out, "%s %.1f %llu\n", names[operation], (double)middle_of(bucket) * ns_per_tick, count);
        }
    if (fclose(out) != 0) {
        perror(file);
        exit(2);
    }
}
