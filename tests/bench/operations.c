/*
 * operations.c: what malloc and its family cost, whoever serves them. Every workload runs in one process, first on one
 * thread, then on two at once, for a while to warm up and then measured. One line for each figure:
 *
 *   WORKLOAD,THREADS,NANOSECONDS        per operation of a thread; - if malloc answered NULL
 *   peak,0,BYTES                        the most memory that the process had resident
 *
 *   operations [MILLISECONDS]           how long each workload is measured (default 150); as long again to warm up
 *
 * `javalloc bench calls` runs it plain and under each heap, in turns. Workloads
 *   empty    two empty crossings into Java (only where javalloc serves)
 *   pair     malloc and free of 64 bytes
 *   malloc   of 1,000 blocks of 64 bytes
 *   free     of those, in scattered order
 *   random   malloc of 16 to 4,096 bytes and free of another block, out of 1,000 with random lifetimes
 *   growth   realloc of one block from 16 bytes to 64 KiB, half as much again each time
 *   calloc   calloc and free of 256 bytes
 *
 * Blocks are touched, as programs do. No workload takes more than LIMIT bytes in all, so that a heap which never reuses
 * memory gets through, too.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCH        1000
#define LIVE         1000
#define LIMIT        ((size_t)256 << 20)
#define MOST_THREADS 2
#define WARM_UP_MS   400

struct state {
    void *live[LIVE];
    uint64_t random;
    size_t taken; /* bytes asked for so far */
    double ns[2]; /* spent in a round, for each of the figures that the workload has */
};

/* A workload does a round of operations and answers how many it did, 0 if malloc answered NULL. */
typedef size_t (*workload)(struct state *);

static size_t (*cross)(size_t times);

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static uint64_t next(struct state *state) {
    state->random = state->random * 6364136223846793005u + 1442695040888963407u;
    return state->random >> 33;
}

/* The compiler must not see that nobody reads the block. */
static void *touched(struct state *state, void *block, size_t size) {
    if (block != NULL)
        *(volatile char *)block = 1;
    state->taken += size;
    return block;
}

static size_t empty(struct state *state) {
    double began = now();
    size_t crossings = cross == NULL ? 0 : cross(2 * BATCH);
    state->ns[0] = now() - began;
    return crossings / 2;
}

static size_t pair(struct state *state) {
    double began = now();
    for (int i = 0; i < BATCH; i++) {
        void *block = touched(state, malloc(64), 64);
        if (block == NULL)
            return 0;
        free(block);
    }
    state->ns[0] = now() - began;
    return BATCH;
}

static size_t batch(struct state *state) {
    double began = now();
    int count = 0;
    while (count < BATCH && (state->live[count] = touched(state, malloc(64), 64)) != NULL)
        count++;
    double middle = now();
    for (int i = 0; i < count; i++) /* 387 and 1,000 have no common factor: every block once */
        free(state->live[count == BATCH ? i * 387 % BATCH : i]);
    state->ns[0] = middle - began;
    state->ns[1] = now() - middle;
    memset(state->live, 0, sizeof state->live);
    return count < BATCH ? 0 : BATCH;
}

static size_t lifetimes(struct state *state) {
    double began = now();
    for (int i = 0; i < BATCH; i++) {
        size_t slot = next(state) % LIVE, size = 16 + next(state) % 4081;
        free(state->live[slot]);
        state->live[slot] = touched(state, malloc(size), size);
        if (state->live[slot] == NULL)
            return 0;
    }
    state->ns[0] = now() - began;
    return BATCH;
}

static size_t growth(struct state *state) {
    size_t count = 0;
    double began = now();
    void *block = NULL;
    for (size_t size = 16; size <= 65536; size += size / 2) {
        void *grown = touched(state, realloc(block, size), size);
        if (grown == NULL) {
            free(block);
            return 0;
        }
        block = grown;
        count++;
    }
    free(block);
    state->ns[0] = now() - began;
    return count;
}

static size_t zeroed(struct state *state) {
    double began = now();
    for (int i = 0; i < BATCH; i++) {
        void *block = touched(state, calloc(4, 64), 256);
        if (block == NULL)
            return 0;
        free(block);
    }
    state->ns[0] = now() - began;
    return BATCH;
}

struct run {
    workload workload;
    double milliseconds;
    uint64_t seed;
    double ns[2]; /* per operation; negative if malloc answered NULL */
};

/* Rounds until the time is over or enough memory was taken. */
static bool repeat(struct run *run, struct state *state, double milliseconds, size_t limit) {
    double end = now() + milliseconds * 1e6, spent[2] = {0, 0};
    size_t count = 0;
    do {
        size_t done = run->workload(state);
        if (done == 0)
            return false;
        count += done;
        spent[0] += state->ns[0];
        spent[1] += state->ns[1];
    } while (now() < end && state->taken < limit);
    run->ns[0] = spent[0] / (double)count;
    run->ns[1] = spent[1] / (double)count;
    return true;
}

static void *run_thread(void *argument) {
    struct run *run = argument;
    static _Thread_local struct state state;
    memset(&state, 0, sizeof state);
    state.random = run->seed;
    if (!repeat(run, &state, run->milliseconds, LIMIT / 2) || !repeat(run, &state, run->milliseconds, LIMIT))
        run->ns[0] = run->ns[1] = -1;
    for (size_t i = 0; i < LIVE; i++)
        free(state.live[i]);
    return NULL;
}

static void print(const char *name, int threads, double ns) {
    if (ns < 0)
        printf("%s,%d,-\n", name, threads);
    else
        printf("%s,%d,%.2f\n", name, threads, ns);
    fflush(stdout);
}

static void measure(workload workload, int threads, double milliseconds, const char *name, const char *second) {
    pthread_t ids[MOST_THREADS];
    struct run runs[MOST_THREADS];
    double ns[2] = {0, 0};
    for (int i = 0; i < threads; i++)
        runs[i] = (struct run){.workload = workload, .milliseconds = milliseconds, .seed = 7 + (uint64_t)i};
    if (threads == 1) {
        run_thread(&runs[0]);
    } else {
        for (int i = 0; i < threads; i++)
            if (pthread_create(&ids[i], NULL, run_thread, &runs[i]) != 0)
                exit(2);
        for (int i = 0; i < threads; i++)
            pthread_join(ids[i], NULL);
    }
    for (int i = 0; i < threads; i++)
        for (int figure = 0; figure < 2; figure++)
            ns[figure] = runs[i].ns[0] < 0 || ns[figure] < 0 ? -1 : ns[figure] + runs[i].ns[figure] / threads;
    print(name, threads, ns[0]);
    if (second != NULL)
        print(second, threads, ns[1]);
}

static double peak(void) {
    FILE *status = fopen("/proc/self/status", "r");
    char line[256];
    long kib = -1;
    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        if (sscanf(line, "VmHWM: %ld", &kib) == 1)
            break;
    if (status != NULL)
        fclose(status);
    return kib < 0 ? -1 : (double)kib * 1024;
}

int main(int argc, char **argv) {
    double milliseconds = argc > 1 ? atof(argv[1]) : 150;
    if (argc > 2 || milliseconds <= 0) {
        fprintf(stderr, "operations: [MILLISECONDS]\n");
        return 2;
    }
    cross = (size_t(*)(size_t))dlsym(RTLD_DEFAULT, "javalloc_cross");
    struct run warm_up = {.workload = pair, .milliseconds = WARM_UP_MS, .seed = 1}; /* until the compilers are done */
    run_thread(&warm_up);
    for (int threads = 1; threads <= MOST_THREADS; threads++) {
        if (cross != NULL)
            measure(empty, threads, milliseconds, "empty", NULL);
        measure(pair, threads, milliseconds, "pair", NULL);
        measure(batch, threads, milliseconds, "malloc", "free");
        measure(lifetimes, threads, milliseconds, "random", NULL);
        measure(growth, threads, milliseconds, "growth", NULL);
        measure(zeroed, threads, milliseconds, "calloc", NULL);
    }
    printf("peak,0,%.0f\n", peak());
    return 0;
}
