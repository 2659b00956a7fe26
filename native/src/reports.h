/*
 * reports.h: what the user asked for in the environment, and is told. One section per file.
 */
#ifndef JAVALLOC_REPORTS_H
#define JAVALLOC_REPORTS_H

#include "internal.h"
#include "start.h"
#include "thread.h"

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
    bool magazines;                /* if the heap can fill them */
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

/* ---- leaks.c: what is still live at the end, and from where ---- */

/* True if the user wants the process to fail for what is live. */
bool leaks_write(void);

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

#endif
