/*
 * counters.c: which side has served how many calls. Each thread counts in a record of its own; what threads without one
 * do is counted together. Records are never unmapped: their counts outlive the thread, and the next thread goes on in
 * them.
 */
#include <string.h>
#include <sys/mman.h>

#include "internal.h"

static struct counters *all_records, *free_records; /* under the lock of thread.c */

static _Atomic uint64_t shared_calls[ROUTES][OPERATIONS]; /* of threads without a record */

void counters_count(enum route route, enum operation op) {
    struct counters *mine = thread_self.counters;
    if (mine != NULL)
        mine->calls[route][op]++;
    else
        atomic_fetch_add_explicit(&shared_calls[route][op], 1, memory_order_relaxed);
}

void counters_sum(uint64_t sums[ROUTES][OPERATIONS]) {
    for (int route = 0; route < ROUTES; route++)
        for (int op = 0; op < OPERATIONS; op++)
            sums[route][op] = atomic_load_explicit(&shared_calls[route][op], memory_order_relaxed);
    for (const struct counters *record = all_records; record != NULL; record = record->next)
        for (int route = 0; route < ROUTES; route++)
            for (int op = 0; op < OPERATIONS; op++)
                sums[route][op] += record->calls[route][op];
    depot_calls(sums[ROUTE_JAVA]);
}

uint64_t counters_calls_on(enum route route) {
    uint64_t sums[ROUTES][OPERATIONS], calls = 0;
    counters_sum(sums);
    for (int op = 0; op < OPERATIONS; op++)
        calls += sums[route][op];
    return calls;
}

static void reset(void) {
    memset(shared_calls, 0, sizeof shared_calls);
    for (struct counters *record = all_records; record != NULL; record = record->next)
        memset(record->calls, 0, sizeof record->calls);
}

void counters_reset(void) {
    reset();
    depot_calls_reset();
}

struct counters *counters_take(void) {
    if (free_records == NULL) {
        size_t bytes = (size_t)64 << 10;
        struct counters *block = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (block == MAP_FAILED)
            return NULL;
        for (size_t i = 0; i < bytes / sizeof *block; i++) {
            block[i].next = all_records;
            block[i].next_free = free_records;
            all_records = free_records = &block[i];
        }
    }
    struct counters *record = free_records;
    free_records = record->next_free;
    return record;
}

void counters_give(struct counters *record) {
    record->thread = NULL;
    record->next_free = free_records;
    free_records = record;
}

struct counters *counters_all(void) {
    return all_records;
}

void counters_child(void) {
    free_records = NULL;
    reset();
}
