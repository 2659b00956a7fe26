/*
 * main.c: the program of workloads.
 *
 *   workloads NAME [SCALE]                  does the work of that name, at scale 1 if nothing is said
 *   workloads-timed NAME SCALE FILE         and writes what single calls took (latency.c)
 *
 * Prints a line when all is done and freed:  operations COUNT resident KIB
 * Exit status: 0; 1 if malloc answered NULL or a block lost its contents; 2 for a wrong command line.
 */
#include "workload.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

/* What every program pays that does next to nothing. */
static size_t start_up(double scale) {
    (void)scale;
    give(take(64), 64);
    return 2;
}

static const struct {
    const char *name;
    workload work;
} workloads[] = {
    {"start-up", start_up},
    {"pairs-64", pairs},
    {"batch-1000", batch},
    {"scattered-10000", scattered},
    {"random-sizes", random_sizes},
    {"big-blocks", big_blocks},
    {"realloc-growth", realloc_growth},
    {"fragmentation", fragmentation},
    {"threads-local", threads_local},
    {"cross-thread", cross_thread},
    {"producer-consumer", producer_consumer},
    {"short-threads", short_threads},
    {"server", server},
};

_Noreturn void fail(const char *what, size_t size) {
    fprintf(stderr, "workloads: %s (%zu bytes)\n", what, size);
    exit(1);
}

/* ---- threads --------------------------------------------------------------------------------------------------------
 */

struct thread {
    pthread_t id;
    int number;
    void (*work)(void *);
    void *argument;
};

static void *run_thread(void *argument) {
    struct thread *thread = argument;
#ifdef TIMED
    use_latencies(thread->number);
#endif
    thread->work(thread->argument);
    return NULL;
}

void on_threads(int count, void (*work)(void *), void *arguments, size_t argument_size) {
    struct thread threads[THREADS];
    for (int i = 0; i < count; i++) {
        threads[i] = (struct thread){.number = i + 1, .work = work, .argument = (char *)arguments + i * argument_size};
        if (pthread_create(&threads[i].id, NULL, run_thread, &threads[i]) != 0)
            fail("pthread_create failed", 0);
    }
    for (int i = 0; i < count; i++)
        pthread_join(threads[i].id, NULL);
}

/* ---- the command ----------------------------------------------------------------------------------------------------
 */

/* What is resident now, without allocating anything for the question. */
static long resident_kib(void) {
    char text[128] = "";
    long pages = 0;
    int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (file >= 0 && read(file, text, sizeof text - 1) > 0 && sscanf(text, "%*d %ld", &pages) != 1)
        pages = 0;
    if (file >= 0)
        close(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static int usage(void) {
    fprintf(stderr, "usage: workloads NAME [SCALE], workloads-timed NAME SCALE FILE; NAME is one of");
    for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++)
        fprintf(stderr, " %s", workloads[i].name);
    fprintf(stderr, "\n");
    return 2;
}

static size_t run(workload work, double scale, const char *file) {
#ifdef TIMED
    begin_latencies();
    size_t operations = work(scale);
    write_latencies(file);
    return operations;
#else
    (void)file;
    return work(scale);
#endif
}

int main(int argc, char **argv) {
#ifdef TIMED
    if (argc != 4)
        return usage();
#else
    if (argc < 2 || argc > 3)
        return usage();
#endif
    double scale = argc > 2 ? atof(argv[2]) : 1;
    if (!(scale > 0))
        return usage();
    for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++)
        if (strcmp(workloads[i].name, argv[1]) == 0) {
            size_t operations = run(workloads[i].work, scale, argv[3]);
            printf("operations %zu resident %ld\n", operations, resident_kib());
            return 0;
        }
    return usage();
}
