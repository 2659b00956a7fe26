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

static int original_stderr = -1; /* programs close theirs before the end */
static struct stat original_stat;
static pid_t process;
static bool written, forked;

void stats_prepare(void) {
    process = getpid();
    jvm_observe();
    if (strcmp(options.stats, "-") != 0)
        return;
    original_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 100);
    if (original_stderr < 0)
        original_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    if (original_stderr >= 0)
        fstat(original_stderr, &original_stat);
}

void stats_child(void) {
    process = getpid();
    written = false;
    forked = true;
}

struct figures {
    uint64_t calls[ROUTES][OPERATIONS];
    intptr_t live_blocks, live_bytes, peak_bytes;
    struct jvm_figures java;
};

/* In a forked child, which Java does not serve, the heap's figures are 0. */
static struct figures collect(void) {
    struct figures all = {0};
    thread_counts_sum(all.calls);
    route_inspect(JAVALLOC_LIVE_BLOCKS, 0, 0, &all.live_blocks);
    route_inspect(JAVALLOC_LIVE_BYTES, 0, 0, &all.live_bytes);
    route_inspect(JAVALLOC_PEAK_BYTES, 0, 0, &all.peak_bytes);
    if (!forked)
        all.java = jvm_figures();
    return all;
}

/* ---- text, built without allocating ---- */

struct text {
    char bytes[8192];
    size_t length;
};

static void append(struct text *to, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void append(struct text *to, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    size_t room = sizeof to->bytes - to->length;
    int length = vsnprintf(to->bytes + to->length, room, format, arguments);
    va_end(arguments);
    if (length > 0)
        to->length += (size_t)length < room ? (size_t)length : room - 1;
}

static void append_string(struct text *to, const char *value) {
    append(to, "\"");
    for (const unsigned char *c = (const unsigned char *)value; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            append(to, "\\%c", *c);
        else if (*c < 0x20)
            append(to, "\\u%04x", *c);
        else
            append(to, "%c", *c);
    }
    append(to, "\"");
}

static void append_json(struct text *to, const struct figures *all) {
    append(to, "{\"heap\": ");
    append_string(to, bridge.heap);
    append(to, ", \"pid\": %d, \"program\": ", (int)process);
    append_string(to, program_invocation_name);
    append(to, ", \"forked\": %s, \"startup_ms\": %.3f, \"routes\": {", forked ? "true" : "false", boot_milliseconds());
    for (int route = 0; route < ROUTES; route++) {
        append(to, "%s\"%s\": {", route == 0 ? "" : ", ", route_names[route]);
        for (int op = 0; op < OPERATIONS; op++)
            append(to, "%s\"%s\": %llu", op == 0 ? "" : ", ", operation_names[op],
                   (unsigned long long)all->calls[route][op]);
        append(to, "}");
    }
    append(to, "}, \"live\": {\"blocks\": %lld, \"bytes\": %lld}, \"peak\": {\"bytes\": %lld}",
           (long long)all->live_blocks, (long long)all->live_bytes, (long long)all->peak_bytes);
    append(to, ", \"region\": {\"bytes\": %zu, \"reserved\": %zu}", region_committed(), (size_t)bridge.region_bytes);
    append(to, ", \"java\": {\"allocated_bytes\": %llu, \"gc_count\": %llu}}\n",
           (unsigned long long)all->java.allocated_bytes, (unsigned long long)all->java.gc_count);
}

static void append_table(struct text *to, const struct figures *all) {
    append(to, "javalloc: %s[%d]%s on heap %s, started in %.1f ms\n", program_invocation_short_name, (int)process,
           forked ? " (forked)" : "", bridge.heap, boot_milliseconds());
    append(to, "  %-10s", "served by");
    for (int op = 0; op < OPERATIONS; op++)
        append(to, "%12s", operation_names[op]);
    for (int route = 0; route < ROUTES; route++) {
        append(to, "\n  %-10s", route_names[route]);
        for (int op = 0; op < OPERATIONS; op++)
            append(to, "%12llu", (unsigned long long)all->calls[route][op]);
    }
    append(to, "\n  live %lld blocks, %lld bytes; peak %lld bytes; region %zu bytes\n", (long long)all->live_blocks,
           (long long)all->live_bytes, (long long)all->peak_bytes, region_committed());
    append(to, "  Java objects since the start: %llu bytes, %llu collections\n",
           (unsigned long long)all->java.allocated_bytes, (unsigned long long)all->java.gc_count);
}

/* ---- where it goes ---- */

/* The program may have closed our descriptor and got its number for a file of its own. */
static int still_stderr(void) {
    struct stat now;
    if (original_stderr < 0 || fstat(original_stderr, &now) != 0)
        return -1;
    return now.st_dev == original_stat.st_dev && now.st_ino == original_stat.st_ino ? original_stderr : -1;
}

static int open_file(void) {
    char path[JDK_PATH_MAX + 32];
    size_t length = 0;
    for (const char *c = options.stats; *c != '\0' && length < sizeof path - 24; c++) {
        if (c[0] == '%' && c[1] == 'p') {
            length += (size_t)snprintf(path + length, 24, "%d", (int)process);
            c++;
        } else {
            path[length++] = *c;
        }
    }
    path[length] = '\0';
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file < 0)
        report("the statistics cannot be written to %s: %s", path, strerror(errno));
    return file;
}

static void write_all(int file, const struct text *text) {
    for (size_t done = 0; done < text->length;) {
        ssize_t n = write(file, text->bytes + done, text->length - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        done += (size_t)n;
    }
}

void stats_write(void) {
    /* A process other than the one that asked: a vfork'ed child, which shares our memory. */
    if (options.stats[0] == '\0' || written || boot_milliseconds() == 0 || getpid() != process)
        return;
    written = true;
    int saved = errno;
    struct figures all = collect();
    struct text text = {.length = 0};
    if (options.stats_text)
        append_table(&text, &all);
    else
        append_json(&text, &all);
    bool to_stderr = strcmp(options.stats, "-") == 0;
    int file = to_stderr ? still_stderr() : open_file();
    if (file >= 0)
        write_all(file, &text);
    if (file >= 0 && !to_stderr)
        close(file);
    errno = saved;
}
