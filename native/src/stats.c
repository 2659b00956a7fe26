/*
 * stats.c: what happened, for those who ask (JAVALLOC_STATS): one JSON object, or a table for people, at the end of
 * every process. All figures are exact.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

static const char *const route_names[ROUTES] = {"java", "libc", "relay", "deferred", "jvm"};
static const char *const operation_names[OPERATIONS] = {"malloc", "calloc", "realloc", "aligned", "free"};

static bool written;

void stats_prepare(void) { jvm_observe(); }

void stats_child(void) { written = false; }

struct figures {
    uint64_t calls[ROUTES][OPERATIONS];
    intptr_t live_blocks, live_bytes, peak_bytes;
    struct jvm_figures java;
    struct fork_figures forks;
    struct boot_figures boot;
};

/* In a forked child that Java does not serve the heap's figures are 0. */
static struct figures collect(void) {
    struct figures all = {0};
    counters_sum(all.calls);
    route_inspect(JAVALLOC_LIVE_BLOCKS, 0, 0, &all.live_blocks);
    route_inspect(JAVALLOC_LIVE_BYTES, 0, 0, &all.live_bytes);
    route_inspect(JAVALLOC_PEAK_BYTES, 0, 0, &all.peak_bytes);
    if (!gate_is_child())
        all.java = jvm_figures();
    all.forks = fork_figures();
    all.boot = boot_figures();
    if (all.boot.is_beside && all.boot.nanoseconds == 0)
        all.boot.libc_calls = counters_calls_on(ROUTE_LIBC); /* the program has ended first */
    return all;
}

static double milliseconds(const struct figures *all) { return (double)all->boot.nanoseconds / 1e6; }

static void write_json(struct output *to, const struct figures *all) {
    output(to, "{\"heap\": ");
    output_string(to, bridge.heap);
    output(to, ", \"pid\": %d, \"program\": ", (int)getpid());
    output_string(to, program_invocation_name);
    output(to, ", \"forked\": %s, \"startup_ms\": %.3f", fork_is_child() ? "true" : "false", milliseconds(all));
    output(to, ", \"start\": {\"async\": %s, \"libc_calls\": %llu}, \"routes\": {",
           all->boot.is_beside ? "true" : "false", (unsigned long long)all->boot.libc_calls);
    for (int route = 0; route < ROUTES; route++) {
        output(to, "%s\"%s\": {", route == 0 ? "" : ", ", route_names[route]);
        for (int op = 0; op < OPERATIONS; op++)
            output(to, "%s\"%s\": %llu", op == 0 ? "" : ", ", operation_names[op],
                   (unsigned long long)all->calls[route][op]);
        output(to, "}");
    }
    output(to, "}, \"live\": {\"blocks\": %lld, \"bytes\": %lld}, \"peak\": {\"bytes\": %lld}",
           (long long)all->live_blocks, (long long)all->live_bytes, (long long)all->peak_bytes);
    output(to, ", \"region\": {\"bytes\": %zu, \"reserved\": %zu}", region_committed(), (size_t)bridge.region_bytes);
    output(to, ", \"forks\": {\"with_java\": %llu, \"without_java\": %llu}", (unsigned long long)all->forks.with_java,
           (unsigned long long)all->forks.without_java);
    output(to, ", \"java\": {\"allocated_bytes\": %llu, \"gc_count\": %llu}}\n",
           (unsigned long long)all->java.allocated_bytes, (unsigned long long)all->java.gc_count);
}

static void write_table(struct output *to, const struct figures *all) {
    output(to, "javalloc: %s[%d]%s on heap %s, ", program_invocation_short_name, (int)getpid(),
           fork_is_child() ? " (forked)" : "", bridge.heap);
    if (all->boot.nanoseconds == 0)
        output(to, "over before the JVM was up\n");
    else if (all->boot.is_beside)
        output(to, "started in %.1f ms beside the program, while libc served %llu calls\n", milliseconds(all),
               (unsigned long long)all->boot.libc_calls);
    else
        output(to, "started in %.1f ms\n", milliseconds(all));
    output(to, "  %-10s", "served by");
    for (int op = 0; op < OPERATIONS; op++)
        output(to, "%12s", operation_names[op]);
    for (int route = 0; route < ROUTES; route++) {
        output(to, "\n  %-10s", route_names[route]);
        for (int op = 0; op < OPERATIONS; op++)
            output(to, "%12llu", (unsigned long long)all->calls[route][op]);
    }
    output(to, "\n  live %lld blocks, %lld bytes; peak %lld bytes; region %zu bytes\n", (long long)all->live_blocks,
           (long long)all->live_bytes, (long long)all->peak_bytes, region_committed());
    if (all->forks.with_java + all->forks.without_java > 0)
        output(to, "  forked children: %llu with Java, %llu on libc\n", (unsigned long long)all->forks.with_java,
               (unsigned long long)all->forks.without_java);
    output(to, "  Java objects since the start: %llu bytes, %llu collections\n",
           (unsigned long long)all->java.allocated_bytes, (unsigned long long)all->java.gc_count);
}

void stats_write(void) {
    /* A process other than the one that asked: a vfork'ed child, which shares our memory. */
    struct boot_figures boot = boot_figures();
    bool has_started = boot.nanoseconds != 0 || boot.is_beside;
    if (options.stats[0] == '\0' || written || !has_started || !process_is_own())
        return;
    written = true;
    int saved = errno;
    struct figures all = collect();
    struct output to;
    if (output_open(&to, options.stats, "the statistics")) {
        if (options.stats_text)
            write_table(&to, &all);
        else
            write_json(&to, &all);
        output_close(&to);
    }
    errno = saved;
}
