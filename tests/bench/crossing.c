/*
 * crossing.c: what one allocation costs beside what the crossing alone costs. Measures, in turns and in one process,
 * two empty upcalls and a malloc+free pair of 64 bytes, and prints the medians in ns with the ratio. Run it preloaded:
 *
 *   javalloc run -- target/native/tests/bench/crossing [ROUNDS]
 *
 * The output is CSV: what, median, least, most.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "javalloc/javalloc.h"

#define CALLS       200000
#define MOST_ROUNDS 1000

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static double crossings(void) {
    double began = now();
    if (javalloc_cross(2 * CALLS) == 0) {
        fprintf(stderr, "crossing: run it under javalloc\n");
        exit(2);
    }
    return (now() - began) / CALLS;
}

static double pairs(void) {
    double began = now();
    for (int i = 0; i < CALLS; i++) {
        void *block = malloc(64);
        __asm__ volatile("" : : "r"(block) : "memory");
        free(block);
    }
    return (now() - began) / CALLS;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double print(const char *what, double *values, int count) {
    qsort(values, (size_t)count, sizeof *values, by_value);
    printf("%s,%.2f,%.2f,%.2f\n", what, values[count / 2], values[0], values[count - 1]);
    return values[count / 2];
}

int main(int argc, char **argv) {
    int rounds = argc > 1 ? atoi(argv[1]) : 31;
    if (rounds < 1 || rounds > MOST_ROUNDS) {
        fprintf(stderr, "crossing: 1 to %d rounds\n", MOST_ROUNDS);
        return 2;
    }
    static double empty[MOST_ROUNDS], pair[MOST_ROUNDS], ratio[MOST_ROUNDS];
    for (int i = 0; i < 20; i++) { /* until the compilers are done */
        crossings();
        pairs();
    }
    for (int i = 0; i < rounds; i++) {
        empty[i] = crossings();
        pair[i] = pairs();
        ratio[i] = pair[i] / empty[i];
    }
    printf("what,median,least,most\n");
    print("two empty upcalls (ns)", empty, rounds);
    print("malloc+free of 64 bytes (ns)", pair, rounds);
    print("ratio", ratio, rounds);
    return 0;
}
