/*
 * options.c: what the user said in the environment. Read once, when the library is loaded, and copied: a program may
 * change or overwrite its environment.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

struct options options;

static void copy(const char *name, char *target, size_t room) {
    const char *value = getenv(name);
    if (value == NULL)
        return;
    size_t length = strlen(value);
    if (length >= room) {
        report("%s is longer than %zu bytes", name, room - 1);
        _exit(EXIT_USAGE);
    }
    memcpy(target, value, length + 1);
}

/* The first word is the usual one. Another than these is a wish that cannot be met. */
static int choice(const char *name, const char *const words[3]) {
    const char *value = getenv(name);
    if (value == NULL || value[0] == '\0')
        return 0;
    for (int i = 0; i < 3 && words[i] != NULL; i++)
        if (strcmp(value, words[i]) == 0)
            return i;
    const char * or = words[2] == NULL ? "" : "' or '", *third = words[2] == NULL ? "" : words[2];
    report("%s is '%s' or '%s%s%s', not '%.100s'", name, words[0], words[1], or, third, value);
    _exit(EXIT_USAGE);
}

static unsigned seconds(const char *name, unsigned usual) {
    const char *value = getenv(name);
    if (value == NULL || value[0] == '\0')
        return usual;
    char *end;
    unsigned long wanted = strtoul(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end != '\0' || wanted > 86400) {
        report("%s is a number of seconds up to 86400, not '%.100s'", name, value);
        _exit(EXIT_USAGE);
    }
    return (unsigned)wanted;
}

static bool is_set(const char *name, const char *wanted, const char *usual) {
    return choice(name, (const char *const[3]){usual, wanted}) == 1;
}

/* A file is named from where the program starts; it may change its directory before it ends. */
static void make_absolute(char path[JDK_PATH_MAX]) {
    char directory[JDK_PATH_MAX];
    if (path[0] == '\0' || path[0] == '/' || strcmp(path, "-") == 0 || getcwd(directory, sizeof directory) == NULL)
        return;
    size_t length = strlen(directory), rest = strlen(path);
    if (length + 1 + rest >= JDK_PATH_MAX)
        return;
    memmove(path + length + 1, path, rest + 1);
    memcpy(path, directory, length);
    path[length] = '/';
}

void options_read(void) {
    options.off = is_set("JAVALLOC", "off", "on");
    options.starts_beside = is_set("JAVALLOC_START", "async", "eager");
    options.children = (enum children)choice("JAVALLOC_CHILDREN", (const char *const[3]){"auto", "java", "libc"});
    options.patience_seconds = seconds("JAVALLOC_PATIENCE", 10);
    options.exec_is_ignored = is_set("JAVALLOC_EXEC", "ignore", "follow");
    options.magazines = !is_set("JAVALLOC_MAGAZINES", "off", "on");
    options.verify = is_set("JAVALLOC_VERIFY", "1", "0");
    options.strict = is_set("JAVALLOC_STRICT", "1", "0");
    options.stats_text = is_set("JAVALLOC_STATS_FORMAT", "text", "json");
    options.leaks_fail = is_set("JAVALLOC_LEAKS_FAIL", "1", "0");
    copy("JAVALLOC_LEAKS_FILE", options.leaks_file, sizeof options.leaks_file);
    make_absolute(options.leaks_file);
    bool has_file = options.leaks_file[0] != '\0';
    options.leaks_text = is_set("JAVALLOC_LEAKS", "1", "0") || (options.leaks_fail && !has_file);
    options.leaks = options.leaks_text || has_file;
    copy("JAVALLOC_STATS", options.stats, sizeof options.stats);
    make_absolute(options.stats);
    copy("JAVALLOC_HEAP", options.heap, sizeof options.heap);
    copy("JAVALLOC_CLASSPATH", options.class_path, sizeof options.class_path);
    copy("JAVALLOC_JAVA_OPTIONS", options.java_options, sizeof options.java_options);
}
