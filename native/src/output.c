/*
 * output.c: reports of any length, written at the end of a process without allocating: JSON for tools, text for people.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

static int original_stderr = -1; /* programs close theirs before the end */
static struct stat original_stat;

void output_prepare(void) {
    if (original_stderr >= 0)
        return;
    original_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 100);
    if (original_stderr < 0)
        original_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    if (original_stderr >= 0)
        fstat(original_stderr, &original_stat);
}

/* The program may have closed our descriptor and got its number for a file of its own. */
int output_stderr(void) {
    struct stat now;
    if (original_stderr < 0 || fstat(original_stderr, &now) != 0)
        return -1;
    return now.st_dev == original_stat.st_dev && now.st_ino == original_stat.st_ino ? original_stderr : -1;
}

static int open_file(const char *name, const char *what) {
    char path[JDK_PATH_MAX + 32];
    size_t length = 0;
    for (const char *c = name; *c != '\0' && length < sizeof path - 24; c++) {
        if (c[0] == '%' && c[1] == 'p') {
            length += (size_t)snprintf(path + length, 24, "%d", (int)getpid());
            c++;
        } else {
            path[length++] = *c;
        }
    }
    path[length] = '\0';
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file < 0)
        report("%s cannot be written to %s: %s", what, path, strerror(errno));
    return file;
}

bool output_open(struct output *to, const char *name, const char *what) {
    to->is_stderr = strcmp(name, "-") == 0;
    to->file = to->is_stderr ? output_stderr() : open_file(name, what);
    to->length = 0;
    return to->file >= 0;
}

static void flush(struct output *to) {
    for (size_t done = 0; done < to->length;) {
        ssize_t n = write(to->file, to->bytes + done, to->length - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break; /* nowhere to say it */
        done += (size_t)n;
    }
    to->length = 0;
}

void output_close(struct output *to) {
    flush(to);
    if (!to->is_stderr)
        close(to->file);
}

void output(struct output *to, const char *format, ...) {
    va_list arguments;
    for (int try = 0; try < 2; try++) {
        size_t room = sizeof to->bytes - to->length;
        va_start(arguments, format);
        int length = vsnprintf(to->bytes + to->length, room, format, arguments);
        va_end(arguments);
        if (length >= 0 && (size_t)length < room) {
            to->length += (size_t)length;
            return;
        }
        if (try == 0)
            flush(to);
        else if (length > 0)
            to->length = sizeof to->bytes - 1; /* one piece longer than the buffer is cut */
    }
}

/* The bytes of the character in UTF-8 that starts there; 0: none does. */
static int character(const unsigned char *c) {
    int bytes = c[0] < 0x80 ? 1 : c[0] < 0xc2 ? 0 : c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : c[0] < 0xf5 ? 4 : 0;
    for (int i = 1; i < bytes; i++)
        if ((c[i] & 0xc0) != 0x80)
            return 0;
    return bytes;
}

/* As JSON wants it. A byte that is no character, as names of files may have it, is told by its number. */
void output_string(struct output *to, const char *value) {
    output(to, "\"");
    for (const unsigned char *c = (const unsigned char *)value; *c != '\0';) {
        int bytes = character(c);
        if (*c == '"' || *c == '\\')
            output(to, "\\%c", *c);
        else if (*c < 0x20 || bytes == 0)
            output(to, "\\u%04x", *c);
        else
            output(to, "%.*s", bytes, (const char *)c);
        c += bytes == 0 ? 1 : bytes;
    }
    output(to, "\"");
}
