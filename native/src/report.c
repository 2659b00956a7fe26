/*
 * report.c: words for the user, on standard error, from any state of the process: nothing here allocates, or uses
 * stdio.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

static void write_line(const char *format, va_list arguments) {
    char line[JAVALLOC_MESSAGE_MAX + 128];
    int saved = errno;
    int prefix = snprintf(line, sizeof line, "javalloc[%d]: ", (int)getpid());
    int length = vsnprintf(line + prefix, sizeof line - (size_t)prefix - 1, format, arguments);
    size_t end = length < 0 ? (size_t)prefix : (size_t)prefix + (size_t)length;
    if (end > sizeof line - 2)
        end = sizeof line - 2;
    line[end++] = '\n';
    /* Programs close standard error before they end; what is found then is said all the same. */
    if (write(STDERR_FILENO, line, end) < 0 && errno == EBADF && write(output_stderr(), line, end) < 0)
        end = 0; /* nowhere to say it */
    errno = saved;
}

void report(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    write_line(format, arguments);
    va_end(arguments);
}

void report_and_abort(const char *message) {
    report("%s", message);
    abort();
}
